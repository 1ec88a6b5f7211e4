"""The synthetic images: their labels, what they start from, and mosaics of several in one."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.compatibility import check_ipc
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream, torch_stream


def random_subset(train: GroupedDataset, ipc: int, seed: int, parts: int = 1) -> np.ndarray:
    """Return ``ipc · parts`` rows of every class, drawn regardless of group, int64 (C·IPC·parts,) by class.

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
        check_ipc(ipc, len(members), name, parts)
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


def check_factor(side: int, factor: int) -> None:
    """Refuse a factor that does not divide the images.

    Raises:
        UserError: naming the side of the images.
    """
    if side % factor:
        raise UserError("distill.factor", f"a divisor of {side}, the side of the images in pixels", factor)


def unfold(x_NCHW: torch.Tensor, factor: int) -> torch.Tensor:
    """Return the training images that mosaics hold, each enlarged to full size, (N·factor², C, H, W).

    Multi-formation of IDC (Kim et al., ICML 2022, arXiv 2205.14959). The parts of an image follow each other,
    so images ordered by class stay so. Differentiable.
    """
    if factor == 1:
        return x_NCHW
    n, channels, height, width = x_NCHW.shape
    h, w = height // factor, width // factor
    parts = x_NCHW.reshape(n, channels, factor, h, factor, w).permute(0, 2, 4, 1, 3, 5)
    small_NCHW = parts.reshape(n * factor**2, channels, h, w)
    return F.interpolate(small_NCHW, size=(height, width), mode="bilinear", align_corners=False)


def fold(x_NCHW: torch.Tensor, factor: int) -> torch.Tensor:
    """Return mosaics of images reduced in size, (N / factor², C, H, W); ``unfold`` splits them again."""
    if factor == 1:
        return x_NCHW
    n, channels, height, width = x_NCHW.shape
    small_NCHW = F.adaptive_avg_pool2d(x_NCHW, (height // factor, width // factor))
    parts = small_NCHW.reshape(-1, factor, factor, *small_NCHW.shape[1:]).permute(0, 3, 1, 4, 2, 5)
    return parts.reshape(n // factor**2, channels, height, width)
