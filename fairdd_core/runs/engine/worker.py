"""The process of one run. It starts cold with a run's id, or warm and then reads the id from its input."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from fairdd_core.device import keep_freed_memory
from fairdd_core.runs.engine import process
from fairdd_core.runs.engine.execute import execute
from fairdd_core.runs.engine.outcomes import (
    NOT_CLAIMED,
    SETTLED,
    Outcome,
    StopRequested,
    completed,
    describe,
    explain_error,
)
from fairdd_core.runs.engine.service import wake
from fairdd_core.runs.engine.warm_worker import warm_up
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace

LOCK_SECONDS = 1.0
NOTE = "Loading libraries"
log = logging.getLogger("worker")


def work(workspace: Workspace, run_id: str) -> int:
    """Claim a run, execute it and write its outcome; return the exit code of this process.

    The lock comes first: a run that the index calls running is one whose lock was held, so a free
    lock means that the process is gone, whoever asks and whenever.
    """
    store = Store(workspace)
    folder = store.folder(run_id)
    signal.signal(signal.SIGTERM, _stop)
    claimed = False
    try:
        lock = locks.acquire(folder.lock_file, LOCK_SECONDS)
        claimed = lock is not None and store.update(
            run_id, only=[RunState.QUEUED], state=RunState.RUNNING, started=time.time(), note=NOTE
        )
        if not claimed:
            return NOT_CLAIMED
        _redirect_output(folder.log_file)
        outcome = Outcome(RunState.DONE, "Done.", hint=execute(store, run_id))
    except BaseException as error:
        outcome = explain_error(error)
        log.info("The run ended early", exc_info=error)
        if not claimed:  # the row is not this process's to write; the dispatcher tells how it ended
            return outcome.code or NOT_CLAIMED
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if outcome.state is not RunState.DONE:  # it may have been stopped when there was nothing left to do
        outcome = completed(folder) or outcome
    return _settle(store, run_id, outcome)


def _settle(store: Store, run_id: str, outcome: Outcome) -> int:
    """Write the outcome; where even that fails, the exit code tells the dispatcher."""
    try:
        message = describe(outcome, store.get(run_id), store.folder(run_id))
        store.update(run_id, only=[RunState.RUNNING], **outcome.columns(message))
        wake(store.workspace)  # the queue goes on even if the dispatcher died meanwhile
    except Exception:
        log.exception("The outcome could not be written")
        return outcome.code
    return SETTLED


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second signal must not cut the saving short
    raise StopRequested


def _redirect_output(path: Path) -> None:
    """Send all output of this process, crashes of C code included, to the log of the run."""
    with path.open("ab") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())


def _wait_warm() -> str:
    """Warm up in a thread while waiting, so that a run never waits for it; return the run's id."""
    called = threading.Event()
    threading.Thread(target=warm_up, args=(called,), daemon=True).start()
    run_id = sys.stdin.readline().strip()
    called.set()
    return run_id


def main(arguments: list[str]) -> int:
    """Run as ``worker WORKSPACE [RUN_ID]``."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    faulthandler.enable()
    process.lower_priority()
    keep_freed_memory()
    workspace = Workspace(Path(arguments[0]))
    run_id = arguments[1] if len(arguments) > 1 else _wait_warm()
    return work(workspace, run_id) if run_id else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
