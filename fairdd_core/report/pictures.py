"""The synthetic images of a run as pictures."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from fairdd_core.plots.images import grid_png
from fairdd_core.runs.storage.folder import RunFolder

WIDTH = 1200
"""Approximate width of a grid in pixels; every pixel of an image stays a square of one colour."""


def last_images(folder: RunFolder) -> tuple[int, dict[str, np.ndarray]]:
    """Return the last logged iteration and ``{arm: uint8 (C, IPC, 3, H, W)}``; 0 and nothing without any."""
    iterations = folder.snapshot_iterations()
    if not iterations:
        return 0, {}
    found, order = folder.snapshot(iterations[-1]), [arm.name for arm in folder.spec().distill.arms]
    return iterations[-1], {arm: found[arm] for arm in order if arm in found}


def file_name(arm: str) -> str:
    """Return an arm's name as part of a file name."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in arm)


def grids(folder: RunFolder) -> dict[str, bytes]:
    """Return a PNG of the last images of every method, by the name of its file."""
    _, images = last_images(folder)
    return {f"{file_name(arm)}.png": grid_png(x_CIKHW, WIDTH) for arm, x_CIKHW in images.items()}


def as_zip(files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip file; by default without compression, as images have their own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
