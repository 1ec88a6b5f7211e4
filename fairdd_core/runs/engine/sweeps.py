"""Launching, stopping and resuming the sweeps of a workspace."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from fairdd_core.config.checks import check_names, check_sizes
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import Point, SweepSpec, deciding, filling_order
from fairdd_core.device import queue_device
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import service
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import Current
from fairdd_core.runs.storage.index import NewRun, RunState, Store
from fairdd_core.runs.storage.sweeps import (
    Entry,
    Sweep,
    cells_of,
    find_sweep,
    forget_sweep,
    result_of,
    save_sweep,
)
from fairdd_core.text import one_line
from fairdd_core.workspace import Workspace

PATIENCE_SECONDS = 20.0


def plan(workspace: Workspace, spec: SweepSpec) -> list[str | None]:
    """Return, for every point of the grid, a finished run on this data that can be reused, or None."""
    store, data = Store(workspace), Current(spec.base.data.dataset, workspace.data)
    finished: dict[str, list[tuple[str, frozenset[ArmSpec]]]] = {}
    for run in store.list([RunState.DONE]):
        folder = store.folder(run.id)
        if folder.result_file.exists() and (key := _key(str(folder.path))):
            finished.setdefault(key[0], []).append((run.id, key[1]))
    wanted = frozenset(spec.base.distill.arms)

    def reusable(run: RunSpec) -> str | None:
        fitting = (run_id for run_id, arms in finished.get(deciding(run), ()) if wanted <= arms)
        results = ((run_id, result_of(store.folder(run_id))) for run_id in fitting)
        return next((run_id for run_id, result in results if result is not None and data.made(result)), None)

    return [reusable(run) for run in spec.runs()]


@lru_cache(maxsize=4096)  # the specification of a run never changes, and its id is never used again
def _key(path: str) -> tuple[str, frozenset[ArmSpec]] | None:
    try:
        spec = RunFolder(path).spec()
    except (OSError, UserError):
        return None
    return deciding(spec), frozenset(spec.distill.arms)


def launch(workspace: Workspace, spec: SweepSpec, title: str = "") -> Sweep:
    """Queue the runs of a sweep that cannot be reused, all or none of them, and return the sweep.

    Raises:
        UserError: when the sweep names something unknown, or a device that is not here.
        OSError: when the disk is full. Nothing was changed then.
    """
    check_names(spec.base, workspace.data)
    for run in spec.runs():
        check_sizes(run, workspace.data)
    workspace.create()
    store, reused = Store(workspace), plan(workspace, spec)
    entries = tuple(Entry(run=run_id or store.new_id(), reused=run_id is not None) for run_id in reused)
    sweep = Sweep(id=store.new_id(), title=one_line(title), created=time.time(), spec=spec, entries=entries)
    _queue(workspace, sweep, [i for i in filling_order(spec) if reused[i] is None])
    return sweep


def _queue(workspace: Workspace, sweep: Sweep, points: Sequence[int], before: Sweep | None = None) -> None:
    """Write a sweep, then enter the runs at ``points`` under the ids that it names.

    In this order, so that a process killed in between leaves a sweep whose runs are missing, which ``resume``
    queues, and never runs that belong to no sweep. ``before`` is the sweep as last written.
    """
    specs, where = sweep.spec.runs(), sweep.spec.points()
    runs = [
        NewRun(sweep.entries[i].run, specs[i], _title(sweep, where[i]), queue_device(specs[i].device))
        for i in points
    ]
    save_sweep(workspace, sweep)
    try:
        Store(workspace).create_all(runs)
    except BaseException:
        if before is None:
            forget_sweep(workspace, sweep.id)
        else:
            save_sweep(workspace, before)
        raise
    service.wake(workspace)  # once: each call may start a dispatcher


def _title(sweep: Sweep, point: Point) -> str:
    settings = f"skew {point.skew:.0%}, separation {point.separation:g}, seed {point.seed}"
    return f"{sweep.title or 'Sweep'} · {settings}"


def cancel(workspace: Workspace, sweep: Sweep) -> int:
    """Stop the runs that the sweep has queued or running; return how many there were."""
    stopped = 0
    for entry in reversed(sweep.entries):  # the last first, or else the next one would start meanwhile
        if entry.reused or not any(run.id == entry.run for run in Store(workspace).live()):
            continue
        with suppress(UserError):  # it ended just now
            service.cancel(workspace, entry.run)
            stopped += 1
    return stopped


def resume(workspace: Workspace, sweep: Sweep) -> Sweep:
    """Resume the runs that were stopped or failed, queue those that were deleted again; return the sweep.

    A second caller waits for the first one, and then finds nothing left to do.

    Raises:
        UserError: when the sweep is gone, or another sweep has been resuming for ``PATIENCE_SECONDS``.
        OSError: when the disk is full. Nothing was queued then.
    """
    find_sweep(workspace, sweep.id)
    lock = locks.acquire(workspace.root / "sweeps" / "resume.lock", PATIENCE_SECONDS)
    if lock is None:
        raise UserError(
            "sweep", "one resume at a time", "another that is still going on", "Try again in a moment."
        )
    try:
        return _resume(workspace, find_sweep(workspace, sweep.id))
    finally:
        os.close(lock)


def _resume(workspace: Workspace, sweep: Sweep) -> Sweep:
    entries, reusable, replaced = list(sweep.entries), plan(workspace, sweep.spec), []
    cells = cells_of(workspace, sweep)
    for i in filling_order(sweep.spec):
        cell = cells[i]
        if not cell.missing:
            continue
        if (run_id := reusable[i]) is not None:
            entries[i] = Entry(run=run_id, reused=True)
        elif cell.record is not None and cell.record.deleted is None and cell.record.state.early:
            with suppress(UserError):  # a run that would only fail in the same way again stays as it is
                service.resume(workspace, cell.run)
        else:
            entries[i] = Entry(run=Store(workspace).new_id())
            replaced.append(i)
    changed = sweep.model_copy(update={"entries": tuple(entries)})
    _queue(workspace, changed, replaced, before=sweep)
    return changed
