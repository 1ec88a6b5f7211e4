"""The process of one run. Started cold with a run's id, or warm, and then told the id on its input."""

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
from fairdd_core.runs.engine import process as posix
from fairdd_core.runs.engine.client import wake
from fairdd_core.runs.engine.execute import execute
from fairdd_core.runs.engine.outcomes import (
    NOT_CLAIMED,
    SETTLED,
    Ending,
    StopRequested,
    describe,
    explain_error,
)
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace

LOCK_SECONDS = 1.0
log = logging.getLogger("worker")


def work(workspace: Workspace, run_id: str) -> int:
    """Claim a run, execute it and write its ending; return the exit code of this process.

    The lock comes first: a run that the index calls running is one whose lock was held, so a free
    lock means that the process is gone, whoever asks and whenever.
    """
    store = Store(workspace)
    folder = store.folder(run_id)
    signal.signal(signal.SIGTERM, _stop)
    try:
        lock = posix.hold(folder.lock_file, LOCK_SECONDS)
        claimed = {"state": RunState.RUNNING, "started": time.time(), "note": "Loading libraries"}
        if lock is None or not store.update(run_id, only=[RunState.QUEUED], **claimed):
            return NOT_CLAIMED
        _speak_into(folder.log_file)
        ending = Ending(RunState.DONE, "Done.", hint=execute(store, run_id))
    except BaseException as error:
        ending = explain_error(error)
        log.info("The run ended early", exc_info=error)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return _settle(store, run_id, ending)


def _settle(store: Store, run_id: str, ending: Ending) -> int:
    """Write the ending; where even that fails, the exit code tells the dispatcher."""
    try:
        message = describe(ending, store.get(run_id), store.folder(run_id))
        store.update(run_id, only=[RunState.RUNNING], **ending.columns(message))
        wake(store.workspace)  # the queue goes on even if the dispatcher died meanwhile
    except Exception:
        log.exception("The ending could not be written")
        return ending.code
    return SETTLED


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever asks again must not cut the saving short
    raise StopRequested


def _speak_into(path: Path) -> None:
    """Send what this process says, crashes of C code included, to the log of the run."""
    with path.open("ab") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())


def _wait_warm() -> str:
    """Warm up beside waiting, so that a run never waits for the warming; return the run's id."""
    from fairdd_core.runs.engine.warm_up import warm_up

    called = threading.Event()
    threading.Thread(target=warm_up, args=(called,), daemon=True).start()
    run_id = sys.stdin.readline().strip()
    called.set()
    return run_id


def main(arguments: list[str]) -> int:
    """Run as ``worker HOME [RUN_ID]``."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    faulthandler.enable()
    posix.step_back()
    keep_freed_memory()
    workspace = Workspace(Path(arguments[0]))
    run_id = arguments[1] if len(arguments) > 1 else _wait_warm()
    return work(workspace, run_id) if run_id else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
