"""Submitting, stopping and resuming runs. Only ``wait`` blocks; the work happens elsewhere.

A run is a row in the index and a folder. One dispatcher per workspace starts a fresh process for each run,
one run per device at a time. Whoever needs the dispatcher starts it, and it exits when idle; killing the
caller, the dispatcher or a worker loses no run.
"""

from __future__ import annotations

import os
import signal
import time

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import queue_device
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import process
from fairdd_core.runs.engine.environment import describe_drift, describe_environment
from fairdd_core.runs.engine.outcomes import Outcome
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

POLL_SECONDS = 0.2


def submit(workspace: Workspace, spec: RunSpec, title: str = "", *, fresh: bool = False) -> str:
    """Queue a run and return its id; without a title it is named after its settings.

    Args:
        workspace: of the run.
        spec: what to do.
        title: a name for it.
        fresh: whether to compute everything anew instead of reusing results of earlier runs; the results are
            the same.

    Raises:
        UserError: when the spec asks for a device that this machine does not have, or for more images per
            class than there are.
    """
    # Imported here because it loads every data set's card, which a dispatcher does not need.
    from fairdd_core.config.checks import check_sizes
    from fairdd_core.config.titles import title_of

    check_sizes(spec, workspace.data)
    name, device = title or title_of(spec, workspace.data), queue_device(spec.device)
    run_id = Store(workspace).create(spec, name, device, fresh=fresh)
    wake(workspace)
    return run_id


def cancel(workspace: Workspace, run_id: str) -> None:
    """Stop a run: at once when queued, within two seconds when running. What it made is kept.

    Raises:
        UserError: when there is no such run, or it has already ended.
    """
    store = Store(workspace)
    record = store.get(run_id)
    now = time.time()
    outcome = Outcome(RunState.STOPPED, "Stopped before it started.", "Resume to queue it again.")
    if store.update(run_id, only=[RunState.QUEUED], cancelled=now, **outcome.columns(outcome.message)):
        return
    if not store.update(run_id, only=[RunState.RUNNING], cancelled=record.cancelled or now):
        raise UserError("run", "a queued or running run", f"{run_id}, which is {record.state}")
    # Signalled here because a dispatcher that must be started first would take a while; it does the rest.
    process.signal_holder(store.folder(run_id).lock_file, signal.SIGTERM)
    wake(workspace)


def resume(workspace: Workspace, run_id: str) -> str:
    """Queue a run that ended early again; it continues from its last checkpoint.

    Returns:
        Why its result may differ from that of an uninterrupted run; empty when it will be the same bytes.

    Raises:
        UserError: when there is no such run, it is live or done, it would only fail in the same way again,
            its device is gone, or its data set has changed.
    """
    # Imported here because it loads every data set's card, which a dispatcher does not need.
    from fairdd_core.data.registry import content_of
    from fairdd_core.runs.storage.identity import check_data

    store = Store(workspace)
    record, folder = store.get(run_id), store.folder(run_id)
    if record.state.early and record.final:
        expected = "a run that may end differently when it is resumed"
        raise UserError("run", expected, f"{run_id}, which would fail in the same way again", record.hint)
    spec = folder.spec()
    check_data(folder.data(), content_of(spec.data.dataset, workspace.data), spec.data.dataset)
    device = queue_device(spec.device)
    if not store.requeue(run_id, device):
        raise UserError("run", "a stopped, failed or lost run", f"{run_id}, which is {record.state}")
    wake(workspace)
    return describe_drift([*folder.attempts()[:1], describe_environment(device)])


def request_warm_worker(workspace: Workspace) -> None:
    """Ask for a warm worker to be kept ready for a while, so that runs start without delay.

    Cheap; a dashboard calls it whenever somebody opens a page.
    """
    workspace.create()
    workspace.warm_worker_request.touch()
    _ensure_dispatcher(workspace)


def wake(workspace: Workspace) -> None:
    """Make sure that a dispatcher runs if any run is live. Cheap; whoever watches runs calls it.

    It also makes a new dispatcher settle runs whose process died together with the last one.
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


def _ensure_dispatcher(workspace: Workspace) -> None:
    # A dispatcher looks at the queue once more after giving up its lock, so a run entered before this
    # test is seen either by the one found here or by the one started here. The lock is taken here and
    # handed over: a new process needs a second until it could take it itself, and every watcher of a
    # run would start another one meanwhile.
    lock = locks.acquire(workspace.dispatcher_lock)
    if lock is None:
        return
    try:
        arguments = process.command("dispatcher", str(workspace.root), str(lock))
        process.spawn_detached(arguments, workspace.dispatcher_log, keep=lock)
    finally:
        os.close(lock)
