"""Multi-formation: several training images in the pixels of one (IDC; Kim et al., ICML 2022)."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.errors import UserError


def check_factor(side: int, factor: int) -> None:
    """Refuse a factor that does not divide the images.

    Raises:
        UserError: naming the sides at hand.
    """
    if side % factor:
        raise UserError("distill.factor", f"a divisor of {side}, the side of the images in pixels", factor)


def unfold(x_NCHW: torch.Tensor, factor: int) -> torch.Tensor:
    """Return the images that mosaics hold, each enlarged to full size, (N·factor², C, H, W).

    The parts of an image follow each other, so images ordered by class stay so. Differentiable.
    """
    if factor == 1:
        return x_NCHW
    n, channels, height, width = x_NCHW.shape
    h, w = height // factor, width // factor
    parts = x_NCHW.reshape(n, channels, factor, h, factor, w).permute(0, 2, 4, 1, 3, 5)
    small_NCHW = parts.reshape(n * factor**2, channels, h, w)
    return F.interpolate(small_NCHW, size=(height, width), mode="bilinear", align_corners=False)


def fold(x_NCHW: torch.Tensor, factor: int) -> torch.Tensor:
    """Return mosaics of images reduced in size, (N / factor², C, H, W); ``unfold`` finds the parts again."""
    if factor == 1:
        return x_NCHW
    n, channels, height, width = x_NCHW.shape
    small_NCHW = F.adaptive_avg_pool2d(x_NCHW, (height // factor, width // factor))
    parts = small_NCHW.reshape(-1, factor, factor, *small_NCHW.shape[1:]).permute(0, 3, 1, 4, 2, 5)
    return parts.reshape(n // factor**2, channels, height, width)
