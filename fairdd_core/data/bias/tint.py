"""Separation for groups that are found in the data: a tint that goes with the group."""

from __future__ import annotations

import colorsys

import numpy as np

STRENGTH = 96.0
"""Levels between a channel and its complement's channel at separation 1: plain to see on a face."""


def tint_table(groups: int, separation: float) -> np.ndarray | None:
    """Return what a tint makes of every level of every channel in every group, uint8 (G, 3, 256).

    The hues of the groups lie evenly around the colour circle. A tint adds to one part of the channels what
    it takes from the rest, so that the mean of the three stays where it was, but for levels that meet black
    or white. At 0 the images stay as found, and None is returned; the tint grows with the separation.

    Args:
        groups: G.
        separation: from 0 to 1.
    """
    if separation == 0:
        return None
    hues_GC = np.array([colorsys.hsv_to_rgb(g / groups, 1.0, 1.0) for g in range(groups)])
    shift_GC = separation * STRENGTH * (hues_GC - hues_GC.mean(axis=1, keepdims=True))
    return np.clip(np.rint(np.arange(256) + shift_GC[:, :, None]), 0, 255).astype(np.uint8)
