"""Checking that the files of an imported run hold what their names promise. Reads no pickles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.errors import UserError
from fairdd_core.files import read_arrays, read_json
from fairdd_core.runs.storage.folder import RunFolder

MAX_ROWS = 1_000_000
DEFAULT_CLASSES = 10
_POINTS = {"kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y", "umap_x", "umap_y"}
_DIAGNOSTICS = {
    *("arm", "iteration", "class_id", "group_id", "share", "residual"),
    *("vanilla", "uniform", "shift", "inner"),
}
_MOMENTS = (_POINTS - {"group_id"}) | {"iteration"}
_RESIDUALS = {"arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"}
_TEXT_COLUMNS = {"kind", "arm"}
_INTEGER_COLUMNS = {"class_id", "group_id", "index", "iteration"}


@dataclass(frozen=True)
class Size:
    """How much a run has of what its files count.

    Attributes:
        classes, groups: of its data.
        ipc: stored synthetic images of a class, in each arm.
        images: training images of each arm, M.
    """

    classes: int
    groups: int
    ipc: int
    images: int


def validate_run(folder: RunFolder) -> None:
    """Read every file of a run.

    Raises:
        UserError: naming the first file that is missing, unreadable or of the wrong shape.
    """
    if not folder.complete:
        raise UserError("file", "a spec.json", "none", "Import a zip file that was exported from a run.")
    arms = {arm.name for arm in folder.spec().distill.arms}
    _check(folder.events_file, lambda _: _events(folder.events()[0]))
    size = _size(folder)
    for iteration in folder.snapshot_iterations():
        _check(folder.snapshot_file(iteration), lambda path: _snapshot(path, arms, size))
    _check(folder.result_file, _result)
    _check(folder.counts_file, lambda path: _counts(path, size))
    _check(folder.answers_file, lambda path: _answers(path, size))
    _check(folder.test_file, lambda path: _test_labels(path, size))
    _check(folder.nearest_file, lambda _: _nearest(folder, size))
    _check(folder.synthetic_file, lambda path: _synthetic(path, size))
    _check(folder.checkpoint_file, _checkpoint)
    tables = {
        folder.points_file: _POINTS,
        folder.residuals_file: _RESIDUALS,
        folder.moments_file: _MOMENTS,
        folder.diagnostics_file: _DIAGNOSTICS,
    }
    for file, columns in tables.items():
        _check(file, partial(_table, columns=columns, size=size))


def _size(folder: RunFolder) -> Size:
    """Return the sizes that the run's labels imply, else its counts, else the usual ones."""
    spec = folder.spec()
    classes, groups = DEFAULT_CLASSES, spec.data.groups
    if labels := folder.labels():
        classes, groups = len(labels.classes), len(labels.groups)
    else:
        counts: list[np.ndarray] = []
        _check(folder.counts_file, lambda path: counts.extend(read_arrays(path)[0].values()))
        if counts and counts[0].ndim == 4:
            groups, classes = counts[0].shape[1], counts[0].shape[3]
    ipc = spec.distill.ipc
    return Size(classes, groups, ipc, classes * ipc * spec.distill.factor**2)


def _check(path: Path, check: Callable[[Path], None]) -> None:
    if not path.exists():
        return
    try:
        check(path)
    except Exception as error:  # each reader raises its own exceptions for bad input
        reason = error.got if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        hint = "Export the run again, and import that file."
        raise UserError("file", f"a valid {path.name}", str(reason)[:200], hint) from error


def _require(condition: bool, reason: str = "unexpected content") -> None:
    if not condition:
        raise UserError("content", "that of a run", reason)


def _require_range(ids: np.ndarray, count: int, what: str, lowest: int = 0) -> None:
    """Require ids of classes, for example, to lie in [lowest, count)."""
    if len(ids):
        low, high = int(ids.min()), int(ids.max())
        wrong = low if low < lowest else high
        reason = f"{what} {wrong}, where the run has {count}, counted from 0"
        _require(lowest <= low and high < count, reason)


def _events(events: Sequence[Mapping[str, Any]]) -> None:
    _require(bool(events), "no event")
    for event in events:
        _require(_is_number(event.get("t")), "an event without a time")
        if event["event"] == "step":
            residual = event.get("worst_residual", "")
            numbers = (event.get("iteration"), event.get("loss"), 0.0 if residual is None else residual)
            valid = isinstance(event.get("arm"), str) and all(map(_is_number, numbers))
            _require(valid, "a step without numbers")
        if event["event"] == "trained":
            _trained(event)
        if event["event"] == "reused":
            words = (event.get(name) for name in ("kind", "name", "run"))
            _require(all(isinstance(word, str) for word in words), "a result reused from nowhere")
        if event["event"] == "loaded" and event.get("mean"):  # older runs have none
            for values in (event["mean"], event.get("std")):
                valid = isinstance(values, list) and len(values) == 3 and all(map(_is_number, values))
                _require(valid, "a normalisation that is not by channel")


