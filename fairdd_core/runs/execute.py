"""What a worker does with a run, and the foreground form of it does too: pipeline, folder, result."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from fairdd_core.events import Event, Phase
from fairdd_core.runs.files import read_arrays
from fairdd_core.runs.folder import RunFolder
from fairdd_core.runs.recorder import checkpoint_iteration, record
from fairdd_core.runs.store import Store

if TYPE_CHECKING:
    import torch

    from fairdd_core.runs.pipeline import Progress

REPORT_SECONDS = 0.25


def execute(store: Store, run_id: str) -> None:
    """Execute a run that this process has claimed, from its last checkpoint if it has one.

    Raises:
        Whatever the pipeline raises; the folder then holds all that was saved before.
    """
    from fairdd_core.device import resolve_device
    from fairdd_core.runs.pipeline import run_pipeline
    from fairdd_core.runs.summary import summarise

    folder = store.folder(run_id)
    folder.sweep()
    spec = folder.spec()
    store.update(run_id, device=str(resolve_device(spec.device)), note="")
    events = run_pipeline(spec, store.home.data, load_progress(folder))
    record(events, folder, Reporter(store, run_id))
    folder.write_result(summarise(folder, run_id))


def load_progress(folder: RunFolder) -> Progress:
    """Return what an earlier execution of the same run has left; nothing for a new one."""
    from fairdd_core.events import Checkpoint
    from fairdd_core.runs.pipeline import Progress

    checkpoint = None
    if folder.checkpoint_file.exists():
        arrays, _ = read_arrays(folder.checkpoint_file)
        tensors = {name: _tensor(array) for name, array in arrays.items()}
        checkpoint = Checkpoint(checkpoint_iteration(folder), tensors)
    distilled = {
        name.removesuffix("/x"): _tensor(array)
        for name, array in folder.synthetic().items()
        if name.endswith("/x")
    }
    counts = {arm: dict(enumerate(counts_KGCC)) for arm, counts_KGCC in folder.counts().items()}
    return Progress(checkpoint, distilled, counts)


def _tensor(array: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(array)


class Reporter:
    """Copies the progress of a run into the index, often enough to watch and no oftener."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store, self.run_id = store, run_id
        self._last = Phase("data", 0, 0)
        self._reported = float("-inf")

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        if not isinstance(event, Phase):
            return
        now = time.monotonic()
        changed = (event.name, event.note) != (self._last.name, self._last.note) or event.done == event.total
        if changed or now - self._reported >= REPORT_SECONDS:
            self.store.update(
                self.run_id, phase=event.name, done=event.done, total=event.total, note=event.note
            )
            self._reported, self._last = now, event
