"""The sweeps of a home: a JSON file each, which says which run stands where in the grid."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairdd_core.distill.spec import ArmSpec
from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.files import write_json
from fairdd_core.runs.folder import RunFolder
from fairdd_core.runs.home import Home
from fairdd_core.runs.lanes import lane
from fairdd_core.runs.spec import RunSpec
from fairdd_core.runs.store import ID_PATTERN, RunRecord, RunState, Store
from fairdd_core.runs.sweep import Point, SweepSpec, deciding, filling_order
from fairdd_core.settings import Settings, user_error

_EARLY = (RunState.STOPPED, RunState.FAILED, RunState.LOST)


class Entry(Settings):
    """The run at a place of the grid.

    Attributes:
        run: its id in the store; in a bundled sweep the name of its folder.
        reused: whether it was there before the sweep, so that the sweep must not stop it.
    """

    run: str
    reused: bool = False


class Sweep(Settings):
    """A sweep as it is kept.

    Attributes:
        id: of the sweep.
        title: for people.
        created: seconds since 1970.
        spec: the grid.
        entries: one for every place of ``spec.points()``.
    """

    id: str
    title: str = ""
    created: float
    spec: SweepSpec
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Cell:
    """A place of the grid and how its run stands.

    Attributes:
        point: where.
        run: id in the store, or the name of a bundled folder.
        folder: of the run; None when its id is not one.
        record: its row in the index; None when bundled or deleted.
        result: the result document once there is one.
    """

    point: Point
    run: str
    folder: RunFolder | None = None
    record: RunRecord | None = None
    result: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def live(self) -> bool:
        """Whether it is waiting or working."""
        return self.record is not None and self.record.state.live and self.result is None

    @property
    def missing(self) -> bool:
        """Whether there is no result and none is on its way."""
        return self.result is None and not self.live


def plan(home: Home, spec: SweepSpec) -> list[str | None]:
    """Return, for every place of the grid, the finished run that serves it already, or None."""
    store = Store(home)
    finished: dict[str, list[tuple[str, frozenset[ArmSpec]]]] = {}
    for run in store.list([RunState.DONE]):
        folder = store.folder(run.id)
        if folder.result_file.exists() and (known := _known(str(folder.path))):
            finished.setdefault(known[0], []).append((run.id, known[1]))
    wanted = frozenset(spec.base.distill.arms)
    return [
        next((run_id for run_id, arms in finished.get(deciding(run), ()) if wanted <= arms), None)
        for run in spec.runs()
    ]


@lru_cache(maxsize=4096)  # the specification of a run never changes, and its id is never used again
def _known(path: str) -> tuple[str, frozenset[ArmSpec]] | None:
    try:
        spec = RunFolder(path).spec()
    except (OSError, UserError):
        return None
    return deciding(spec), frozenset(spec.distill.arms)


def launch(home: Home, spec: SweepSpec, title: str = "") -> Sweep:
    """Queue a sweep's runs, but those that are finished already, and return it.

    Raises:
        UserError: when the sweep names things that are not known, or a device that is not here.
    """
    spec.base.check_names(home.data)
    found, wanted, points = plan(home, spec), spec.runs(), spec.points()
    entries = [None if run_id is None else Entry(run=run_id, reused=True) for run_id in found]
    for i in filling_order(spec):
        entries[i] = entries[i] or Entry(run=_submit(home, wanted[i], points[i], title))
    complete = tuple(entry for entry in entries if entry is not None)
    sweep = Sweep(id=Store(home).new_id(), title=title, created=time.time(), spec=spec, entries=complete)
    save(home, sweep)
    engine.wake(home)  # once, for a dispatcher that is started for every run would be a crowd
    return sweep


def _submit(home: Home, spec: RunSpec, point: Point, title: str) -> str:
    place = f"skew {point.skew:.0%}, separation {point.separation:g}, seed {point.seed}"
    return Store(home).create(spec, f"{title or 'Sweep'} · {place}", lane(spec.device))


def cancel(home: Home, sweep: Sweep) -> int:
    """Stop what the sweep has queued or running; return how many runs that were."""
    stopped = 0
    for entry in reversed(sweep.entries):  # the last first, or else the next one would start meanwhile
        if entry.reused or not any(run.id == entry.run for run in Store(home).live()):
            continue
        engine.cancel(home, entry.run)
        stopped += 1
    return stopped


def resume(home: Home, sweep: Sweep) -> Sweep:
    """Go on with what was stopped or failed, queue anew what was deleted, and return the sweep."""
    entries, wanted = list(sweep.entries), sweep.spec.runs()
    found = plan(home, sweep.spec)
    cells = cells_of(home, sweep)
    for i in filling_order(sweep.spec):
        cell = cells[i]
        if not cell.missing:
            continue
        if (run_id := found[i]) is not None:
            entries[i] = Entry(run=run_id, reused=True)
        elif cell.record is not None and cell.record.deleted is None and cell.record.state in _EARLY:
            with suppress(UserError):  # what would only fail in the same way again stays as it is
                engine.resume(home, cell.run)
        else:
            entries[i] = Entry(run=_submit(home, wanted[i], cell.point, sweep.title))
    changed = sweep.model_copy(update={"entries": tuple(entries)})
    save(home, changed)
    engine.wake(home)
    return changed


def cells_of(home: Home, sweep: Sweep) -> list[Cell]:
    """Return how every place of a sweep of this home stands."""
    store = Store(home)
    records = {run.id: run for run in [*store.list(), *store.list(deleted=True)]}
    cells = []
    for point, entry in zip(sweep.spec.points(), sweep.entries, strict=True):
        cell = Cell(point, entry.run, store.folder(entry.run), records.get(entry.run))
        cells.append(_with_result(cell))
    return cells


def bundled_cells(sweep: Sweep, folder: Path) -> list[Cell]:
    """Return the places of a sweep that lies in ``folder`` beside its runs."""
    return [
        _with_result(Cell(point, entry.run, RunFolder(folder / Path(entry.run).name)))
        for point, entry in zip(sweep.spec.points(), sweep.entries, strict=True)
    ]


def _with_result(cell: Cell) -> Cell:
    try:
        return replace(cell, result=cell.folder.result() if cell.folder else None)
    except (OSError, ValueError):  # a damaged file is no result
        return cell


def save(home: Home, sweep: Sweep) -> None:
    """Write a sweep."""
    write_json(_file(home, sweep.id), sweep.model_dump(mode="json"))


def read(file: Path) -> Sweep:
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


def find(home: Home, sweep_id: str) -> Sweep:
    """Return a sweep of a home.

    Raises:
        UserError: when there is none of this id.
    """
    if ID_PATTERN.fullmatch(sweep_id):
        try:
            return read(_file(home, sweep_id))
        except OSError:
            pass
    raise UserError("sweep", "the id of a sweep", repr(sweep_id))


def everything(home: Home) -> Sequence[Sweep]:
    """Return the sweeps of a home, newest first; files that cannot be read are left out."""
    return sorted(_readable(home), key=lambda sweep: sweep.created, reverse=True)


def _readable(home: Home) -> Iterator[Sweep]:
    for file in sorted((home.root / "sweeps").glob("*.json")):
        try:
            sweep = read(file)
        except (OSError, UserError):
            continue
        if sweep.id == file.stem and ID_PATTERN.fullmatch(sweep.id):
            yield sweep


def _file(home: Home, sweep_id: str) -> Path:
    return home.root / "sweeps" / f"{sweep_id}.json"
