"""Whether the files of a run folder from elsewhere are what their names say. Reads no pickles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.errors import UserError
from fairdd_core.files import read_arrays, read_json
from fairdd_core.runs.storage.folder import RunFolder

MAX_ROWS = 1_000_000
USUAL_CLASSES = 10
_HINT = "Export the run once more, and import that."
_POINTS = {"kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y", "umap_x", "umap_y"}
_DIAGNOSTICS = {
    *("arm", "iteration", "class_id", "group_id", "share", "residual"),
    *("vanilla", "uniform", "shift", "inner"),
}
_MOMENTS = (_POINTS - {"group_id"}) | {"iteration"}
_RESIDUALS = {"arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"}
_TEXTS = {"kind", "arm"}
_WHOLE = {"class_id", "group_id", "index", "iteration"}


def validate_run(folder: RunFolder) -> None:
    """Read every file of a run.

    Raises:
        UserError: naming the first file that is missing, unreadable or of another shape than it should be.
    """
    if not folder.complete:
        raise UserError("file", "a spec.json", "none", "Import a zip file that was exported from a run.")
    arms = {arm.name for arm in folder.spec().distill.arms}
    _check(folder.events_file, lambda path: _events(folder.events()[0]))
    size = _size(folder)
    for iteration in folder.snapshot_iterations():
        _check(folder.snapshot_file(iteration), lambda path: _snapshot(path, arms, size))
    _check(folder.result_file, _result)
    _check(folder.counts_file, lambda path: _counts(path, size))
    _check(folder.answers_file, lambda path: _answers(path, size))
    _check(folder.nearest_file, lambda path: _nearest(folder, size))
    _check(folder.synthetic_file, lambda path: _synthetic(path, size))
    _check(folder.checkpoint_file, _numbers)
    _check(folder.points_file, lambda path: _table(path, _POINTS, size))
    _check(folder.residuals_file, lambda path: _table(path, _RESIDUALS, size))
    _check(folder.moments_file, lambda path: _table(path, _MOMENTS, size))
    _check(folder.diagnostics_file, lambda path: _table(path, _DIAGNOSTICS, size))


@dataclass(frozen=True)
class Size:
    """How much a run has of what its files count.

    Attributes:
        classes, groups: of its data.
        stored: synthetic images of a class, in each arm.
        parts: training images that each of them holds.
    """

    classes: int
    groups: int
    stored: int
    parts: int

    @property
    def images(self) -> int:
        """Training images of each arm, M."""
        return self.classes * self.stored * self.parts


def _size(folder: RunFolder) -> Size:
    """Return what the run's labels say of its data, else its counts, else what is usual."""
    distill = folder.spec().distill
    return Size(*_data_size(folder), distill.ipc, distill.factor**2)


def _data_size(folder: RunFolder) -> tuple[int, int]:
    """Return the numbers of classes and groups."""
    if labels := folder.labels():
        return len(labels.classes), len(labels.groups)
    found: list[np.ndarray] = []
    _check(folder.counts_file, lambda path: found.extend(read_arrays(path)[0].values()))
    if found and found[0].ndim == 4:
        return found[0].shape[3], found[0].shape[1]
    return USUAL_CLASSES, folder.spec().data.groups


def _check(path: Path, sound: Callable[[Path], None]) -> None:
    if not path.exists():
        return
    try:
        sound(path)
    except Exception as error:  # every reader has exceptions of its own for bad input
        reason = error.got if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        raise UserError("file", f"a sound {path.name}", str(reason)[:200], _HINT) from error


def _require(condition: bool, found: str = "unexpected content") -> None:
    if not condition:
        raise UserError("content", "that of a run", found)


def _within(ids: np.ndarray, count: int, what: str, lowest: int = 0) -> None:
    """Check the numbers of classes, say, against how many there are."""
    if len(ids):
        low, high = int(ids.min()), int(ids.max())
        _require(
            lowest <= low and high < count,
            f"{what} {low if low < lowest else high}, where the run has {count}, counted from 0",
        )


def _events(events: Sequence[Mapping[str, Any]]) -> None:
    _require(bool(events), "no event")
    for event in events:
        _require(_number(event.get("t")), "an event without a time")
        if event["event"] == "step":
            residual = event.get("worst_residual", "")
            numbers = (event.get("iteration"), event.get("loss"), 0.0 if residual is None else residual)
            _require(
                isinstance(event.get("arm"), str) and all(map(_number, numbers)), "a step without numbers"
            )
        if event["event"] == "loaded" and event.get("mean"):  # older runs have none
            channels = (event["mean"], event.get("std"))
            _require(all(map(_channels, channels)), "a normalisation that is not by channel")


