"""One worker kept warm: it has imported everything heavy and waits for the id of a run."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import fairdd_core
from fairdd_core.runs.engine import process as posix
from fairdd_core.runs.engine.client import command, environment
from fairdd_core.workspace import Workspace

KEEP_SECONDS = 10 * 60  # after the last wish for it; a warm worker holds about 650 MB
RETRY_SECONDS = 30.0
_PACKAGE = Path(fairdd_core.__file__).parent


def newest_source() -> float:
    """Return when the package's code was last changed, in seconds since 1970; takes a few milliseconds."""
    changed = [0.0]
    for path in _PACKAGE.rglob("*.py"):
        with suppress(FileNotFoundError):  # just renamed, or an editor's lock, which points nowhere
            changed.append(path.stat().st_mtime)
    return max(changed)


class Standby:
    """The dispatcher's hold on its warm worker."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._worker: subprocess.Popen[bytes] | None = None
        self._spawned = -RETRY_SECONDS
        self._born = 0.0  # by the clock of the files

    def wanted(self) -> bool:
        """Return whether somebody asked for a warm worker lately."""
        try:
            return time.time() - self.workspace.standby_stamp.stat().st_mtime < KEEP_SECONDS
        except FileNotFoundError:
            return False

    def tick(self, idle: bool) -> None:
        """Start a worker when one is wanted and nothing runs, for warming up takes a core for a while."""
        if not self.wanted():
            self.dismiss()
        elif idle and not self._alive() and time.monotonic() - self._spawned > RETRY_SECONDS:
            arguments = command("worker", str(self.workspace.root))
            self._born = time.time()
            self._worker = posix.spawn(arguments, self.workspace.dispatcher_log, environment(), talk=True)
            self._spawned = time.monotonic()

    def hand_over(self, run_id: str) -> subprocess.Popen[bytes] | None:
        """Give the run to the warm worker and return it; None when there is none.

        One that has loaded the package before it was changed would not know what was added.
        """
        if not self._alive():
            return None
        if newest_source() >= self._born:
            self.dismiss()
            return None
        worker, self._worker = self._worker, None
        self._spawned = -RETRY_SECONDS
        assert worker is not None and worker.stdin is not None
        try:
            worker.stdin.write(f"{run_id}\n".encode())
            worker.stdin.close()
        except BrokenPipeError:
            worker.wait()
            return None
        return worker

    def dismiss(self) -> None:
        """Let the warm worker go: its input ends."""
        if self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.close()
        self._worker = None

    def _alive(self) -> bool:
        return self._worker is not None and self._worker.poll() is None
