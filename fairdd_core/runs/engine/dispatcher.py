"""The one process per workspace that starts runs and notices how they end: it admits and reaps."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from fairdd_core.runs.engine import process as posix
from fairdd_core.runs.engine.client import command, environment
from fairdd_core.runs.engine.outcomes import NOT_CLAIMED, SETTLED, Ending, describe, explain_exit
from fairdd_core.runs.engine.warm_worker import Standby
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.runs.storage.trash import tidy
from fairdd_core.workspace import Workspace

TICK_SECONDS = 0.1
IDLE_SECONDS = 3.0
GRACE_SECONDS = 1.2  # from the wish to SIGKILL; a cancelled run is gone within two seconds
PATIENCE_SECONDS = 300.0  # how long the index may stay unusable, for example on a full disk
log = logging.getLogger("dispatcher")


class Dispatcher:
    """Serves one workspace. Its knowledge is in the index and the locks, so another can take over."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store = Store(workspace)
        self.standby = Standby(workspace)
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping: set[str] = set()  # ids of runs that were sent SIGTERM
        self.memory_kills = posix.memory_kills()

    def tick(self) -> bool:
        """Do what is to be done now; return whether there is any reason to stay."""
        live = self.store.live()
        busy = {run.device for run in live if run.state is RunState.RUNNING and self._look_after(run)}
        self._reap({run.id: run for run in live if run.state is RunState.QUEUED})
        for run in live:
            if run.state is RunState.QUEUED and run.device not in busy:
                busy.add(run.device)
                self._start(run)
        self.standby.tick(idle=not live)
        return bool(live) or bool(self.children) or self.standby.wanted()

    def _look_after(self, run: RunRecord) -> bool:
        """Stop or settle a running run; return whether it still occupies its device."""
        lock = self.store.folder(run.id).lock_file
        if not posix.is_held(lock):
            self._settle(run)
            return False
        if run.cancelled is not None:
            late = time.time() - run.cancelled > GRACE_SECONDS and run.id in self.stopping
            self.stopping.add(run.id)  # who is killed was asked before
            posix.signal_holder(lock, signal.SIGKILL if late else signal.SIGTERM)
        return True

    def _settle(self, run: RunRecord) -> None:
        """Write the ending of a run whose worker is gone; the worker's own word, if any, stands."""
        child = self.children.pop(run.id, None)
        code = None if child is None else child.wait()
        if (
            code == NOT_CLAIMED
        ):  # it came second; the one that had the run was started by an earlier dispatcher
            code = None
        kills, self.memory_kills = self.memory_kills, posix.memory_kills()
        ending = explain_exit(code, run.cancelled is not None, self.memory_kills > kills)
        self._end(run, ending)

    def _end(self, run: RunRecord, ending: Ending) -> None:
        self.stopping.discard(run.id)
        message = describe(ending, run, self.store.folder(run.id))
        if self.store.update(run.id, only=[run.state], **ending.columns(message)):
            log.info("%s %s: %s", run.id, ending.state, message)

    def _reap(self, queued: dict[str, RunRecord]) -> None:
        """Collect children that have ended; one that never claimed its run could not start."""
        for run_id, child in list(self.children.items()):
            code = child.poll()
            if code is None:
                continue
            self.children.pop(run_id)
            # Code 0 is that of a run which ended, and then was resumed before this look.
            failed = code not in {SETTLED, NOT_CLAIMED} and run_id in queued
            if failed and self.store.get(run_id).state is RunState.QUEUED:
                self._end(queued[run_id], explain_exit(code, False, False))

    def _start(self, run: RunRecord) -> None:
        folder = self.store.folder(run.id)
        if run.id in self.children or posix.is_held(folder.lock_file):
            return
        if not folder.complete:
            self._end(run, Ending(RunState.FAILED, "The folder of this run is gone.", "Delete the run."))
            return
        child = self.standby.hand_over(run.id)
        if child is None:
            arguments = command("worker", str(self.workspace.root), run.id)
            child = posix.spawn(arguments, folder.log_file, environment())
        log.info("%s started as process %d", run.id, child.pid)
        self.children[run.id] = child


def serve(workspace: Workspace) -> None:
    """Dispatch until there has been nothing to do for a while."""
    dispatcher = Dispatcher(workspace)
    dispatcher.store.adopt_orphans()
    tidy(workspace)
    last_use = last_success = time.monotonic()
    while workspace.root.exists():
        now = time.monotonic()
        try:
            if dispatcher.tick():
                last_use = now
            last_success = now
        except Exception:  # a full disk, say: whatever it is, runs must not stay unattended for it
            log.exception("will try again")
            if now - last_success > PATIENCE_SECONDS:
                raise
            time.sleep(1.0)
        if now - last_use > IDLE_SECONDS:
            break
        time.sleep(TICK_SECONDS)
    dispatcher.standby.dismiss()


def main(root: Path, lock: int | None = None) -> int:
    """Serve the workspace at ``root``, unless another dispatcher does.

    Args:
        root: the workspace.
        lock: the dispatcher's lock, where whoever started this process holds it already.
    """
    workspace = Workspace(root)
    lock = posix.hold(workspace.dispatcher_lock, seconds=0.2) if lock is None else posix.adopt(lock)
    while lock is not None:
        serve(workspace)
        os.close(lock)
        if not workspace.root.exists() or not Store(workspace).live():
            break  # nobody entered a run while the lock was still held
        lock = posix.hold(workspace.dispatcher_lock, seconds=0.2)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:3])))