def _channels(values: object) -> bool:
    return isinstance(values, list) and len(values) == 3 and all(map(_number, values))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _result(path: Path) -> None:
    document = read_json(path) or {}
    for arms in (document.get("arms", {}), *_entries(document.get("others", {}))):
        for metrics in _entries(arms):
            for entry in _entries(metrics):
                _entries(entry)


def _entries(part: Any) -> list[Any]:
    """Return what is in a part of the result document; it must be one."""
    _require(isinstance(part, dict), "a result that is not by method and measure")
    return list(part.values())


def _snapshot(path: Path, arms: set[str], size: Size) -> None:
    arrays, _ = read_arrays(path)
    _require(set(arrays) <= arms)
    for array in arrays.values():
        _require(array.dtype == np.uint8 and array.ndim == 5)
        _require(array.shape[:3] == (size.classes, size.stored, 3), f"images of shape {array.shape}")


def _counts(path: Path, size: Size) -> None:
    shape = (size.groups, size.classes, size.classes)
    for array in read_arrays(path)[0].values():
        _require(array.dtype == np.int64 and array.ndim == 4 and len(array) > 0 and int(array.min()) >= 0)
        told = f"counts of {array.shape[1]} groups and {array.shape[2]} × {array.shape[3]} classes"
        _require(array.shape[1:] == shape, f"{told}, where the run names {size.groups} and {size.classes}")


def _answers(path: Path, size: Size) -> None:
    for name, array in read_arrays(path)[0].items():
        _require(name.rpartition("/")[2].isdecimal() and array.dtype == np.int16 and array.ndim == 1)
        _within(array, size.classes, "class")


def _nearest(folder: RunFolder, size: Size) -> None:
    for found in folder.nearest().values():
        for rows, distances in (
            (found.real_MGR, found.real_distance_MGR),
            (found.synthetic_NR, found.synthetic_distance_NR),
        ):
            _require(
                rows.dtype == np.int32 and distances.dtype == np.float32 and rows.shape == distances.shape
            )
        _require(found.real_MGR.ndim == 3 and found.synthetic_NR.ndim == 2)
        cells, wanted = (*found.searched_CG.shape, found.real_MGR.shape[1]), (size.classes, size.groups)
        _require(
            cells == (*wanted, size.groups), f"neighbours in {cells[:2]} cells, where the run has {wanted}"
        )
        _require(found.real_MGR.shape[2] > 0 and found.synthetic_NR.shape[1] > 0, "no neighbour")
        _require(len(found.real_MGR) == size.images, f"neighbours of {len(found.real_MGR)} images")
        _within(found.synthetic_NR.ravel(), size.images, "image", lowest=-1)
        _require(int(found.real_MGR.min()) >= -1)


def _synthetic(path: Path, size: Size) -> None:
    arrays = read_arrays(path)[0]
    for name, array in arrays.items():
        arm, _, kind = name.rpartition("/")
        if kind == "y":
            _require(array.dtype == np.int64 and array.ndim == 1)
            _within(array, size.classes, "class")
        else:
            _require(kind == "x" and array.dtype == np.float32 and array.ndim == 4 and array.shape[1] == 3)
            _require(len(array) == len(arrays.get(f"{arm}/y", ())), "images without their labels")


def _numbers(path: Path) -> None:
    """Check a file whose names are the business of the method that wrote it."""
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
            _require(name not in columns or text == (name in _TEXTS), f"a column {name} of {kind}")
        table = file.read()
    for name in columns & _WHOLE:
        _require(pa.types.is_integer(table.schema.field(name).type) and not table[name].null_count)
    for name, count in (("class_id", size.classes), ("group_id", size.groups)):
        if name in columns:
            _within(table[name].to_numpy(), count, name.removesuffix("_id"), lowest=-1)
    if "index" in columns:
        index_P, kind_P = table["index"].to_numpy(), table["kind"].to_numpy()
        _within(index_P[kind_P == "synthetic"], size.images, "image")
        _within(index_P[kind_P == "real"], 2**31, "row")
