"""The images that every arm starts from."""

from __future__ import annotations

import numpy as np
import torch

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream, torch_stream


def random_subset(train: GroupedDataset, ipc: int, seed: int) -> np.ndarray:
    """Return ``ipc`` rows of every class drawn as found, ordered by class, int64 (C·IPC,).

    It is both the start of ``init="real"`` and the random-subset baseline.

    Raises:
        UserError: when a class has fewer images than that.
    """
    rng = numpy_stream(seed, "random-subset")
    rows = []
    for c, name in enumerate(train.class_names):
        members = np.flatnonzero(train.y_N == c)
        if len(members) < ipc:
            raise UserError("distill.ipc", f"at most {len(members)}, the images of class {name}", ipc)
        rows.append(rng.choice(members, ipc, replace=False))
    return np.concatenate(rows)


def initial_images(
    train: GroupedDataset, ipc: int, init: str, seed: int, device: torch.device
) -> torch.Tensor:
    """Return the common starting images of all arms, normalised float32 (C·IPC, 3, H, W)."""
    if init == "real":
        return normalised(train, random_subset(train, ipc, seed), train.normalisation, device)
    shape = (train.num_classes * ipc, *train.x_NCHW.shape[1:])
    return torch.randn(shape, generator=torch_stream(seed, "noise")).to(device)
