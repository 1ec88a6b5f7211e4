"""Deleting runs: first to the trash, where they can be restored, then for good."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence

from fairdd_core.errors import UserError
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

RETENTION_SECONDS = 7 * 24 * 3600.0  # how long a deleted run can be restored
IMPORT_PREFIX = ".import-"
IMPORT_SECONDS = 24 * 3600.0  # no import takes longer


def delete(workspace: Workspace, run_id: str) -> None:
    """Move a run to the trash; ``restore`` brings it back.

    Raises:
        UserError: when there is no such run, or it is queued or running.
    """
    store = Store(workspace)
    ended = [state for state in RunState if not state.live]
    if not store.update(run_id, only=ended, deleted=time.time()):
        state = store.get(run_id).state
        raise UserError("run", "a run that has ended", f"{run_id}, which is {state}", "Cancel it first.")


def restore(workspace: Workspace, run_id: str) -> None:
    """Take a run out of the trash.

    Raises:
        UserError: when there is no such run any more.
    """
    if not Store(workspace).update(run_id, deleted=None):
        raise UserError("run", "a run in the trash", repr(run_id), "It may have been removed for good.")


def empty(workspace: Workspace, older_than: float = 0.0) -> list[str]:
    """Remove for good the runs that have been in the trash for ``older_than`` seconds; return their ids."""
    limit = time.time() - older_than
    deleted = Store(workspace).list(deleted=True)
    return _remove(workspace, [run for run in deleted if (run.deleted or 0.0) <= limit])


def sizes(workspace: Workspace) -> dict[str, int]:
    """Return the bytes on disk of every run, those in the trash included."""
    store = Store(workspace)
    return {run.id: store.folder(run.id).size() for run in [*store.list(), *store.list(deleted=True)]}


def prune(workspace: Workspace, max_bytes: int) -> list[str]:
    """Empty the trash, then remove for good what ``oldest_beyond`` returns; return the ids of both."""
    removed = empty(workspace)
    size = sizes(workspace)
    sized = [(run, size.get(run.id, 0)) for run in Store(workspace).list()]
    return removed + _remove(workspace, oldest_beyond(sized, max_bytes))


def oldest_beyond(sized: Sequence[tuple[RunRecord, int]], max_bytes: int) -> list[RunRecord]:
    """Return the oldest ended runs that must go for the rest to fit ``max_bytes``, oldest first.

    Args:
        sized: the runs that are not in the trash, newest first, with their bytes.
        max_bytes: what they may take together.
    """
    total, going = sum(size for _, size in sized), []
    for run, size in reversed(sized):
        if total <= max_bytes:
            break
        if not run.state.live:
            going.append(run)
            total -= size
    return going


def tidy(workspace: Workspace) -> None:
    """Remove for good what has expired in the trash, and what interrupted imports have left."""
    empty(workspace, RETENTION_SECONDS)
    for path in workspace.runs.glob(f"{IMPORT_PREFIX}*"):
        if time.time() - path.stat().st_mtime > IMPORT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _remove(workspace: Workspace, runs: Iterable[RunRecord]) -> list[str]:
    store, removed = Store(workspace), []
    for run in runs:
        folder = store.folder(run.id)
        if locks.is_held(folder.lock_file):  # its worker is about to exit; next time
            continue
        # The row goes last: if this is interrupted, the run stays in the list and can be removed again.
        store.update(run.id, deleted=run.deleted or time.time())
        shutil.rmtree(folder.path, ignore_errors=True)
        store.forget(run.id)
        removed.append(run.id)
    return removed
