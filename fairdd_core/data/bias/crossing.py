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
    # One column after the other, so that no number grows beyond images times values, however many there are.
    a_N, titles = np.zeros(len(columns[0]), np.int64), [""]
    for column, values in zip(columns, names, strict=True):
        present, a_N = np.unique(a_N * len(values) + np.asarray(column, np.int64), return_inverse=True)
        pairs = (divmod(int(key), len(values)) for key in present)
        titles = [f"{titles[before]}{SIGN}{values[i]}" for before, i in pairs]
    return a_N.astype(np.int64).reshape(-1), tuple(title.removeprefix(SIGN) for title in titles)
