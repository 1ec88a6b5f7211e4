"""Colour as the protected attribute: the ten published colours, on the digit or behind it."""

from typing import Literal

import numpy as np

from fairdd_core.data.grouped import RGB

Place = Literal["foreground", "background"]

PALETTE: tuple[tuple[str, RGB], ...] = (
    ("red", (255, 0, 0)),
    ("orange", (255, 128, 0)),
    ("yellow", (255, 255, 0)),
    ("pale yellow", (255, 255, 128)),
    ("green", (0, 255, 0)),
    ("cyan", (0, 255, 255)),
    ("blue", (0, 0, 255)),
    ("violet", (128, 0, 255)),
    ("magenta", (255, 0, 255)),
    ("white", (255, 255, 255)),
)
"""The ten colours of Colored MNIST as used by FairDD (arXiv 2411.19623) and COBRA (arXiv 2605.00185)."""


def pick_palette(groups: int) -> tuple[tuple[str, RGB], ...]:
    """Return ``groups`` of the ten colours, spread evenly over their order."""
    return tuple(PALETTE[i * len(PALETTE) // groups] for i in range(groups))


def separated(colors_GC: np.ndarray, separation: float) -> np.ndarray:
    """Pull colours towards their mean: 1 leaves them, 0 makes them all alike. Float (G, 3) in and out."""
    mean_C = colors_GC.mean(axis=0, keepdims=True)
    return mean_C + separation * (colors_GC - mean_C)


def colorize(grey_NHW: np.ndarray, color_NC: np.ndarray, place: Place) -> np.ndarray:
    """Colour grey digits.

    Args:
        grey_NHW: uint8 digits, bright on black.
        color_NC: a colour in [0, 255] for each image.
        place: ``foreground`` colours the digit on black; ``background`` puts a black digit on the colour.

    Returns:
        uint8 images (N, 3, H, W).
    """
    ink = grey_NHW if place == "foreground" else 255 - grey_NHW
    x = ink[:, None].astype(np.float32) * (color_NC[:, :, None, None].astype(np.float32) / 255.0)
    return np.rint(x).astype(np.uint8)
