"""Executing a run in a worker: pipeline, files, progress and result."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fairdd_core.events import Event, Phase
from fairdd_core.runs.engine.environment import describe_drift, restore_environment
from fairdd_core.runs.engine.outcomes import StopRequested
from fairdd_core.runs.engine.recorder import record
from fairdd_core.runs.engine.reuse import RunCache
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import Store

if TYPE_CHECKING:
    from fairdd_core.runs.engine.pipeline import Progress

REPORT_SECONDS = 0.25


def execute(store: Store, run_id: str) -> str:
    """Execute a run that this process has claimed, from its last checkpoint if it has one.

    Returns:
        A remark on its reproducibility; usually empty.

    Raises:
        Whatever the pipeline raises; the folder then holds all that was saved before.
    """
    from fairdd_core.device import describe_device, resolve_device
    from fairdd_core.runs.engine.pipeline import run_pipeline
    from fairdd_core.runs.storage.summary import summarise

    folder = store.folder(run_id)
    folder.remove_temporary_files()
    spec = folder.spec()
    device, fresh = resolve_device(spec.device), store.get(run_id).fresh
    store.update(run_id, device=str(device), note="")
    environment = restore_environment(str(device), folder.attempts())
    words = describe_device(device)
    cache = RunCache(ResultCache(store.workspace), run_id, environment, words, fresh=fresh)
    events = run_pipeline(spec, store.workspace.data, load_progress(folder), cache)
    reporter = Reporter(store, run_id)
    try:
        record(events, folder, reporter, environment)
    except BaseException:
        with suppress(sqlite3.Error):  # the first error is the one to report
            reporter.flush()
        raise
    attempts = folder.attempts()
    folder.write_result({**summarise(folder, run_id, words), "attempts": attempts})
    folder.checkpoint_file.unlink(missing_ok=True)  # nothing is left to resume
    return describe_drift(attempts)


def load_progress(folder: RunFolder) -> Progress:
    """Return what an earlier attempt at the same run has left; nothing for a new one."""
    from torch import from_numpy

    from fairdd_core.events import Checkpoint
    from fairdd_core.runs.engine.pipeline import Progress

    checkpoint = None
    if stored := folder.checkpoint():
        checkpoint = Checkpoint(stored[0], {name: from_numpy(array) for name, array in stored[1].items()})
    images = {name: array for name, array in folder.synthetic().items() if name.endswith("/x")}
    distilled = {name.removesuffix("/x"): from_numpy(x_NCHW) for name, x_NCHW in images.items()}
    counts = {name: dict(enumerate(counts_KGCC)) for name, counts_KGCC in folder.count_series().items()}
    return Progress(checkpoint, distilled, folder.external(), counts, folder=folder, data=folder.data())


class Reporter:
    """Copies the progress of a run into the index, at most every ``REPORT_SECONDS`` within a phase."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store, self.run_id = store, run_id
        self._last = Phase("data", 0, 0)
        self._reported = float("-inf")

    def __call__(self, event: Event) -> None:
        """Report the progress in an event, if it has any."""
        if isinstance(event, Phase):
            changed = (event.name, event.note) != (self._last.name, self._last.note)
            self._last = event
            if changed or event.done == event.total or time.monotonic() - self._reported >= REPORT_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Write the latest progress.

        Raises:
            StopRequested: when the run was removed from the index, or the workspace is gone.
        """
        last = self._last
        progress: dict[str, Any] = {
            "phase": last.name,
            "done": last.done,
            "total": last.total,
            "note": last.note,
        }
        if not self.store.update(self.run_id, **progress):
            raise StopRequested
        self._reported = time.monotonic()
