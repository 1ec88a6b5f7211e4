"""What the list of runs knows about each run, and how it is filtered. No Streamlit here."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.config import titles
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.plots.images import data_uri, mosaic, png, scale_for
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

STATE_WORDS = {
    RunState.QUEUED: "Waiting",
    RunState.RUNNING: "Running",
    RunState.DONE: "Done",
    RunState.STOPPED: "Stopped",
    RunState.FAILED: "Failed",
    RunState.LOST: "Lost",
}
STRIP_CLASSES, STRIP_ARMS = 10, 4


@dataclass(frozen=True)
class Strip:
    """A thumbnail: a row per arm, an image per class.

    Attributes:
        source: ``data:`` URI; empty when there are no images yet.
        arms: names of the arms, one per row.
        iteration: after which the images were taken.
    """

    source: str = ""
    arms: tuple[str, ...] = ()
    iteration: int = 0


@dataclass(frozen=True)
class Row:
    """One run of the list.

    Attributes:
        record: its row in the index.
        spec: what was asked for; None when the folder is gone or unreadable.
        result: the result document once it is done, else None.
    """

    record: RunRecord
    spec: RunSpec | None
    result: dict[str, Any] | None

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.record.id

    @property
    def name(self) -> str:
        """What the run is called."""
        return name_of(self.record.title, self.spec) or self.id

    @property
    def arms(self) -> list[str]:
        """Names of its arms."""
        return [arm.name for arm in self.spec.distill.arms] if self.spec else []


def title_of(spec: RunSpec) -> str:
    """Return a short description of a run, for lists and headings."""
    return titles.title_of(spec, Workspace.default().data)


def dataset_title(spec: RunSpec) -> str:
    """Return the name of a run's data set for people."""
    return titles.dataset_title(spec, Workspace.default().data)


def name_of(title: str, spec: RunSpec | None) -> str:
    """Return what to call a run: the name somebody gave it, else its data set."""
    if spec is None:
        return title
    generated = title.startswith(f"{dataset_title(spec)} · {spec.data.groups} groups · ")
    return dataset_title(spec) if generated or not title else title


def choice_text(record: RunRecord, spec: RunSpec | None, now: float) -> str:
    """Return what tells a run from the others in a list to choose from: name, state, age and settings.

    A name that somebody gave comes first; that of the data set, which many runs share, last.
    """
    name = name_of(record.title, spec) or record.id
    parts = [f"{STATE_WORDS[record.state].lower()}, {age_text(record.created, now)}"]
    if spec:
        parts.append(titles.brief(spec))
    shared = spec is not None and name == dataset_title(spec)
    return " · ".join([*parts, name] if shared else [name, *parts])


def collect(workspace: Workspace) -> list[Row]:
    """Return a row for every run that is not in the bin, newest first."""
    store = Store(workspace)
    return [row_of(store, record) for record in store.list()]


def row_of(store: Store, record: RunRecord) -> Row:
    """Return the row of one run; what cannot be read is None."""
    folder = store.folder(record.id)
    spec = _spec(str(folder.path), _stamp(folder.spec_file))
    return Row(record, spec, _result(str(folder.path), _stamp(folder.result_file)))


def matches(row: Row, text: str, states: Collection[RunState]) -> bool:
    """Return whether a row is in one of ``states`` (none: any) and has every word of ``text``."""
    if states and row.record.state not in states:
        return False
    known = [row.record.title, row.id, STATE_WORDS[row.record.state], *map(arm_label, row.arms)]
    if row.spec:
        known += [title_of(row.spec), row.spec.data.dataset, row.spec.preset]
    haystack = " ".join(known).casefold()
    return all(word in haystack for word in text.casefold().split())


def size_of(store: Store, record: RunRecord) -> int:
    """Return the bytes on disk of a run; walked again only when it has changed state."""
    path = str(store.folder(record.id).path)
    if record.state.live:
        return RunFolder(path).size()
    return _size(path, record.state, record.finished)


def strip_of(folder: RunFolder, arms: Sequence[str]) -> Strip:
    """Return the thumbnail of a run: the latest images, one per class, of its first few arms."""
    iterations = folder.snapshot_iterations()
    if not iterations:
        return Strip()
    file = folder.snapshot_file(iterations[-1])
    return _strip(str(folder.path), iterations[-1], tuple(arms[:STRIP_ARMS]), _stamp(file))


def bytes_text(size: float) -> str:
    """Return a number of bytes for people."""
    if size < 1e6:
        return f"{max(1, round(size / 1e3))} kB" if size else "0 kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def age_text(then: float, now: float) -> str:
    """Return how long ago ``then`` was; a date when that says more."""
    seconds = max(0.0, now - then)
    if seconds < 60:
        return "just now"
    for unit, length, limit in (("min", 60, 60), ("h", 3600, 24), ("days", 86400, 30)):
        if seconds < length * limit:
            n = int(seconds // length)
            return f"{n} {'day' if unit == 'days' and n == 1 else unit} ago"
    return time.strftime("%-d %b %Y", time.localtime(then))


def seconds_text(seconds: float) -> str:
    """Return a measured length of time."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


# The stamps and states below are arguments so that a file that has changed is read again.


@lru_cache(maxsize=2048)
def _spec(path: str, stamp: int) -> RunSpec | None:
    try:
        return RunFolder(path).spec()
    except (OSError, UserError):
        return None


@lru_cache(maxsize=2048)
def _result(path: str, stamp: int) -> dict[str, Any] | None:
    try:
        return RunFolder(path).result() if stamp else None
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=4096)
def _size(path: str, state: RunState, finished: float | None) -> int:
    return RunFolder(path).size()


@lru_cache(maxsize=512)
def _strip(path: str, iteration: int, arms: tuple[str, ...], stamp: int) -> Strip:
    try:
        images = RunFolder(path).snapshot(iteration)
    except Exception:  # a damaged file has as many exceptions as formats; the list must stand
        return Strip()
    shown = tuple(arm for arm in arms if arm in images)
    rows = [images[arm][:STRIP_CLASSES, 0] for arm in shown]
    if not rows or len({row.shape for row in rows}) > 1:
        return Strip()
    tiles = np.stack(rows)
    source = data_uri(png(mosaic(tiles), scale_for(tiles.shape[-1], tiles.shape[1], 240)))
    return Strip(source, shown, iteration)
