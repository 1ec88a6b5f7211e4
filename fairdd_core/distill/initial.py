"""The images that every arm starts from."""

from __future__ import annotations

import numpy as np
import torch

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.formation import check_factor, fold
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream, torch_stream


def random_subset(train: GroupedDataset, ipc: int, seed: int, parts: int = 1) -> np.ndarray:
    """Return ``ipc · parts`` rows of every class drawn as found, ordered by class, int64 (C·IPC·parts,).

    It is both the start of ``init="real"`` and the random-subset baseline.

    Args:
        train: the real data.
        ipc: synthetic images per class.
        seed: of the run.
        parts: real images in each of them, where they are mosaics.

    Raises:
        UserError: when a class has fewer images than that.
    """
    rng = numpy_stream(seed, "random-subset")
    rows = []
    for c, name in enumerate(train.class_names):
        members = np.flatnonzero(train.y_N == c)
        if len(members) < ipc * parts:
            source = "the images" if parts == 1 else f"each of {parts} of the {len(members)} images"
            raise UserError("distill.ipc", f"at most {len(members) // parts}, {source} of class {name}", ipc)
        rows.append(rng.choice(members, ipc * parts, replace=False))
    return np.concatenate(rows)


def synthetic_labels(classes: int, spec: DistillSpec) -> torch.Tensor:
    """Return labels of the training images in a synthetic set, int64 (C·IPC·factor²,), ordered by class."""
    return torch.arange(classes).repeat_interleave(spec.ipc * spec.factor**2)


def initial_images(train: GroupedDataset, spec: DistillSpec, seed: int, device: torch.device) -> torch.Tensor:
    """Return the common starting images of all arms, normalised float32 (C·IPC, 3, H, W).

    Raises:
        UserError: when a class has too few images, or mosaics do not fit.
    """
    check_factor(train.x_NCHW.shape[-1], spec.factor)
    if spec.init == "real":
        rows_N = random_subset(train, spec.ipc, seed, spec.factor**2)
        return fold(normalised(train, rows_N, train.normalisation, device), spec.factor)
    shape = (train.num_classes * spec.ipc, *train.x_NCHW.shape[1:])
    return torch.randn(shape, generator=torch_stream(seed, "noise")).to(device)
