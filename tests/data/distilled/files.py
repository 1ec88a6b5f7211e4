"""Small distilled sets, as files."""

from __future__ import annotations

import numpy as np

from fairdd_core.data.distilled.contents import Target

TARGET = Target(("zero", "one", "two"), 8, "Toys", "half")
LABELS = np.array([0, 0, 1, 1, 1, 2])


def levels(count: int = 6, seed: int = 0) -> np.ndarray:
    """Return random images in units of [0, 1] that have every level, float32 (N, 3, 8, 8)."""
    x_NCHW = np.random.default_rng(seed).random((count, 3, 8, 8))
    x_NCHW[..., 0], x_NCHW[..., 1] = 0, 1
    return x_NCHW.astype(np.float32)
