"""Writing the events of a run to its folder, as they come."""

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
from fairdd_core.data.grouped import Normalisation
from fairdd_core.events import (
    Checkpoint,
    ClassesSeen,
    Diagnosed,
    Distilled,
    Embedded,
    Evaluated,
    Event,
    Loaded,
    Nearest,
    Phase,
    Reused,
    Snapshot,
    Step,
    Trained,
)
from fairdd_core.files import read_arrays, write_arrays
from fairdd_core.runs.storage.folder import RunFolder

STEPS_LOGGED = 200
FIRST_STEPS = 10  # logged whatever the stride, because the curves start there
SNAPSHOT_BUDGET = 40_000_000  # bytes; keeps a standard run under 50 MB
Listener = Callable[[Event], None]


def record(
    events: Iterable[Event],
    folder: RunFolder,
    listener: Listener | None = None,
    environment: Mapping[str, Any] | None = None,
) -> None:
    """Write the events of a pipeline to ``folder``; call ``listener`` with each one once it is saved.

    Args:
        events: of one attempt at the run.
        folder: with the specification in it.
        listener: for the progress.
        environment: of this attempt (see ``RunFolder.attempts``).

    Raises:
        OSError: when the disk is full or not writable.
        Whatever the pipeline raises.
    """
    recorder = Recorder(folder, environment or {})
    try:
        for event in events:
            recorder.write(event)
            if listener is not None:
                listener(event)
    finally:
        recorder.close()


class Recorder:
    """Writes events to a run folder. The folder's specification must be there already."""

    def __init__(self, folder: RunFolder, environment: Mapping[str, Any]) -> None:
        self.folder = folder
        self._spec: RunSpec = folder.spec()
        self._stride = math.ceil(self._spec.distill.iterations / STEPS_LOGGED)
        self._images: dict[str, np.ndarray] = {}
        self._images_at = -1
        self._normalisation: dict[str, str] | None = None
        self._residuals_are_sparse = False
        self._phase_logged = ("", "")
        self._synthetic = folder.synthetic()
        self._counts = {name: list(counts) for name, counts in folder.count_series().items()}
        self._answers = read_arrays(folder.answers_file)[0]
        earlier = folder.events()[0]
        self._offset = earlier[-1]["t"] if earlier else 0.0
        self._started = time.monotonic()
        self._log = _open_to_append(folder)
        if earlier:
            checkpoint = folder.checkpoint()
            self._append("resumed", iteration=checkpoint[0] if checkpoint else 0)
        self._append("attempt", **environment)

    def write(self, event: Event) -> None:
        """Save one event."""
        match event:
            case Loaded(classes, groups, colors, mean, std, y_N, a_N, content):
                if y_N is not None and a_N is not None:
                    self.folder.write_test_labels(y_N, a_N)
                self._normalisation = Normalisation(mean, std).metadata()
                names = {"classes": classes, "groups": groups, "colors": colors}
                self._append("loaded", **names, mean=mean, std=std, data=content)
            case Step():
                self._step(event)
            case Snapshot():
                self._snapshot(event)
            case Checkpoint(iteration, tensors):
                self.folder.write_checkpoint(iteration, {name: t.numpy() for name, t in tensors.items()})
                self._append("checkpoint", iteration=iteration)
            case Phase():
                self._phase(event)
            case Distilled():
                self._distilled(event)
            case ClassesSeen() | Trained() | Reused():
                self._append(type(event).__name__.lower(), **vars(event))
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
        """Save the images of an unfinished snapshot and close the log of events."""
        try:
            self._flush_images()
        finally:
            self._log.close()

    def _phase(self, phase: Phase) -> None:
        """Log a phase when its name or note changes; the progress within it goes to the index only."""
        if (phase.name, phase.note) != self._phase_logged:
            self._phase_logged = (phase.name, phase.note)
            self._append("phase", name=phase.name, done=phase.done, total=phase.total, note=phase.note)

    def _step(self, step: Step) -> None:
        """Log the first and last steps, some between, and every residual where not all steps have one."""
        last = step.iteration == self._spec.distill.iterations
        measured = not math.isnan(step.worst_residual)
        self._residuals_are_sparse |= not measured
        due = step.iteration <= FIRST_STEPS or step.iteration % self._stride == 0 or last
        if due or (measured and self._residuals_are_sparse):
            residual = step.worst_residual if math.isfinite(step.worst_residual) else None
            values = {"iteration": step.iteration, "loss": step.loss, "worst_residual": residual}
            self._append("step", arm=step.arm, **values)

    def _distilled(self, event: Distilled) -> None:
        arm, x_NCHW, y_N = event.arm, event.x_NCHW, event.y_N
        self._synthetic |= {f"{arm}/x": x_NCHW.cpu().numpy(), f"{arm}/y": y_N.cpu().numpy()}
        write_arrays(self.folder.synthetic_file, self._synthetic, self._normalisation)
        if not self._spec.distill.distilled:  # no iteration has images of its own
            self.folder.write_snapshot(self._spec.distill.iterations, {})
        self._append("distilled", arm=arm)

    def _evaluated(self, event: Evaluated) -> None:
        name, network = series(event.arm, event.architecture), event.network
        if event.predicted_N is not None:  # before the counts, so that these always have predictions
            self._answers[f"{name}/{network}"] = event.predicted_N
            write_arrays(self.folder.answers_file, self._answers)
        # A resumed run repeats the counts that it already had.
        self._counts.setdefault(name, [])[network : network + 1] = [event.counts_GCC]
        write_arrays(self.folder.counts_file, {a: np.stack(c) for a, c in self._counts.items()})
        self._append("evaluated", arm=event.arm, network=network, architecture=event.architecture)

    def _snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.iteration != self._images_at:
            self._flush_images()
            self._images_at = snapshot.iteration
        self._images[snapshot.arm] = snapshot.images_CIKHW
        if len(self._images) == len(self._spec.distill.distilled):
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


def _open_to_append(folder: RunFolder) -> io.FileIO:
    """Open the log of events; a line torn by a crash is ended first, and readers skip it."""
    path = folder.events_file
    torn = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    log = io.FileIO(path, "ab")
    if torn:
        log.write(b"\n")
    return log
