"""Deleting runs, with second thoughts, and keeping a workspace small."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence

from fairdd_core.errors import UserError
from fairdd_core.runs.engine import process as posix
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

BIN_SECONDS = 7 * 24 * 3600.0  # how long a deleted run can be restored
IMPORT_PREFIX = ".import-"
IMPORT_SECONDS = 24 * 3600.0  # no import takes longer
_ENDED = [state for state in RunState if not state.live]


def delete(workspace: Workspace, run_id: str) -> None:
    """Move a run to the bin; ``restore`` brings it back.

    Raises:
        UserError: when there is no such run, or it is queued or running.
    """
    store = Store(workspace)
    if not store.update(run_id, only=_ENDED, deleted=time.time()):
        state = store.get(run_id).state
        raise UserError("run", "a run that has ended", f"{run_id}, which is {state}", "Cancel it first.")


def restore(workspace: Workspace, run_id: str) -> None:
    """Take a run out of the bin.

    Raises:
        UserError: when there is no such run any more.
    """
    if not Store(workspace).update(run_id, deleted=None):
        raise UserError("run", "a run in the bin", repr(run_id), "It may have been removed for good.")


def empty_bin(workspace: Workspace, older_than: float = 0.0) -> list[str]:
    """Remove for good the runs that have been in the bin for ``older_than`` seconds; return their ids."""
    limit = time.time() - older_than
    return _remove(
        workspace, (run for run in Store(workspace).list(deleted=True) if (run.deleted or 0.0) <= limit)
    )


def sizes(workspace: Workspace) -> dict[str, int]:
    """Return the bytes on disk of every run, those in the bin included."""
    store = Store(workspace)
    runs = [*store.list(), *store.list(deleted=True)]
    return {run.id: store.folder(run.id).size() for run in runs}


def prune(workspace: Workspace, max_bytes: int) -> list[str]:
    """Remove for good the bin, then what ``too_much`` names; return ids."""
    removed = empty_bin(workspace)
    size = sizes(workspace)
    sized = [(run, size.get(run.id, 0)) for run in Store(workspace).list()]
    return removed + _remove(workspace, too_much(sized, max_bytes))


def too_much(sized: Sequence[tuple[RunRecord, int]], max_bytes: int) -> list[RunRecord]:
    """Return the oldest ended runs that must go for the rest to fit ``max_bytes``, oldest first.

    Args:
        sized: the runs that are not in the bin, newest first, with their bytes.
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
    """Remove for good what has been in the bin for long, and what cut-off imports have left."""
    empty_bin(workspace, BIN_SECONDS)
    for path in workspace.runs.glob(f"{IMPORT_PREFIX}*"):
        if time.time() - path.stat().st_mtime > IMPORT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _remove(workspace: Workspace, runs: Iterable[RunRecord]) -> list[str]:
    store, removed = Store(workspace), []
    for run in runs:
        folder = store.folder(run.id)
        if posix.is_held(folder.lock_file):  # its worker is about to leave; next time
            continue
        # The row goes last: if this is cut short, the run stays in the list and can be removed again.
        store.update(run.id, deleted=run.deleted or time.time())
        shutil.rmtree(folder.path, ignore_errors=True)
        store.forget(run.id)
        removed.append(run.id)
    return removed
