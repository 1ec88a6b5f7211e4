"""Whether the files of a run folder from elsewhere are what their names say. Reads no pickles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fairdd_core.errors import UserError
from fairdd_core.runs.files import read_arrays
from fairdd_core.runs.folder import RunFolder

MAX_ROWS = 1_000_000
_POINTS = {"kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y", "umap_x", "umap_y"}
_DIAGNOSTICS = {
    *("arm", "iteration", "class_id", "group_id", "share", "residual"),
    *("vanilla", "uniform", "shift", "inner"),
}
_MOMENTS = (_POINTS - {"group_id"}) | {"iteration"}
_RESIDUALS = {"arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"}


def inspect(folder: RunFolder) -> None:
    """Read every file of a run.

    Raises:
        UserError: naming the first file that is missing, unreadable or of another shape than it should be.
    """
    if not folder.complete:
        raise UserError("file", "a spec.json", "none", "Import a zip file that was exported from a run.")
    arms = {arm.name for arm in folder.spec().distill.arms}
    for iteration in folder.snapshot_iterations():
        _check(folder.snapshot_file(iteration), lambda path: _snapshot(path, arms))
    _check(folder.events_file, lambda path: _require(bool(folder.events()[0])))
    _check(folder.result_file, lambda path: _require(isinstance(json.loads(path.read_bytes()), dict)))
    _check(folder.counts_file, _counts)
    _check(folder.answers_file, _answers)
    _check(folder.nearest_file, lambda path: _nearest(folder))
    _check(folder.synthetic_file, _floats)
    _check(folder.checkpoint_file, _numbers)
    _check(folder.points_file, lambda path: _table(path, _POINTS))
    _check(folder.residuals_file, lambda path: _table(path, _RESIDUALS))
    _check(folder.moments_file, lambda path: _table(path, _MOMENTS))
    _check(folder.diagnostics_file, lambda path: _table(path, _DIAGNOSTICS))


def _check(path: Path, sound: Callable[[Path], None]) -> None:
    if not path.exists():
        return
    try:
        sound(path)
    except Exception as error:  # every reader has exceptions of its own for bad input
        raise UserError("file", f"a sound {path.name}", f"{type(error).__name__}: {error}"[:200]) from error


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("unexpected content")


def _snapshot(path: Path, arms: set[str]) -> None:
    arrays, _ = read_arrays(path)
    _require(set(arrays) <= arms)
    for array in arrays.values():
        _require(array.dtype == np.uint8 and array.ndim == 5)


def _counts(path: Path) -> None:
    for array in read_arrays(path)[0].values():
        _require(array.dtype == np.int64 and array.ndim == 4 and array.shape[2] == array.shape[3])


def _answers(path: Path) -> None:
    for name, array in read_arrays(path)[0].items():
        _require(name.rpartition("/")[2].isdigit() and array.dtype == np.int16 and array.ndim == 1)


def _nearest(folder: RunFolder) -> None:
    for found in folder.nearest().values():
        for rows, distances in (
            (found.real_MGR, found.real_distance_MGR),
            (found.synthetic_NR, found.synthetic_distance_NR),
        ):
            _require(
                rows.dtype == np.int32 and distances.dtype == np.float32 and rows.shape == distances.shape
            )
        _require(found.searched_CG.ndim == 2 and found.real_MGR.ndim == 3 and found.synthetic_NR.ndim == 2)


def _floats(path: Path) -> None:
    for array in read_arrays(path)[0].values():
        _require(array.dtype in (np.float32, np.int64))


def _numbers(path: Path) -> None:
    """Check a file whose names are the business of the method that wrote it."""
    for array in read_arrays(path)[0].values():
        _require(array.dtype.kind in "fiub")


def _table(path: Path, columns: set[str]) -> None:
    """Check the schema before any value is read: plain numbers and texts, and not too many of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        _require(file.metadata.num_rows <= MAX_ROWS)
        schema = file.schema_arrow
        _require(columns <= set(schema.names))
        for kind in schema.types:
            text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
            _require(text or pa.types.is_integer(kind) or pa.types.is_floating(kind))
        file.read()
