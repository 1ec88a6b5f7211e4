"""The sweeps of a workspace: their files, the state of each run in the grid, and the table of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.spec.base import Settings, user_error
from fairdd_core.config.sweep import Point, SweepSpec
from fairdd_core.errors import UserError
from fairdd_core.files import write_json
from fairdd_core.runs.storage.documents import LAST_SECOND
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import ID_PATTERN, RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


class Entry(Settings):
    """The run at one point of the grid.

    Attributes:
        run: its id in the index; in a bundled sweep the name of its folder.
        reused: whether it existed before the sweep, so that the sweep must not stop it.
    """

    run: str
    reused: bool = False


class Sweep(Settings):
    """A sweep as it is stored.

    Attributes:
        id: of the sweep.
        title: chosen by the user, or empty.
        created: seconds since 1970.
        spec: the grid.
        entries: one for every point of ``spec.points()``.
    """

    id: str
    title: str = ""
    created: float = Field(ge=0, le=LAST_SECOND)
    spec: SweepSpec
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Cell:
    """A point of the grid and the state of its run.

    Attributes:
        point: of the grid.
        run: id in the index, or the name of a bundled folder.
        folder: of the run.
        record: its row in the index; None when bundled or deleted for good.
        result: the result document once there is one.
    """

    point: Point
    run: str
    folder: RunFolder
    record: RunRecord | None = None
    result: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def live(self) -> bool:
        """Whether it is queued or running."""
        return self.record is not None and self.record.state.live and self.result is None

    @property
    def missing(self) -> bool:
        """Whether there is no result and none is to come."""
        return self.result is None and not self.live

    @property
    def state_text(self) -> str:
        """The state of the run in a word or two."""
        if self.result is not None:
            return "done"
        record = self.record
        if record is None or record.deleted is not None:
            return "deleted"
        if record.state is RunState.RUNNING:
            return f"{record.phase} {record.done}/{record.total}" if record.total else "starting"
        if record.state is RunState.QUEUED:
            return "waiting"
        return str(record.state) if record.state.early else "no result"


def save_sweep(workspace: Workspace, sweep: Sweep) -> None:
    """Write a sweep."""
    write_json(_file(workspace, sweep.id), sweep.model_dump(mode="json"))


def read_sweep(file: Path) -> Sweep:
    """Read a sweep.

    Raises:
        UserError: when the file is not one.
        OSError: when there is none.
    """
    try:
        sweep = Sweep.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise user_error(error) from error
    if len(sweep.entries) != len(sweep.spec.points()):
        raise UserError("entries", f"{len(sweep.spec.points())} runs", len(sweep.entries))
    return sweep


def find_sweep(workspace: Workspace, sweep_id: str) -> Sweep:
    """Return a sweep of a workspace.

    Raises:
        UserError: when there is none of this id.
    """
    if ID_PATTERN.fullmatch(sweep_id):
        try:
            return read_sweep(_file(workspace, sweep_id))
        except OSError:
            pass
    raise UserError("sweep", "the id of a sweep", repr(sweep_id))


def list_sweeps(workspace: Workspace) -> Sequence[Sweep]:
    """Return the sweeps of a workspace, newest first; files that cannot be read are left out."""
    return sorted(_readable(workspace), key=lambda sweep: sweep.created, reverse=True)


def _readable(workspace: Workspace) -> Iterator[Sweep]:
    for file in sorted((workspace.root / "sweeps").glob("*.json")):
        try:
            sweep = read_sweep(file)
        except (OSError, UserError):
            continue
        if sweep.id == file.stem and ID_PATTERN.fullmatch(sweep.id):
            yield sweep


def forget_sweep(workspace: Workspace, sweep_id: str) -> None:
    """Remove a sweep; its runs stay."""
    _file(workspace, sweep_id).unlink(missing_ok=True)


def _file(workspace: Workspace, sweep_id: str) -> Path:
    return workspace.root / "sweeps" / f"{sweep_id}.json"


def cells_of(workspace: Workspace, sweep: Sweep) -> list[Cell]:
    """Return every point of a sweep of this workspace with the state of its run."""
    store = Store(workspace)
    records = {run.id: run for run in [*store.list(), *store.list(deleted=True)]}
    return _cells(sweep, store.folder, records)


def bundled_cells(sweep: Sweep, folder: Path) -> list[Cell]:
    """Return the points of a sweep that lies in ``folder`` beside its runs."""
    return _cells(sweep, lambda run: RunFolder(folder / Path(run).name), {})


def _cells(
    sweep: Sweep, folder_of: Callable[[str], RunFolder], records: Mapping[str, RunRecord]
) -> list[Cell]:
    cells = []
    for point, entry in zip(sweep.spec.points(), sweep.entries, strict=True):
        folder = folder_of(entry.run)
        cells.append(Cell(point, entry.run, folder, records.get(entry.run), result_of(folder)))
    return cells


def result_of(folder: RunFolder) -> dict[str, Any] | None:
    """Return the result document of a run, or None where it is absent or damaged."""
    try:
        return folder.result()
    except (OSError, ValueError):
        return None


def sweep_table(cells: Sequence[Cell], arms: Sequence[str]) -> pd.DataFrame:
    """Return one row per point and arm.

    Columns: ``skew``, ``separation``, ``seed``, ``arm``, ``run``, ``state`` and, for every metric, the mean
    over the test networks under its name, and ``…_low``, ``…_high``, ``…_floor``, ``…_excess`` and
    ``…_left_out`` (see ``results_table``); NaN where there is none (yet).
    """
    import pandas as pd

    rows = [
        {**cell.point._asdict(), "arm": arm, "run": cell.run, "state": cell.state_text, **_numbers(cell, arm)}
        for cell in cells
        for arm in arms
    ]
    numbers = [f"{name}{end}" for name in METRICS for end in ("", *_PARTS)]
    return pd.DataFrame(rows, columns=["skew", "separation", "seed", "arm", "run", "state", *numbers])


_PARTS = ("_low", "_high", "_floor", "_excess", "_left_out")


def _numbers(cell: Cell, arm: str) -> dict[str, Any]:
    from fairdd_core.analysis.results import results_table

    summary = ((cell.result or {}).get("arms") or {}).get(arm)
    found = {row["metric"]: row for row in results_table({arm: summary}).to_dict("records")}
    numbers: dict[str, Any] = {}
    for name in METRICS:
        row = found.get(name, {})
        numbers[name] = row.get("mean", float("nan"))
        numbers |= {f"{name}{part}": row.get(part[1:], float("nan")) for part in _PARTS[:-1]}
        numbers[f"{name}_left_out"] = row.get("left_out", "")
    return numbers
