"""The sweeps of a workspace: launching them, how they stand, stopping and resuming them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from fairdd_core.config.checks import check_names
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import Point, SweepSpec, deciding, filling_order
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import client as engine
from fairdd_core.runs.engine import process as posix
from fairdd_core.runs.engine.queue_device import lane
from fairdd_core.runs.storage import sweeps as sweep_files
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import Store
from fairdd_core.runs.storage.records import NewRun, RunRecord, RunState
from fairdd_core.runs.storage.sweeps import Entry, Sweep, forget, save
from fairdd_core.workspace import Workspace

PATIENCE_SECONDS = 20.0


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


def plan(workspace: Workspace, spec: SweepSpec) -> list[str | None]:
    """Return, for every place of the grid, the finished run that serves it already, or None."""
    store = Store(workspace)
    finished: dict[str, list[tuple[str, frozenset[ArmSpec]]]] = {}
    for run in store.list([RunState.DONE]):
        folder = store.folder(run.id)
        if folder.result_file.exists() and (known := _known(str(folder.path))):
            finished.setdefault(known[0], []).append((run.id, known[1]))
    wanted = frozenset(spec.base.distill.arms)

    def serving(run: RunSpec) -> str | None:
        able = (run_id for run_id, arms in finished.get(deciding(run), ()) if wanted <= arms)
        return next((run_id for run_id in able if _result(store.folder(run_id)) is not None), None)

    return [serving(run) for run in spec.runs()]


@lru_cache(maxsize=4096)  # the specification of a run never changes, and its id is never used again
def _known(path: str) -> tuple[str, frozenset[ArmSpec]] | None:
    try:
        spec = RunFolder(path).spec()
    except (OSError, UserError):
        return None
    return deciding(spec), frozenset(spec.distill.arms)


def launch(workspace: Workspace, spec: SweepSpec, title: str = "") -> Sweep:
    """Queue a sweep's runs, but those that are finished already, and return it: all of them, or none.

    Raises:
        UserError: when the sweep names things that are not known, or a device that is not here.
        OSError: when there is no room for it. Nothing was changed then.
    """
    check_names(spec.base, workspace.data)
    store, found = Store(workspace), plan(workspace, spec)
    entries = tuple(Entry(run=run_id or store.new_id(), reused=run_id is not None) for run_id in found)
    sweep = Sweep(id=store.new_id(), title=title, created=time.time(), spec=spec, entries=entries)
    _queue(workspace, sweep, [i for i in filling_order(spec) if found[i] is None])
    return sweep


def _queue(workspace: Workspace, sweep: Sweep, places: Sequence[int], before: Sweep | None = None) -> None:
    """Write a sweep, then enter the runs at ``places`` under the ids that it names.

    In this order, so that whatever ends this process in between leaves a sweep whose runs are missing, which
    ``resume`` brings, and never runs of which no sweep knows. ``before`` is what was written of it last.
    """
    wanted, points = sweep.spec.runs(), sweep.spec.points()
    runs = [
        NewRun(sweep.entries[i].run, wanted[i], _title(sweep, points[i]), lane(wanted[i].device))
        for i in places
    ]
    save(workspace, sweep)
    try:
        Store(workspace).create_all(runs)
    except BaseException:
        if before is None:
            forget(workspace, sweep.id)
        else:
            save(workspace, before)
        raise
    engine.wake(workspace)  # once, for a dispatcher that is started for every run would be a crowd


def _title(sweep: Sweep, point: Point) -> str:
    place = f"skew {point.skew:.0%}, separation {point.separation:g}, seed {point.seed}"
    return f"{sweep.title or 'Sweep'} · {place}"


def cancel(workspace: Workspace, sweep: Sweep) -> int:
    """Stop what the sweep has queued or running; return how many runs that were."""
    stopped = 0
    for entry in reversed(sweep.entries):  # the last first, or else the next one would start meanwhile
        if entry.reused or not any(run.id == entry.run for run in Store(workspace).live()):
            continue
        engine.cancel(workspace, entry.run)
        stopped += 1
    return stopped


def resume(workspace: Workspace, sweep: Sweep) -> Sweep:
    """Go on with what was stopped or failed, queue anew what was deleted, and return the sweep.

    Whoever asks for the same at the same moment waits, and then finds nothing left to do.

    Raises:
        UserError: when the sweep is gone, or somebody else has been resuming one for ``PATIENCE_SECONDS``.
        OSError: when there is no room for it. Nothing was queued then.
    """
    lock = posix.hold(workspace.root / "sweeps" / "resume.lock", PATIENCE_SECONDS)
    if lock is None:
        raise UserError("sweep", "nobody else at it", "somebody who resumes one", "Try again in a moment.")
    try:
        return _resume(workspace, sweep_files.find(workspace, sweep.id))
    finally:
        os.close(lock)


def _resume(workspace: Workspace, sweep: Sweep) -> Sweep:
    entries, found, anew = list(sweep.entries), plan(workspace, sweep.spec), []
    cells = cells_of(workspace, sweep)
    for i in filling_order(sweep.spec):
        cell = cells[i]
        if not cell.missing:
            continue
        if (run_id := found[i]) is not None:
            entries[i] = Entry(run=run_id, reused=True)
        elif cell.record is not None and cell.record.deleted is None and cell.record.state.early:
            with suppress(UserError):  # what would only fail in the same way again stays as it is
                engine.resume(workspace, cell.run)
        else:
            entries[i] = Entry(run=Store(workspace).new_id())
            anew.append(i)
    changed = sweep.model_copy(update={"entries": tuple(entries)})
    _queue(workspace, changed, anew, before=sweep)
    return changed


def cells_of(workspace: Workspace, sweep: Sweep) -> list[Cell]:
    """Return how every place of a sweep of this workspace stands."""
    store = Store(workspace)
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
    return replace(cell, result=_result(cell.folder) if cell.folder else None)


def _result(folder: RunFolder) -> dict[str, Any] | None:
    try:
        return folder.result()
    except (OSError, ValueError):  # a damaged file is no result
        return None
