"""Training of a classifier from scratch on a small set, as in the published evaluations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.data.augmentation import augment_parts, draw_augmentation
from fairdd_core.data.grouped import GroupedDataset, Normalisation
from fairdd_core.data.tensors import normalised
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from fairdd_core.rng import numpy_stream, torch_stream

AUGMENTED_TOGETHER = 8
TEST_BATCH = 500


@dataclass(frozen=True)
class TrainingSet:
    """Images to train on, fetched by row so that a large real set is never in memory as floats.

    Attributes:
        fetch: rows (B,) -> normalised images (B, 3, H, W) on the device.
        y_N: int64 labels on the device.
        weights_N: of the images in the loss, 1 on average, on the device; None for 1 each.
    """

    fetch: Callable[[np.ndarray], torch.Tensor]
    y_N: torch.Tensor
    weights_N: torch.Tensor | None = None

    @classmethod
    def synthetic(
        cls,
        x_NCHW: torch.Tensor,
        y_N: torch.Tensor,
        device: torch.device,
        weights_N: torch.Tensor | None = None,
    ) -> TrainingSet:
        """Wrap a synthetic set of normalised images."""
        x = x_NCHW.to(device)
        weights = None if weights_N is None else weights_N.to(device)
        return cls(lambda rows: x[torch.from_numpy(rows).to(device)], y_N.to(device), weights)

    def loss(self, logits_BC: torch.Tensor, rows_B: np.ndarray) -> torch.Tensor:
        """Return the mean weighted cross entropy of some rows, a scalar."""
        rows = torch.from_numpy(rows_B).to(self.y_N.device)
        if self.weights_N is None:
            return F.cross_entropy(logits_BC, self.y_N[rows])
        return (F.cross_entropy(logits_BC, self.y_N[rows], reduction="none") * self.weights_N[rows]).mean()

    @classmethod
    def real(cls, dataset: GroupedDataset, norm: Normalisation, device: torch.device) -> TrainingSet:
        """Wrap real images."""
        labels = torch.from_numpy(dataset.y_N).to(device)
        return cls(lambda rows: normalised(dataset, rows, norm, device), labels)


def train_network(
    data: TrainingSet,
    spec: EvaluationSpec,
    shape: tuple[int, int],
    seed: int,
    index: int,
    device: torch.device,
    steps: int | None = None,
    architecture: str = "",
) -> Net:
    """Train evaluation network ``index`` with SGD, the step size divided by ten at half.

    Its initial weights and the draws of its batches and augmentations depend on the seed and the index, not
    on the arm.

    Args:
        data: what to train on.
        spec: how.
        shape: image side and number of classes.
        seed: of the run.
        index: k, of the network.
        device: where.
        steps: updates; by default ``spec.epochs`` passes.
        architecture: one of ``spec.others``, or empty for ``spec.network``.
    """
    stream = torch_stream(seed, "evaluate", index, "network")
    net = make_network(spec.architecture(architecture), *shape, stream, device)
    optimiser = torch.optim.SGD(
        net.parameters(), lr=spec.lr, momentum=spec.momentum, weight_decay=spec.weight_decay
    )
    rng = numpy_stream(seed, "evaluate", index, "batches")
    generator = torch_stream(seed, "evaluate", index, "augmentation")
    n = len(data.y_N)
    steps = steps or spec.epochs * -(-n // spec.batch_size)
    rows = np.empty(0, np.int64)
    for step in range(steps):
        if step == steps // 2:
            optimiser.param_groups[0]["lr"] = spec.lr / 10
        if len(rows) == 0:
            rows = rng.permutation(n)
        batch, rows = rows[: spec.batch_size], rows[spec.batch_size :]
        x_NCHW = _augmented(data.fetch(batch), spec.augmentation, generator)
        loss = data.loss(net(x_NCHW), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.requires_grad_(False).eval()


def _augmented(x_NCHW: torch.Tensor, strategy: str, generator: torch.Generator) -> torch.Tensor:
    """Augment a shuffled batch, a few images with each draw, because torchvision takes one draw per call."""
    if not strategy:
        return x_NCHW
    parts = -(-len(x_NCHW) // AUGMENTED_TOGETHER)
    sizes = [len(part) for part in np.array_split(np.arange(len(x_NCHW)), parts)]
    return augment_parts(x_NCHW, sizes, [draw_augmentation(strategy, generator) for _ in sizes])


@torch.no_grad()
def predict(net: Net, test: GroupedDataset, norm: Normalisation, device: torch.device) -> np.ndarray:
    """Return the class that a network predicts for each test image, int16 (N,)."""
    predicted_N = np.empty(len(test), np.int16)
    for start in range(0, len(test), TEST_BATCH):
        rows = np.arange(start, min(start + TEST_BATCH, len(test)))
        predicted_N[rows] = net(normalised(test, rows, norm, device)).argmax(dim=1).cpu().numpy()
    return predicted_N
