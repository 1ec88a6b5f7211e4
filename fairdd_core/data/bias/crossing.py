"""Crossing attributes: several group columns become one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairdd_core.errors import UserError

SIGN = " × "


def cross(
    columns: Sequence[np.ndarray], names: Sequence[Sequence[str]]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return one group for every combination of attributes that occurs.

    Args:
        columns: for every attribute the int index (N,) of each image's value.
        names: for every attribute the names of its values, in index order.

    Returns:
        int64 group indices (N,) and the groups' names such as ``"old × female"``, ordered by the first
        attribute, then the second and so on. Combinations without an image are left out.

    Raises:
        UserError: for no columns, columns of different lengths, or an index without a name.
    """
    if not columns or len(columns) != len(names):
        raise UserError("groups", "at least one column, each with its names", f"{len(columns)}, {len(names)}")
    if len({len(column) for column in columns}) != 1:
        lengths = ", ".join(str(len(column)) for column in columns)
        raise UserError("groups", "columns with one value for every image", f"lengths {lengths}")
    sizes = tuple(len(values) for values in names)
    for column, size in zip(columns, sizes, strict=True):
        if len(column) and not 0 <= column.min() <= column.max() < size:
            raise UserError("groups", f"indices below {size}", f"{column.min()} to {column.max()}")
    combined_N = np.ravel_multi_index([np.asarray(column, np.int64) for column in columns], sizes)
    present, a_N = np.unique(combined_N, return_inverse=True)
    parts = np.unravel_index(present, sizes)
    combinations = zip(*parts, strict=True)
    titles = [SIGN.join(values[i] for values, i in zip(names, ids, strict=True)) for ids in combinations]
    return a_N.astype(np.int64).reshape(-1), tuple(titles)
