"""Training of a classifier from scratch on a small set, as in the published evaluations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

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
        digest: returns the SHA-256 of the images, labels and weights.
    """

    fetch: Callable[[np.ndarray], torch.Tensor]
    y_N: torch.Tensor
    weights_N: torch.Tensor | None
    digest: Callable[[], str]

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
        digest = partial(_digest, x, y_N, weights)
        return cls(lambda rows: x[torch.from_numpy(rows).to(device)], y_N.to(device), weights, digest)

    @classmethod
    def empty(cls, device: torch.device) -> TrainingSet:
        """Return a set without images, for networks that are not trained any more."""
        return cls.synthetic(torch.empty(0, 3, 1, 1), torch.empty(0, dtype=torch.int64), device)

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
        return cls(
            lambda rows: normalised(dataset, rows, norm, device),
            labels,
            None,
            lambda: f"{dataset.digest} {norm}",
        )


def _digest(*tensors: torch.Tensor | None) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        if tensor is None:
            digest.update(b"none\n")
        else:
            digest.update(f"{tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


class Trainer:
    """Trains one evaluation network with SGD, update by update.

    Its initial weights and the draws of its batches and augmentations depend on the seed and the index, not
    on the arm.
    """

    def __init__(
        self,
        data: TrainingSet,
        spec: EvaluationSpec,
        shape: tuple[int, int],
        seed: int,
        index: int,
        device: torch.device,
        architecture: str = "",
    ) -> None:
        stream = torch_stream(seed, "evaluate", index, "network")
        self._data, self._spec = data, spec
        self._net = make_network(spec.architecture(architecture), *shape, stream, device)
        self._optimiser = torch.optim.SGD(
            self._net.parameters(), lr=spec.lr, momentum=spec.momentum, weight_decay=spec.weight_decay
        )
        self._rng = numpy_stream(seed, "evaluate", index, "batches")
        self._augmentation = torch_stream(seed, "evaluate", index, "augmentation")
        self._rows = np.empty(0, np.int64)

    def update(self) -> torch.Tensor:
        """Take a step on the next batch and return the loss before it, a detached scalar."""
        if len(self._rows) == 0:
            self._rows = self._rng.permutation(len(self._data.y_N))
        size = self._spec.batch_size
        batch, self._rows = self._rows[:size], self._rows[size:]
        x_NCHW = _augmented(self._data.fetch(batch), self._spec.augmentation, self._augmentation)
        loss = self._data.loss(self._net(x_NCHW), batch)
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        return loss.detach()

    def lower_step_size(self) -> None:
        """Divide the step size by ten."""
        self._optimiser.param_groups[0]["lr"] = self._spec.lr / 10

    def finish(self) -> Net:
        """Return the network, for testing."""
        return self._net.requires_grad_(False).eval()


def train_network(
    data: TrainingSet,
    spec: EvaluationSpec,
    shape: tuple[int, int],
    seed: int,
    index: int,
    device: torch.device,
    architecture: str = "",
) -> Net:
    """Return evaluation network ``index``, trained for ``spec.epochs``; the step is a tenth from half on.

    Args:
        data: what to train on.
        spec: how.
        shape: image side and number of classes.
        seed: of the run.
        index: k, of the network.
        device: where.
        architecture: one of ``spec.others``, or empty for ``spec.network``.
    """
    trainer = Trainer(data, spec, shape, seed, index, device, architecture)
    steps = spec.epochs * -(-len(data.y_N) // spec.batch_size)
    for step in range(steps):
        if step == steps // 2:
            trainer.lower_step_size()
        trainer.update()
    return trainer.finish()


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
