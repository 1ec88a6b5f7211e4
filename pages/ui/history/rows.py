"""How the list of runs is filtered, and how large each run is. No Streamlit here."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from pages.ui.common.runs import STATE_WORDS, Row, title_of


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


@lru_cache(maxsize=4096)
def _size(path: str, state: RunState, finished: float | None) -> int:
    return RunFolder(path).size()
