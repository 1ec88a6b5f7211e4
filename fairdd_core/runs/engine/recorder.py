"""Turning the events of a run into files, as they come."""

from __future__ import annotations

import io
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from fairdd_core.config.spec.evaluation import series
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.events import (
    Checkpoint,
    Diagnosed,
    Distilled,
    Embedded,
    Evaluated,
    Event,
    Loaded,
    Nearest,
    Phase,
    Snapshot,
    Step,
)
from fairdd_core.files import read_arrays, write_arrays
from fairdd_core.runs.storage.folder import RunFolder

STEPS_LOGGED = 200
FIRST_STEPS = 10  # logged whatever the stride, for the curves start here
SNAPSHOT_BUDGET = 40_000_000  # bytes; keeps a standard run under 50 MB
Listener = Callable[[Event], None]


def record(
    events: Iterable[Event],
    folder: RunFolder,
    listener: Listener | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Consume the events of a pipeline into ``folder``; tell ``listener`` about each once it is saved.

    Args:
        events: of one attempt at the run.
        folder: with the specification in it.
        listener: is told.
        about: what this attempt is noted down with (see ``RunFolder.attempts``).

    Raises:
        OSError: when the disk is full or not writable.
        Whatever the pipeline raises.
    """
    recorder = Recorder(folder, about or {})
    try:
        for event in events:
            recorder.take(event)
            if listener is not None:
                listener(event)
    finally:
        recorder.close()


class Recorder:
    """Writes events to a run folder. The folder's specification must be there already."""

    def __init__(self, folder: RunFolder, about: Mapping[str, Any]) -> None:
        self.folder = folder
        self._spec: RunSpec = folder.spec()
        self._stride = math.ceil(self._spec.distill.iterations / STEPS_LOGGED)
        self._images: dict[str, np.ndarray] = {}
        self._images_at = -1
        self._seldom_measured = False
        self._phase_logged = ("", "")
        self._synthetic = folder.synthetic()
        self._counts = {name: list(counts) for name, counts in folder.count_series().items()}
        self._answers = read_arrays(folder.answers_file)[0]
        earlier = folder.events()[0]
        self._offset = earlier[-1]["t"] if earlier else 0.0
        self._started = time.monotonic()
        self._log = _open_to_append(folder)
        if earlier:
            self._append("resumed", iteration=checkpoint_iteration(folder))
        self._append("attempt", **about)

    def take(self, event: Event) -> None:
        """Save one event."""
        match event:
            case Loaded(classes, groups, colors, mean, std):
                names = {"classes": classes, "groups": groups, "colors": colors}
                self._append("loaded", **names, mean=mean, std=std)
            case Step():
                self._step(event)
            case Snapshot():
                self._snapshot(event)
            case Checkpoint(iteration, tensors):
                arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
                write_arrays(self.folder.checkpoint_file, arrays, {"iteration": str(iteration)})
                self._append("checkpoint", iteration=iteration)
            case Phase():
                self._phase(event)
            case Distilled(arm, x_NCHW, y_N):
                self._synthetic |= {f"{arm}/x": x_NCHW.cpu().numpy(), f"{arm}/y": y_N.cpu().numpy()}
                write_arrays(self.folder.synthetic_file, self._synthetic)
                self._append("distilled", arm=arm)
            case Evaluated():
                self._evaluated(event)
            case Diagnosed(iteration, cells):
                self.folder.write_diagnostics(iteration, cells)
                self._append("diagnosed", iteration=iteration)
            case Nearest():
                self.folder.write_nearest(event)
                self._append("neighbours", arm=event.arm)
            case Embedded(points, residuals, moments):
                self.folder.write_tables(points, residuals, moments)
                self._append("embedded", umap=bool(points["umap_x"].notna().any()))

    def close(self) -> None:
        """Save what is held back and close the log of events."""
        try:
            self._flush_images()
        finally:
            self._log.close()

    def _phase(self, phase: Phase) -> None:
        """Log a phase when its name or note changes; how far a phase has come is for the index to say."""
        if (phase.name, phase.note) != self._phase_logged:
            self._phase_logged = (phase.name, phase.note)
            self._append("phase", name=phase.name, done=phase.done, total=phase.total, note=phase.note)

    def _step(self, step: Step) -> None:
        last = step.iteration == self._spec.distill.iterations
        measured = not math.isnan(step.worst_residual)
        self._seldom_measured |= not measured
        due = step.iteration <= FIRST_STEPS or step.iteration % self._stride == 0 or last
        if due or (measured and self._seldom_measured):
            residual = step.worst_residual if math.isfinite(step.worst_residual) else None
            values = {"iteration": step.iteration, "loss": step.loss, "worst_residual": residual}
            self._append("step", arm=step.arm, **values)

    def _evaluated(self, event: Evaluated) -> None:
        name, network = series(event.arm, event.architecture), event.network
        if event.predicted_N is not None:  # first, so that whatever was counted can be looked into
            self._answers[f"{name}/{network}"] = event.predicted_N
            write_arrays(self.folder.answers_file, self._answers)
        # A resumed run may tell what it knew before.
        self._counts.setdefault(name, [])[network : network + 1] = [event.counts_GCC]
        write_arrays(self.folder.counts_file, {a: np.stack(c) for a, c in self._counts.items()})
        self._append("evaluated", arm=event.arm, network=network, architecture=event.architecture)

    def _snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.iteration != self._images_at:
            self._flush_images()
            self._images_at = snapshot.iteration
        self._images[snapshot.arm] = snapshot.images_CIKHW
        if len(self._images) == len(self._spec.distill.arms):
            self._flush_images()

    def _flush_images(self) -> None:
        if self._images:
            self.folder.write_snapshot(self._images_at, self._images)
            self.folder.thin_snapshots(SNAPSHOT_BUDGET)
            self._append("snapshot", iteration=self._images_at)
            self._images = {}

    def _append(self, event: str, **values: Any) -> None:
        seconds = self._offset + time.monotonic() - self._started
        line = json.dumps({"t": round(seconds, 3), "event": event, **values}, ensure_ascii=False)
        self._log.write(line.encode() + b"\n")


def checkpoint_iteration(folder: RunFolder) -> int:
    """Return how many updates the checkpoint of a run holds; 0 without one."""
    from safetensors import safe_open

    if not folder.checkpoint_file.exists():
        return 0
    with safe_open(folder.checkpoint_file, framework="numpy") as file:
        return int((file.metadata() or {}).get("iteration", 0))


def _open_to_append(folder: RunFolder) -> io.FileIO:
    """Open the log of events; a line torn by a crash is closed first, and then skipped by readers."""
    path = folder.events_file
    torn = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    log = io.FileIO(path, "ab")
    if torn:
        log.write(b"\n")
    return log
