"""Separation: how different the groups look, by a colour of their own or by a tint."""

from __future__ import annotations

import colorsys
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
    """Return colours pulled towards their mean, float (G, 3): 1 keeps them, 0 makes them equal."""
    mean_C = colors_GC.mean(axis=0, keepdims=True)
    return np.asarray(mean_C + separation * (colors_GC - mean_C))


def colorize(grey_NHW: np.ndarray, colors_GC: np.ndarray, a_N: np.ndarray, place: Place) -> np.ndarray:
    """Return grey shapes in the colours of their groups.

    Args:
        grey_NHW: uint8 shapes, bright on black.
        colors_GC: the groups' colours in [0, 255].
        a_N: group of each image.
        place: ``foreground`` colours the shape on black; ``background`` puts a black shape on the colour.

    Returns:
        uint8 images (N, 3, H, W).
    """
    level_L = np.arange(256) if place == "foreground" else 255 - np.arange(256)
    table_GCL = np.rint(colors_GC[:, :, None] / 255.0 * level_L).astype(np.uint8)
    x_NCHW = np.repeat(grey_NHW[:, None], 3, axis=1)
    apply_table(x_NCHW, a_N, table_GCL)
    return x_NCHW


def apply_table(x_NCHW: np.ndarray, a_N: np.ndarray, table_GCL: np.ndarray) -> None:
    """Replace every level of every channel by what the table of the image's group says, in place.

    Args:
        x_NCHW: uint8 images.
        a_N: group of each image.
        table_GCL: uint8 (G, 3, 256), the new levels.
    """
    for g in np.unique(a_N):
        for channel, levels_L in enumerate(table_GCL[g]):
            x_NCHW[a_N == g, channel] = levels_L[x_NCHW[a_N == g, channel]]


STRENGTH = 96.0
"""Levels between a channel and its complement's channel at separation 1: plain to see on a face."""
TINT = (
    "0: the images are unchanged. Above 0, each group gets a tint of its own hue and of equal mean "
    "brightness, up to 96 levels strong at 1: a visible cue on top of what distinguishes the groups already."
)
"""What ``tint_table`` does, for the cards of data sets."""


def tint_table(groups: int, separation: float) -> np.ndarray | None:
    """Return the tinted level for every level of every channel in every group, uint8 (G, 3, 256).

    The hues of the groups lie evenly around the colour circle. A tint keeps the mean of the three channels,
    except where levels are clipped at black or white. Separation 0 changes nothing and returns None.

    Args:
        groups: G.
        separation: from 0 to 1.
    """
    if separation == 0:
        return None
    hues_GC = np.array([colorsys.hsv_to_rgb(g / groups, 1.0, 1.0) for g in range(groups)])
    shift_GC = separation * STRENGTH * (hues_GC - hues_GC.mean(axis=1, keepdims=True))
    return np.asarray(np.clip(np.rint(np.arange(256) + shift_GC[:, :, None]), 0, 255).astype(np.uint8))
