"""Differentiable Siamese augmentation (DSA; Zhao and Bilen, ICML 2021, arXiv 2102.08259).

An *augmentation* is a function from images to images whose random parameters were drawn beforehand, so the
same one can be applied to real and to synthetic images. Everything is differentiable in the pixels. What an
operation uncovers is filled with 0, the mean colour of normalised images, as in the original. One deviation:
scaling keeps the proportions, where the original draws height and width apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torchvision.transforms import functional as tvf

Augmentation = Callable[[torch.Tensor], torch.Tensor]

BRIGHTNESS, SATURATION, CONTRAST = 1.0, 2.0, 0.5
CROP_RATIO, CUTOUT_RATIO, SCALE_RATIO, ROTATE_DEGREES = 0.125, 0.5, 1.2, 15.0


def _uniform(generator: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * torch.rand((), generator=generator).item()


def _color(generator: torch.Generator) -> Augmentation:
    # torchvision's colour operations clamp to [0, 1], which normalised images must not suffer.
    shift = _uniform(generator, -0.5, 0.5) * BRIGHTNESS
    saturation = _uniform(generator, 0.0, SATURATION)
    contrast = _uniform(generator, 1 - CONTRAST, 1 + CONTRAST)

    def apply(x_NCHW: torch.Tensor) -> torch.Tensor:
        x = x_NCHW + shift
        grey = x.mean(dim=1, keepdim=True)
        x = grey + saturation * (x - grey)
        level = x.mean(dim=(1, 2, 3), keepdim=True)
        return level + contrast * (x - level)

    return apply


def _crop(generator: torch.Generator) -> Augmentation:
    down, right = (_uniform(generator, -CROP_RATIO, CROP_RATIO) for _ in range(2))

    def apply(x_NCHW: torch.Tensor) -> torch.Tensor:
        height, width = x_NCHW.shape[-2:]
        margin = math.ceil(CROP_RATIO * max(height, width))
        top, left = margin + round(down * height), margin + round(right * width)
        moved_NCHW: torch.Tensor = tvf.crop(tvf.pad(x_NCHW, [margin]), top, left, height, width)
        return moved_NCHW

    return apply


def _cutout(generator: torch.Generator) -> Augmentation:
    centre_y, centre_x = (_uniform(generator, 0.0, 1.0) for _ in range(2))

    def apply(x_NCHW: torch.Tensor) -> torch.Tensor:
        height, width = x_NCHW.shape[-2:]
        box_h, box_w = round(CUTOUT_RATIO * height), round(CUTOUT_RATIO * width)
        top, left = round(centre_y * height) - box_h // 2, round(centre_x * width) - box_w // 2
        bottom, right = min(top + box_h, height), min(left + box_w, width)
        top, left = max(top, 0), max(left, 0)
        black = torch.zeros((), device=x_NCHW.device)
        erased_NCHW: torch.Tensor = tvf.erase(x_NCHW, top, left, bottom - top, right - left, black)
        return erased_NCHW

    return apply


def _flip(generator: torch.Generator) -> Augmentation:
    return tvf.hflip if _uniform(generator, 0.0, 1.0) < 0.5 else _identity


def _scale(generator: torch.Generator) -> Augmentation:
    scale = _uniform(generator, 1 / SCALE_RATIO, SCALE_RATIO)
    return lambda x_NCHW: _affine(x_NCHW, angle=0.0, scale=scale)


def _rotate(generator: torch.Generator) -> Augmentation:
    angle = _uniform(generator, -ROTATE_DEGREES, ROTATE_DEGREES)
    return lambda x_NCHW: _affine(x_NCHW, angle=angle, scale=1.0)


def _affine(x_NCHW: torch.Tensor, angle: float, scale: float) -> torch.Tensor:
    # No `fill`: with it torchvision writes in place, which cuts the gradient.
    bilinear = tvf.InterpolationMode.BILINEAR
    turned_NCHW: torch.Tensor = tvf.affine(x_NCHW, angle, [0, 0], scale, [0.0, 0.0], interpolation=bilinear)
    return turned_NCHW


def _identity(x_NCHW: torch.Tensor) -> torch.Tensor:
    return x_NCHW


OPERATIONS: dict[str, Callable[[torch.Generator], Augmentation]] = {
    "color": _color,
    "crop": _crop,
    "cutout": _cutout,
    "flip": _flip,
    "scale": _scale,
    "rotate": _rotate,
}


def draw_augmentation(strategy: str, generator: torch.Generator) -> Augmentation:
    """Draw one operation of ``strategy`` and its parameters, as DSA's single mode does.

    Args:
        strategy: names in ``OPERATIONS`` joined by ``_``; empty for no augmentation.
        generator: CPU generator of the draws.
    """
    names = [name for name in strategy.split("_") if name]
    if not names:
        return _identity
    choice = int(torch.randint(len(names), (), generator=generator))
    return OPERATIONS[names[choice]](generator)


def augment_parts(
    x_NCHW: torch.Tensor, sizes: Sequence[int], augmentations: Sequence[Augmentation]
) -> torch.Tensor:
    """Apply one augmentation to each consecutive part of a batch.

    Args:
        x_NCHW: images.
        sizes: lengths of the parts; they add up to N.
        augmentations: as many as parts.

    Returns:
        Augmented images in the same order.
    """
    parts = zip(x_NCHW.split(list(sizes)), augmentations, strict=True)
    return torch.cat([augment(part) for part, augment in parts if len(part)])