def _trained(event: Mapping[str, Any]) -> None:
    valid = isinstance(event.get("arm"), str) and isinstance(event.get("architecture"), str)
    valid &= isinstance(event.get("network"), int) and isinstance(event.get("updates"), int)
    valid &= isinstance(event.get("converged"), bool) and isinstance(event.get("curve"), list)
    _require(valid and _is_number(event.get("accuracy")), "a training without its outcome")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _result(path: Path) -> None:
    document = read_json(path) or {}
    for arms in (document.get("arms", {}), *_values(document.get("others", {}))):
        for metrics in _values(arms):
            for entry in _values(metrics):
                _values(entry)


def _values(part: Any) -> list[Any]:
    """Return the values of a part of the result document, which must be a dictionary."""
    _require(isinstance(part, dict), "a result that is not by method and metric")
    return list(part.values())


def _arrays(path: Path, dtype: type[np.generic], ndim: int) -> dict[str, np.ndarray]:
    """Return the arrays of a file, which must all be of this type and this number of dimensions."""
    arrays, _ = read_arrays(path)
    _require(all(array.dtype == dtype and array.ndim == ndim for array in arrays.values()))
    return arrays


def _snapshot(path: Path, arms: set[str], size: Size) -> None:
    arrays = _arrays(path, np.uint8, 5)
    _require(set(arrays) <= arms)
    for array in arrays.values():
        _require(array.shape[:3] == (size.classes, size.ipc, 3), f"images of shape {array.shape}")


def _counts(path: Path, size: Size) -> None:
    shape = (size.groups, size.classes, size.classes)
    for array in _arrays(path, np.int64, 4).values():
        _require(len(array) > 0 and int(array.min()) >= 0)
        counted = f"counts of {array.shape[1]} groups and {array.shape[2]} × {array.shape[3]} classes"
        _require(array.shape[1:] == shape, f"{counted}, where the run names {size.groups} and {size.classes}")


def _answers(path: Path, size: Size) -> None:
    for name, array in _arrays(path, np.int16, 1).items():
        _require(name.rpartition("/")[2].isdecimal())
        _require_range(array, size.classes, "class")


def _test_labels(path: Path, size: Size) -> None:
    arrays = _arrays(path, np.int16, 1)
    _require(set(arrays) == {"y", "a"} and len(arrays["y"]) == len(arrays["a"]), "labels without groups")
    _require_range(arrays["y"], size.classes, "class")
    _require_range(arrays["a"], size.groups, "group")


def _nearest(folder: RunFolder, size: Size) -> None:
    for nearest in folder.nearest().values():
        real_MGR, synthetic_NR = nearest.real_MGR, nearest.synthetic_NR
        pairs = ((real_MGR, nearest.real_distance_MGR), (synthetic_NR, nearest.synthetic_distance_NR))
        for rows, distances in pairs:
            _require(rows.dtype == np.int32 and distances.dtype == np.float32)
            _require(rows.shape == distances.shape)
        _require(real_MGR.ndim == 3 and synthetic_NR.ndim == 2)
        cells, expected = (*nearest.searched_CG.shape, real_MGR.shape[1]), (size.classes, size.groups)
        reason = f"neighbours in {cells[:2]} cells, where the run has {expected}"
        _require(cells == (*expected, size.groups), reason)
        _require(real_MGR.shape[2] > 0 and synthetic_NR.shape[1] > 0, "no neighbour")
        _require(len(real_MGR) == size.images, f"neighbours of {len(real_MGR)} images")
        _require_range(synthetic_NR.ravel(), size.images, "image", lowest=-1)
        _require(int(real_MGR.min()) >= -1)


def _synthetic(path: Path, size: Size) -> None:
    arrays = read_arrays(path)[0]
    for name, array in arrays.items():
        arm, _, kind = name.rpartition("/")
        if kind == "y":
            _require(array.dtype == np.int64 and array.ndim == 1)
            _require_range(array, size.classes, "class")
        else:
            _require(kind == "x" and array.dtype == np.float32 and array.ndim == 4 and array.shape[1] == 3)
            _require(len(array) == len(arrays.get(f"{arm}/y", ())), "images without their labels")


def _checkpoint(path: Path) -> None:
    """Check that all arrays are of numbers; their names are up to the backbone that wrote them."""
    for array in read_arrays(path)[0].values():
        _require(array.dtype.kind in "fiub")


def _table(path: Path, columns: set[str], size: Size) -> None:
    """Check the schema before any value is read: plain numbers and texts, and not too many of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        _require(file.metadata.num_rows <= MAX_ROWS)
        schema = file.schema_arrow
        _require(columns <= set(schema.names))
        for name, kind in zip(schema.names, schema.types, strict=True):
            text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
            _require(text or pa.types.is_integer(kind) or pa.types.is_floating(kind))
            _require(name not in columns or text == (name in _TEXT_COLUMNS), f"a column {name} of {kind}")
        table = file.read()
    for name in columns & _INTEGER_COLUMNS:
        _require(pa.types.is_integer(table.schema.field(name).type) and not table[name].null_count)
    for name, count in (("class_id", size.classes), ("group_id", size.groups)):
        if name in columns:
            _require_range(table[name].to_numpy(), count, name.removesuffix("_id"), lowest=-1)
    if "index" in columns:
        index_P, kind_P = table["index"].to_numpy(), table["kind"].to_numpy()
        _require_range(index_P[kind_P == "synthetic"], size.images, "image")
        _require_range(index_P[kind_P == "real"], 2**31, "row")
