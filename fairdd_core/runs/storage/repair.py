"""Rebuilding the index of runs from their folders."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairdd_core.errors import UserError
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import ID_PATTERN, Store
from fairdd_core.workspace import Workspace

_SIDE_FILES = ("", "-wal", "-shm")
_SALVAGED = ("title", "created", "deleted", "imported")


@dataclass(frozen=True)
class Repaired:
    """What a repair did.

    Attributes:
        reason: why the index was set aside; empty when it was sound.
        aside: where it is now; None when it was sound.
        adopted: ids of the runs that were entered from their folders.
    """

    reason: str
    aside: Path | None
    adopted: Sequence[str]


def repair(workspace: Workspace) -> Repaired:
    """Set a damaged index aside and make a new one from the folders of the runs; enter runs that it lacks.

    Titles, times and what lay in the trash are taken from the old index as far as it can be read.
    The caller holds the dispatcher's lock.

    Raises:
        UserError: when a newer version of the program made the index.
        OSError: when the disk is full or the workspace cannot be written.
    """
    store, aside = Store(workspace), None
    known: dict[str, dict[str, Any]] = {}
    if reason := _damage(store):
        known = _salvage(workspace.index)
        aside = _set_aside(workspace.index)
    adopted = store.adopt_orphans()
    for run_id in set(adopted) & set(known):
        with suppress(sqlite3.Error, TypeError, ValueError):
            store.update(run_id, **known[run_id])
    return Repaired(reason, aside, adopted)


def _damage(store: Store) -> str:
    """Return what is wrong with the index; empty for nothing.

    Raises:
        UserError: when a newer version of the program made it.
    """
    try:
        found = store.check()
        store.list()
    except UserError:
        raise
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else found.splitlines()[0]


def _salvage(index: Path) -> dict[str, dict[str, Any]]:
    """Return columns of the rows of a damaged index that can still be read, by the id of the run."""
    found: dict[str, dict[str, Any]] = {}
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as db:
        for run_id, title, *times in db.execute(f"SELECT id, {', '.join(_SALVAGED)} FROM runs"):
            if isinstance(run_id, str) and ID_PATTERN.fullmatch(run_id) and isinstance(title, str):
                kept = {n: t for n, t in zip(_SALVAGED[1:], times, strict=True) if isinstance(t, float)}
                found[run_id] = {"title": title, **kept}
    return found


def _set_aside(index: Path) -> Path:
    """Rename the index with its side files, and return its new path."""
    aside = index.with_name(f"{index.name}.damaged-{time.strftime('%y%m%d-%H%M%S')}")
    for suffix in _SIDE_FILES:
        with suppress(FileNotFoundError):
            index.with_name(index.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def take_dispatchers_lock(workspace: Workspace, seconds: float) -> int:
    """Return the dispatcher's lock.

    Raises:
        UserError: when a dispatcher keeps it for longer than ``seconds``.
    """
    lock = locks.acquire(workspace.dispatcher_lock, seconds)
    if lock is None:
        raise UserError(
            "index", "a workspace whose dispatcher has ended", "one that is at work", "Try again."
        )
    return lock
