"""Submitting, stopping and resuming runs. Every call returns at once; the work happens elsewhere.

A run is a row in the index and a folder. One dispatcher per workspace starts a fresh process for each run,
one run per device at a time. The dispatcher is started when needed, by whoever needs it, and leaves
when idle; killing the caller, the dispatcher or a worker loses no run.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import fairdd_core
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import process as posix
from fairdd_core.runs.engine.environment import drift, surroundings
from fairdd_core.runs.engine.queue_device import lane
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

POLL_SECONDS = 0.2


def submit(workspace: Workspace, spec: RunSpec, title: str = "") -> str:
    """Queue a run and return its id; without a title it is called by its settings.

    Raises:
        UserError: when the spec asks for a device that this machine does not have.
    """
    from fairdd_core.config.titles import (
        title_of,  # it knows every data set, of which a dispatcher needs none
    )

    run_id = Store(workspace).create(spec, title or title_of(spec, workspace.data), lane(spec.device))
    wake(workspace)
    return run_id


def cancel(workspace: Workspace, run_id: str) -> None:
    """Ask a run to stop: at once when queued, within two seconds when running. What it made is kept.

    Raises:
        UserError: when there is no such run, or it has ended already.
    """
    store = Store(workspace)
    record = store.get(run_id)
    now = time.time()
    ended = {"state": RunState.STOPPED, "finished": now, "message": "Stopped before it started."}
    if store.update(run_id, only=[RunState.QUEUED], cancelled=now, hint="Resume to queue it again.", **ended):
        return
    if not store.update(run_id, only=[RunState.RUNNING], cancelled=record.cancelled or now):
        raise UserError("run", "a queued or running run", f"{run_id}, which is {record.state}")
    # At once, for a dispatcher that has to be started first would take a while; it sees to the rest.
    posix.signal_holder(store.folder(run_id).lock_file, signal.SIGTERM)
    wake(workspace)


def resume(workspace: Workspace, run_id: str) -> str:
    """Queue a run that ended early again; it goes on from its last checkpoint.

    Returns:
        Why its result may differ from that of an uninterrupted run; empty when it will be the same bytes.

    Raises:
        UserError: when there is no such run, or it is live or done, or would only end in the same way again,
            or its device is gone.
    """
    store = Store(workspace)
    record, folder = store.get(run_id), store.folder(run_id)
    if record.state.early and record.final:
        expected = "a run that may end differently when it goes on"
        raise UserError("run", expected, f"{run_id}, which would fail in the same way again", record.hint)
    device = lane(folder.spec().device)
    if not store.requeue(run_id, device):
        raise UserError("run", "a stopped, failed or lost run", f"{run_id}, which is {record.state}")
    wake(workspace)
    return drift([*folder.attempts()[:1], surroundings(device)])


def standby(workspace: Workspace) -> None:
    """Ask for a warm worker to be kept ready for the next while, so that runs start without delay.

    Cheap; a dashboard calls it whenever somebody opens a page.
    """
    workspace.root.mkdir(parents=True, exist_ok=True)
    workspace.standby_stamp.touch()
    _ensure_dispatcher(workspace)


def wake(workspace: Workspace) -> None:
    """Make sure that a dispatcher is there if any run is live. Cheap; watchers of runs call it.

    It also makes a new dispatcher look after runs whose process died together with the last one.
    """
    if Store(workspace).live():
        _ensure_dispatcher(workspace)


def wait(workspace: Workspace, run_id: str, timeout: float | None = None) -> RunRecord:
    """Return the record of a run once it has ended.

    Raises:
        TimeoutError: when it has not within ``timeout`` seconds.
        UserError: when there is no such run.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    while (record := Store(workspace).get(run_id)).state.live:
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError(f"{run_id} is still {record.state} after {timeout} s")
        wake(workspace)
        time.sleep(POLL_SECONDS)
    return record


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this package with the same interpreter."""
    return [sys.executable, "-m", f"fairdd_core.runs.engine.{module}", *arguments]


def environment() -> dict[str, str]:
    """Return the environment of the processes of the engine, where this package can be imported."""
    source = str(Path(fairdd_core.__file__).parent.parent)
    paths = [source, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    # Large pages: training on the CPU allocates and frees tens of megabytes in every step.
    tunables = os.environ.get("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
    # Threads that wait must sleep, not spin: on two cores that anything else uses too, spinning made a
    # training step thirty times slower.
    waiting = os.environ.get("OMP_WAIT_POLICY", "PASSIVE")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path for path in paths if path)),
        "PYTHONUNBUFFERED": "1",
        "GLIBC_TUNABLES": tunables,
        "OMP_WAIT_POLICY": waiting,
    }


def _ensure_dispatcher(workspace: Workspace) -> None:
    # A dispatcher looks at the queue once more after giving up its lock, so a run entered before this
    # test is seen either by the one found here or by the one started here. The lock is taken here and
    # handed over: a new process needs a second until it could take it itself, and every watcher of a
    # run would start another one meanwhile.
    lock = posix.hold(workspace.dispatcher_lock)
    if lock is None:
        return
    try:
        arguments = command("dispatcher", str(workspace.root), str(lock))
        posix.spawn_detached(arguments, workspace.dispatcher_log, environment(), keep=lock)
    finally:
        os.close(lock)
