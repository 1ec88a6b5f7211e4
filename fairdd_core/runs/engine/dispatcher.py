"""The one process per workspace that starts runs and notices how they end."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from fairdd_core.errors import UserError
from fairdd_core.runs.engine import process
from fairdd_core.runs.engine.outcomes import (
    CRASHED,
    NOT_CLAIMED,
    SETTLED,
    Outcome,
    completed,
    describe,
    explain_exit,
)
from fairdd_core.runs.engine.warm_worker import WarmWorker
from fairdd_core.runs.storage import locks, trash
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.runs.storage.schema import UnusableIndex
from fairdd_core.workspace import Workspace

TICK_SECONDS = 0.1
IDLE_SECONDS = 3.0
GRACE_SECONDS = 1.2  # from the request to SIGKILL; a cancelled run is gone within two seconds
MOST_ATTEMPTS = 3  # at starting a run; one that nobody can claim must not be tried for ever
PATIENCE_SECONDS = 300.0  # how long the index may stay unusable, for example on a full disk
RETRY_SECONDS = 1.0
_EXPECTED = (OSError, UserError, UnusableIndex)
log = logging.getLogger("dispatcher")


class Dispatcher:
    """Serves one workspace. Its state is in the index and the locks, so another can take over."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store = Store(workspace)
        self.warm_worker = WarmWorker(workspace)
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping: dict[str, float] = {}  # id of a run -> when it was sent SIGTERM, monotonic
        self.handed_over: set[str] = set()  # ids of runs that a warm worker was given
        self.attempts: dict[str, int] = {}  # id of a queued run -> processes that ended without claiming it
        self.oom_kills = process.count_oom_kills()

    def tick(self) -> bool:
        """Settle, start and stop what is due; return whether there is any reason to stay."""
        live = self.store.live()
        busy = {run.device for run in live if run.state is RunState.RUNNING and self._supervise(run)}
        queued = {run.id: run for run in live if run.state is RunState.QUEUED}
        ended = self._reap(queued)
        for run_id, run in queued.items():
            if run_id not in ended and run.device not in busy:
                busy.add(run.device)
                self._start(run)
        self.warm_worker.tick(idle=not live)
        return bool(live) or bool(self.children) or self.warm_worker.wanted()

    def _supervise(self, run: RunRecord) -> bool:
        """Stop or settle a running run; return whether it still occupies its device."""
        lock = self.store.folder(run.id).lock_file
        if not locks.is_held(lock):
            self._settle(run)
            return False
        if run.cancelled is not None:
            known = run.id in self.stopping  # SIGKILL comes only after SIGTERM
            waited = time.monotonic() - self.stopping.setdefault(run.id, time.monotonic())
            # The request may be older than this process; the wall clock alone may be set back meanwhile.
            late = known and max(waited, time.time() - run.cancelled) > GRACE_SECONDS
            process.signal_holder(lock, signal.SIGKILL if late else signal.SIGTERM)
        return True

    def _settle(self, run: RunRecord) -> None:
        """Write the outcome of a run whose worker is gone; one that the worker wrote itself stands."""
        child = self.children.get(run.id)
        code = None if child is None else child.wait()
        if code == NOT_CLAIMED:  # the run was another worker's, started by an earlier dispatcher
            code = None
        oom_kills = process.count_oom_kills()
        outcome = completed(self.store.folder(run.id))  # it may have been killed after its last word
        out_of_memory = oom_kills > self.oom_kills
        self._end(run, outcome or explain_exit(code, run.cancelled is not None, out_of_memory))
        # Forgotten only now: where the outcome could not be written, it is explained again.
        self.oom_kills = oom_kills
        self.children.pop(run.id, None)

    def _end(self, run: RunRecord, outcome: Outcome) -> None:
        self.stopping.pop(run.id, None)
        self.attempts.pop(run.id, None)
        message = describe(outcome, run, self.store.folder(run.id))
        if self.store.update(run.id, only=[run.state], **outcome.columns(message)):
            log.info("%s %s: %s", run.id, outcome.state, message)

    def _reap(self, queued: dict[str, RunRecord]) -> set[str]:
        """Collect children that have ended; return the runs that none of them could start."""
        ended = set[str]()
        for run_id, child in list(self.children.items()):
            code = child.poll()
            if code is None:
                continue
            if run_id in queued and self.store.get(run_id).state is RunState.QUEUED:
                # SETTLED belongs to a run that ended and was resumed before this look. A warm worker may
                # have been dying when it got the run, which then starts cold.
                attempts = self.attempts.get(run_id, 0) + 1
                excused = code in {SETTLED, NOT_CLAIMED} or run_id in self.handed_over
                if excused and attempts < MOST_ATTEMPTS:
                    self.attempts[run_id] = attempts
                else:
                    code = CRASHED if code in {SETTLED, NOT_CLAIMED} else code
                    self._end(queued[run_id], explain_exit(code, cancelled=False, oom_killed=False))
                    ended.add(run_id)
            self.children.pop(run_id)
            self.handed_over.discard(run_id)
        return ended

    def _start(self, run: RunRecord) -> None:
        folder = self.store.folder(run.id)
        if run.id in self.children or locks.is_held(folder.lock_file):
            return
        if not folder.complete:
            self._end(run, Outcome(RunState.FAILED, "The folder of this run is gone.", "Delete the run."))
            return
        child = self.warm_worker.hand_over(run.id)
        if child is not None:
            self.handed_over.add(run.id)
        else:
            command = process.command("worker", str(self.workspace.root), run.id)
            child = process.spawn(command, folder.log_file)
        log.info("%s started as process %d", run.id, child.pid)
        self.children[run.id] = child


