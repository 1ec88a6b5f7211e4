"""Reading the files of a run: what passes has the form that every view relies on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fairdd_core.config.spec.run import SPEC_VERSION
from fairdd_core.files import read_arrays, read_json, read_table, reading
from fairdd_core.runs.storage.documents import (
    NewerVersion,
    check_columns,
    check_result,
    parse_json,
)

if TYPE_CHECKING:
    import pandas as pd


def read_result(path: Path) -> dict[str, Any] | None:
    """Return a result document, or None without one.

    Raises:
        DamagedFile: when it is none (see ``documents.Result``).
    """
    document = read_json(path)
    if document is not None:
        with reading(path):
            check_result(document)
    return document


def refuse_newer(spec: bytes) -> None:
    """Refuse a specification of a newer version.

    Raises:
        NewerVersion: when it is one.
    """
    try:
        document = parse_json(spec)
    except ValueError:
        return
    version = document.get("version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > SPEC_VERSION:
        raise NewerVersion("spec.json", SPEC_VERSION, f"version {version}")


def read_columns(path: Path, columns: frozenset[str]) -> pd.DataFrame | None:
    """Return a table that has some columns, or None without one.

    Raises:
        DamagedFile: when it is none, or lacks a column.
    """
    table = read_table(path)
    if table is not None:
        with reading(path):
            check_columns(table, columns)
    return table


def read_counts(path: Path) -> dict[str, np.ndarray]:
    """Return counts (K, G, C, C) of at least one network each.

    Raises:
        DamagedFile: when an array is of another shape.
    """
    return _read_arrays(path, lambda counts: counts.ndim == 4 and counts.shape[2] == counts.shape[3])


def read_images(path: Path) -> dict[str, np.ndarray]:
    """Return images uint8 (C, IPC, 3, H, W) by arm.

    Raises:
        DamagedFile: when an array is of another kind.
    """
    return _read_arrays(path, lambda images: images.ndim == 5 and images.dtype == np.uint8)


def _read_arrays(path: Path, right: Callable[[np.ndarray], bool]) -> dict[str, np.ndarray]:
    found = read_arrays(path)[0]
    with reading(path):
        for name, array in found.items():
            if not (array.size and right(array)):
                raise ValueError(f"{name} is {array.dtype} of shape {array.shape}")
    return found
