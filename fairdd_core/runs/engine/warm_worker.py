"""One worker kept warm: it has imported everything heavy and waits for the id of a run."""

from __future__ import annotations

import logging
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import fairdd_core
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.engine import process
from fairdd_core.workspace import Workspace

KEEP_SECONDS = 10 * 60  # after the last request; a warm worker holds about 650 MB
RETRY_SECONDS = 30.0
_PACKAGE = Path(fairdd_core.__file__).parent
log = logging.getLogger("worker")


class WarmWorker:
    """The dispatcher's handle on its warm worker."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._worker: subprocess.Popen[bytes] | None = None
        self._spawned = -RETRY_SECONDS
        self._born = 0.0  # by the clock of the files

    def wanted(self) -> bool:
        """Return whether a warm worker was requested within ``KEEP_SECONDS``."""
        try:
            age = time.time() - self.workspace.warm_worker_request.stat().st_mtime
        except FileNotFoundError:
            return False
        return -RETRY_SECONDS < age < KEEP_SECONDS  # a clock that was set back must not keep it for ever

    def tick(self, idle: bool) -> None:
        """Start a worker when one is wanted and nothing runs, because warming up occupies a core."""
        if not self.wanted():
            self.dismiss()
        elif idle and not self._alive() and time.monotonic() - self._spawned > RETRY_SECONDS:
            command = process.command("worker", str(self.workspace.root))
            self._born = time.time()
            self._worker = process.spawn(command, self.workspace.dispatcher_log, pipe=True)
            self._spawned = time.monotonic()

    def hand_over(self, run_id: str) -> subprocess.Popen[bytes] | None:
        """Give the run to the warm worker and return its process; None when there is none.

        A worker that loaded the package before its code changed is dismissed instead.
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
        """Close the input of the warm worker, which makes it exit."""
        if self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.close()
        self._worker = None

    def _alive(self) -> bool:
        return self._worker is not None and self._worker.poll() is None


def newest_source() -> float:
    """Return when the package's code last changed, in seconds since 1970; takes a few milliseconds."""
    changed = [0.0]
    for path in _PACKAGE.rglob("*.py"):
        with suppress(FileNotFoundError):  # just renamed, or an editor's lock file, which is a broken link
            changed.append(path.stat().st_mtime)
    return max(changed)


def warm_up(called: threading.Event) -> None:
    """Run a tiny pipeline on the CPU until ``called`` is set; CUDA stays untouched to spare its memory.

    This imports torch and compiles UMAP, which take longest in a new process. A failure is logged only.
    """
    try:
        from fairdd_core.runs.engine.pipeline import run_pipeline

        with tempfile.TemporaryDirectory() as empty:
            for _ in run_pipeline(tiny_spec(), Path(empty), None):
                if called.is_set():
                    return
        log.info("Warm")
    except Exception:
        log.exception("Could not warm up")


def tiny_spec() -> RunSpec:
    """Return a run of a second or two that uses every stage."""
    network = NetSpec(width=4, depth=3)
    arms = tuple(ArmSpec(name=name, alignment=name) for name in ("vanilla", "cobra"))
    schedule = ScheduleSpec(pairs=1, samples=2)
    return RunSpec(
        data=DataSpec(groups=2),
        distill=DistillSpec(arms=arms, ipc=1, iterations=1, network=network, schedule=schedule, snapshots=2),
        evaluation=EvaluationSpec(networks=1, epochs=1, network=network, full_data_steps=1, bootstrap=100),
        embedding=EmbeddingSpec(samples_per_cell=2),
        device="cpu",
    )
