"""The one process per workspace that starts runs and notices how they end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from fairdd_core.runs.engine import process
from fairdd_core.runs.engine.outcomes import NOT_CLAIMED, SETTLED, Outcome, describe, explain_exit
from fairdd_core.runs.engine.warm_worker import WarmWorker
from fairdd_core.runs.storage import locks, trash
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

TICK_SECONDS = 0.1
IDLE_SECONDS = 3.0
GRACE_SECONDS = 1.2  # from the request to SIGKILL; a cancelled run is gone within two seconds
PATIENCE_SECONDS = 300.0  # how long the index may stay unusable, for example on a full disk
log = logging.getLogger("dispatcher")


class Dispatcher:
    """Serves one workspace. Its state is in the index and the locks, so another can take over."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store = Store(workspace)
        self.warm_worker = WarmWorker(workspace)
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping: dict[str, float] = {}  # id of a run -> when it was sent SIGTERM, monotonic
        self.oom_kills = process.count_oom_kills()

    def tick(self) -> bool:
        """Settle, start and stop what is due; return whether there is any reason to stay."""
        live = self.store.live()
        busy = {run.device for run in live if run.state is RunState.RUNNING and self._supervise(run)}
        self._reap({run.id: run for run in live if run.state is RunState.QUEUED})
        for run in live:
            if run.state is RunState.QUEUED and run.device not in busy:
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
        child = self.children.pop(run.id, None)
        code = None if child is None else child.wait()
        if code == NOT_CLAIMED:  # the run was another worker's, started by an earlier dispatcher
            code = None
        before, self.oom_kills = self.oom_kills, process.count_oom_kills()
        self._end(run, explain_exit(code, run.cancelled is not None, self.oom_kills > before))

    def _end(self, run: RunRecord, outcome: Outcome) -> None:
        self.stopping.pop(run.id, None)
        message = describe(outcome, run, self.store.folder(run.id))
        if self.store.update(run.id, only=[run.state], **outcome.columns(message)):
            log.info("%s %s: %s", run.id, outcome.state, message)

    def _reap(self, queued: dict[str, RunRecord]) -> None:
        """Collect children that have ended; one that never claimed its run could not start."""
        for run_id, child in list(self.children.items()):
            code = child.poll()
            if code is None:
                continue
            self.children.pop(run_id)
            # SETTLED belongs to a run that ended and was resumed before this look.
            failed = code not in {SETTLED, NOT_CLAIMED} and run_id in queued
            if failed and self.store.get(run_id).state is RunState.QUEUED:
                self._end(queued[run_id], explain_exit(code, cancelled=False, oom_killed=False))

    def _start(self, run: RunRecord) -> None:
        folder = self.store.folder(run.id)
        if run.id in self.children or locks.is_held(folder.lock_file):
            return
        if not folder.complete:
            self._end(run, Outcome(RunState.FAILED, "The folder of this run is gone.", "Delete the run."))
            return
        child = self.warm_worker.hand_over(run.id)
        if child is None:
            command = process.command("worker", str(self.workspace.root), run.id)
            child = process.spawn(command, folder.log_file)
        log.info("%s started as process %d", run.id, child.pid)
        self.children[run.id] = child


def serve(workspace: Workspace) -> None:
    """Dispatch until there has been nothing to do for a while."""
    dispatcher = Dispatcher(workspace)
    dispatcher.store.adopt_orphans()
    trash.tidy(workspace)
    last_use = last_success = time.monotonic()
    while workspace.root.exists():
        now = time.monotonic()
        try:
            if dispatcher.tick():
                last_use = now
            last_success = now
        except Exception:  # a full disk, for example: runs must not stay unattended, whatever it is
            log.exception("Trying again")
            if now - last_success > PATIENCE_SECONDS:
                raise
            time.sleep(1.0)
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
    lock = locks.acquire(workspace.dispatcher_lock, 0.2) if lock is None else locks.take_over(lock)
    while lock is not None:
        serve(workspace)
        os.close(lock)
        if not workspace.root.exists() or not Store(workspace).live():
            break  # no run was submitted while the lock was still held
        lock = locks.acquire(workspace.dispatcher_lock, 0.2)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:3])))
