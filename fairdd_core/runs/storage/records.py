"""What the index knows of a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fairdd_core.config.spec.run import RunSpec


class RunState(StrEnum):
    """Where a run stands. ``lost``: its process vanished without a word."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def live(self) -> bool:
        """Whether something may still happen to the run by itself."""
        return self in {RunState.QUEUED, RunState.RUNNING}

    @property
    def early(self) -> bool:
        """Whether the run ended before it was done."""
        return self in {RunState.STOPPED, RunState.FAILED, RunState.LOST}


@dataclass(frozen=True)
class RunRecord:
    """One row of the index.

    Attributes:
        created, started, finished, cancelled, deleted, imported: seconds since 1970; None: not (yet).
            ``cancelled`` is when a user asked the run to stop; a run with ``imported`` was made elsewhere.
        phase, done, total, note: the latest progress, as in ``events.Phase``.
        message, hint: how the run ended, and one thing to do next.
        device: ``cpu`` or ``cuda:n``; runs of one device wait for each other.
        final: whether the same settings would only end in the same way again.
        resumes: how often it was continued.
        position: 1 is next; None: not queued.
    """

    id: str
    title: str
    state: RunState
    created: float
    started: float | None
    finished: float | None
    phase: str
    done: int
    total: int
    note: str
    message: str
    hint: str
    device: str
    cancelled: float | None
    deleted: float | None
    final: bool
    imported: float | None
    resumes: int
    position: int | None

    @property
    def resumable(self) -> bool:
        """Whether it makes sense to continue the run from its last checkpoint."""
        return self.state.early and not self.final


@dataclass(frozen=True)
class NewRun:
    """A run that is to be queued, under an id from ``Store.new_id``."""

    id: str
    spec: RunSpec
    title: str
    device: str