def serve(workspace: Workspace, lock: int) -> None:
    """Dispatch until there has been nothing to do for a while, or the workspace is no longer the same.

    Args:
        workspace: to serve.
        lock: the dispatcher's lock. Where the workspace was made anew, it is another one's by now.
    """
    dispatcher, tidied = Dispatcher(workspace), False
    last_use = last_success = time.monotonic()
    while locks.is_current(lock, workspace.dispatcher_lock):
        now = time.monotonic()
        try:
            if not tidied:
                dispatcher.store.adopt_orphans()
                trash.tidy(workspace)
                tidied = True
            if dispatcher.tick():
                last_use = now
            last_success = now
        except Exception as error:  # a full disk, for example: runs must not stay unattended, whatever it is
            log.info("Trying again: %s", error, exc_info=not isinstance(error, _EXPECTED))
            if now - last_success > PATIENCE_SECONDS:
                break
            time.sleep(RETRY_SECONDS)
            last_use = now = time.monotonic()
        if now - last_use > IDLE_SECONDS:
            break
        time.sleep(TICK_SECONDS)
    dispatcher.warm_worker.dismiss()


def main(root: Path, lock: int | None = None) -> int:
    """Serve the workspace at ``root``, unless another dispatcher does.

    Args:
        root: of the workspace.
        lock: the dispatcher's lock, where whoever started this process already holds it.
    """
    workspace = Workspace(root)
    if not root.exists():
        return 0
    lock = locks.acquire(workspace.dispatcher_lock, 0.2) if lock is None else locks.take_over(lock)
    while lock is not None:
        serve(workspace, lock)
        os.close(lock)
        if not workspace.root.exists() or not _has_live_runs(workspace):
            break  # no run was submitted while the lock was still held
        lock = locks.acquire(workspace.dispatcher_lock, 0.2)
    return 0


def _has_live_runs(workspace: Workspace) -> bool:
    try:
        return bool(Store(workspace).live())
    except (OSError, UserError, sqlite3.Error) as error:
        log.info("The index cannot be used: %s", error)
        return False


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:3])))
