"""Synthetic images that have left the range of real ones, although no loss was NaN: too large a step size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fairdd_core.runs.storage.folder import RunFolder

FAR = 20.0
"""Ranges of real pixels, counted from the middle grey; sound runs, such as the examples, reach 5."""


def blown_up(folder: RunFolder) -> dict[str, float]:
    """Return by arm how far the farthest pixel lies from the middle grey, for arms beyond ``FAR`` only.

    The unit is the range of real pixels, from black to white. Empty for runs of early versions, which did not
    record their normalisation.

    Raises:
        DamagedFile: when the images cannot be read.
    """
    norm = folder.normalisation()
    if norm is None:
        return {}
    far = {}
    for name, x_NCHW in folder.synthetic().items():
        if name.endswith("/x") and x_NCHW.size:
            distance = np.abs(norm.to_levels(x_NCHW) - 0.5).max()
            if not distance <= FAR:  # NaN is beyond all
                far[name.removesuffix("/x")] = float(distance)
    return far


def blown_up_text(folder: RunFolder, name_of: Callable[[str], str] = str) -> str:
    """Return which images have blown up and what to do, in two sentences; "" where none have."""
    far = blown_up(folder)
    if not far:
        return ""
    named = ", ".join(f"{name_of(arm)} by {distance:,.0f} times" for arm, distance in far.items())
    return (
        f"Images have left the range of real pixels: {named}. What is measured on them says little about the "
        "method: take a smaller step size for the images and run it again."
    )
