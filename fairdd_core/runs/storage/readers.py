"""Reading the files of a run: what passes has the form that every view relies on."""

from __future__ import annotations

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
    found = read_arrays(path)[0]
    with reading(path):
        for name, counts in found.items():
            if counts.ndim != 4 or not counts.size or counts.shape[2] != counts.shape[3]:
                raise ValueError(f"counts of {name} of shape {counts.shape}")
    return found


def read_images(path: Path) -> dict[str, np.ndarray]:
    """Return images uint8 (C, IPC, 3, H, W) by arm.

    Raises:
        DamagedFile: when an array is of another kind.
    """
    images = read_arrays(path)[0]
    with reading(path):
        for name, array in images.items():
            if array.dtype != np.uint8 or array.ndim != 5 or not array.size:
                raise ValueError(f"{array.dtype} images of {name} of shape {array.shape}")
    return images
