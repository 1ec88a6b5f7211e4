"""Sets of images with any number of each class: read, and shown as a grid with a row for each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fairdd_core.files import read_arrays, reading


def read_sets(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the sets in the file of a run; none where it is absent.

    Returns:
        arm -> levels in units of [0, 1], float32 (N, 3, H, W), and labels, int64 (N,), in their order.

    Raises:
        DamagedFile: when the file is not one.
    """
    arrays = read_arrays(path)[0]
    with reading(path):
        names = [name.removesuffix("/x") for name in arrays if name.endswith("/x")]
        return {name: (arrays[f"{name}/x"], arrays[f"{name}/y"]) for name in names}


def as_grid(x_NCHW: np.ndarray, y_N: np.ndarray) -> np.ndarray:
    """Return images in units of [0, 1], ordered by class, as uint8 (C, IPC, 3, H, W).

    It is masked where a class has fewer images than another one.
    """
    per_class = np.bincount(y_N)
    levels = np.rint(np.clip(np.nan_to_num(x_NCHW), 0, 1) * 255).astype(np.uint8)
    out = np.zeros((len(per_class), per_class.max(), *x_NCHW.shape[1:]), np.uint8)
    present_CI = np.arange(per_class.max()) < per_class[:, None]
    out[present_CI] = levels
    if present_CI.all():
        return out
    absent = np.broadcast_to(~present_CI[:, :, None, None, None], out.shape)
    return np.ma.MaskedArray(out, absent)


def row_of(y_N: np.ndarray, class_id: int, number: int) -> int | None:
    """Return the row of an image in a set ordered by class; None where the class has too few.

    Args:
        y_N: labels of the set.
        class_id: of the image.
        number: of the image in its class, from 0.
    """
    first, end = np.searchsorted(y_N, [class_id, class_id + 1])
    return int(first) + number if number < end - first else None


def place_of(y_N: np.ndarray, row: int) -> tuple[int, int]:
    """Return the class of a row in a set ordered by class, and its number there, from 0."""
    class_id = int(y_N[row])
    return class_id, row - int(np.searchsorted(y_N, class_id))
