"""Checking that the files of an imported run hold what their names promise. Reads no pickles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from fairdd_core.config.cost import MAX_PLACED
from fairdd_core.data.custom.options import MAX_CLASSES
from fairdd_core.data.distilled.contents import MAX_IMAGES
from fairdd_core.data.distilled.read import DistilledSet
from fairdd_core.errors import UserError
from fairdd_core.files import read_arrays
from fairdd_core.runs.storage.documents import (
    DIAGNOSTICS,
    MOMENTS,
    POINTS,
    RESIDUALS,
    TEXT_COLUMNS,
    check_event,
    parse_json,
)
from fairdd_core.runs.storage.folder import RunFolder

MAX_DIAGNOSTICS = 1_000_000
MAX_ROWS, MAX_COLUMNS, MAX_TABLE_BYTES = 200_000, 64, 100_000_000
MAX_EVENTS, MAX_LOGGED = 20_000, 500
DEFAULT_CLASSES = 10
_INTEGER_COLUMNS = {"class_id", "group_id", "index", "iteration"}


@dataclass(frozen=True)
class Size:
    """How much a run has of what its files count.

    Attributes:
        classes, groups: of its data.
        ipc: stored synthetic images of a class, in each arm.
        images: training images of each arm, M.
        arms: how many there are.
        real: real images that the maps show at most.
        external: number of images of each set that was made elsewhere, by arm.
    """

    classes: int
    groups: int
    ipc: int
    images: int
    arms: int
    real: int
    external: Mapping[str, int] = field(default_factory=dict)

    def images_of(self, arm: str) -> int:
        """Return the number of training images of an arm."""
        return self.external.get(arm, self.images)

    @property
    def most_images(self) -> int:
        """Return the number of training images of the largest arm."""
        return max([self.images, *self.external.values()])

    def most_rows(self, name: str) -> int:
        """Return the most rows of a table: twice what the maps show, every cell at every logged moment."""
        cells = (self.arms + 2) * (self.classes + 1) * (self.groups + 1)
        if name == "diagnostics":
            return min(cells * MAX_LOGGED, MAX_DIAGNOSTICS)
        shown = self.real + (self.arms + len(self.external)) * self.most_images + cells
        return min(2 * (shown + (MAX_PLACED if name == "moments" else 0)), MAX_ROWS)


def validate_run(folder: RunFolder) -> None:
    """Read every file of a run.

    Raises:
        UserError: naming the first file that is missing, unreadable or of the wrong shape.
    """
    if not folder.complete:
        raise UserError("file", "a spec.json", "none", "Import a zip file that was exported from a run.")
    arms = {arm.name for arm in folder.spec().distill.arms}
    _check(folder.events_file, lambda path: _events(path, arms))
    _check(folder.external_file, lambda _: _external(folder))
    size = _size(folder)
    for iteration in folder.snapshot_iterations():
        _check(folder.snapshot_file(iteration), lambda path: _snapshot(path, arms, size))
    _check(folder.result_file, lambda _: folder.result())
    _check(folder.counts_file, lambda path: _counts(path, size))
    _check(folder.answers_file, lambda path: _answers(path, size))
    _check(folder.test_file, lambda path: _test_labels(path, size))
    _check(folder.nearest_file, lambda _: _nearest(folder, size))
    _check(folder.synthetic_file, lambda path: _synthetic(path, size))
    _check(folder.checkpoint_file, _checkpoint)
    tables = {
        folder.points_file: POINTS,
        folder.residuals_file: RESIDUALS,
        folder.moments_file: MOMENTS,
        folder.diagnostics_file: DIAGNOSTICS,
    }
    for file, columns in tables.items():
        _check(file, partial(_table, columns=columns, size=size, most=size.most_rows(file.stem)))


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
    images, external = classes * ipc * spec.distill.factor**2, folder.external()
    numbers = {arm: len(y_N) for arm, (_, y_N) in external.items()}
    real = classes * (groups + 1) * spec.embedding.samples_per_cell
    return Size(classes, groups, ipc, images, len(spec.distill.arms), real, numbers)


def _check(path: Path, check: Callable[[Path], object]) -> None:
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


def _events(path: Path, arms: set[str]) -> None:
    """Check every line that is JSON; one that is not was torn by a crash."""
    lines = path.read_bytes().splitlines()
    _require(len(lines) <= MAX_EVENTS, f"{len(lines)} events, where {MAX_EVENTS} are allowed")
    found = 0
    for line in lines:
        try:
            event = parse_json(line)
        except ValueError:
            continue
        if not isinstance(event, dict) or "event" not in event:
            continue
        check_event(event)
        found += 1
        if event["event"] == "step":
            _require(event["arm"] in arms, f"a step of {event['arm']!r}, which is no method of the run")
    _require(found > 0, "no event")


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
    for arm, nearest in folder.nearest().items():
        images, real_MGR, synthetic_NR = size.images_of(arm), nearest.real_MGR, nearest.synthetic_NR
        pairs = ((real_MGR, nearest.real_distance_MGR), (synthetic_NR, nearest.synthetic_distance_NR))
        for rows, distances in pairs:
            _require(rows.dtype == np.int32 and distances.dtype == np.float32)
            _require(rows.shape == distances.shape)
        _require(real_MGR.ndim == 3 and synthetic_NR.ndim == 2)
        cells, expected = (*nearest.searched_CG.shape, real_MGR.shape[1]), (size.classes, size.groups)
        reason = f"neighbours in {cells[:2]} cells, where the run has {expected}"
        _require(cells == (*expected, size.groups), reason)
        _require(real_MGR.shape[2] > 0 and synthetic_NR.shape[1] > 0, "no neighbour")
        _require(len(real_MGR) == images, f"neighbours of {len(real_MGR)} images")
        _require_range(synthetic_NR.ravel(), images, "image", lowest=-1)
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


def _external(folder: RunFolder) -> None:
    """Check that the sets that were made elsewhere are those of the specification."""
    wanted = {arm.name: arm.digest for arm in folder.spec().distill.arms if arm.external}
    found = folder.external()
    _require(set(found) == set(wanted), "external sets that the specification does not name")
    for arm, (x_NCHW, y_N) in found.items():
        _require(x_NCHW.dtype == np.float32 and x_NCHW.ndim == 4 and x_NCHW.shape[1] == 3)
        _require(y_N.dtype == np.int64 and y_N.shape == x_NCHW.shape[:1] and 0 < len(y_N) <= MAX_IMAGES)
        _require_range(y_N, MAX_CLASSES, "class")
        _require(bool((np.diff(y_N) >= 0).all()), "images that are not ordered by class")
        _require(bool(np.isfinite(x_NCHW).all()), "pixels that are no numbers")
        _require(DistilledSet(x_NCHW, y_N).digest == wanted[arm], "another set than the specification names")


def _checkpoint(path: Path) -> None:
    """Check that all arrays are of numbers; their names are up to the backbone that wrote them."""
    arrays, about = read_arrays(path)
    _require(about.get("iteration", "0").isdecimal(), "a checkpoint of no iteration")
    for array in arrays.values():
        _require(array.dtype.kind in "fiub")


def _table(path: Path, columns: frozenset[str], size: Size, most: int) -> None:
    """Check the schema before any value is read: plain numbers and texts, and not too many of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        about, schema = file.metadata, file.schema_arrow
        size_text = f"{about.num_rows} rows of {about.num_columns} columns"
        _require(about.num_rows <= most and about.num_columns <= MAX_COLUMNS, size_text)
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        _require(unpacked <= MAX_TABLE_BYTES, f"a table of {unpacked // 10**6} MB")
        _require(columns <= set(schema.names))
        for name, kind in zip(schema.names, schema.types, strict=True):
            text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
            _require(text or pa.types.is_integer(kind) or pa.types.is_floating(kind))
            _require(name not in columns or text == (name in TEXT_COLUMNS), f"a column {name} of {kind}")
        table = file.read()
    for name in columns & _INTEGER_COLUMNS:
        _require(pa.types.is_integer(table.schema.field(name).type) and not table[name].null_count)
    for name, count in (("class_id", size.classes), ("group_id", size.groups)):
        if name in columns:
            _require_range(table[name].to_numpy(), count, name.removesuffix("_id"), lowest=-1)
    if "index" in columns:
        index_P, kind_P = table["index"].to_numpy(), table["kind"].to_numpy()
        _require_range(index_P[kind_P == "synthetic"], size.most_images, "image")
        _require_range(index_P[kind_P == "real"], 2**31, "row")
