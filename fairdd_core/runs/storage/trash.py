"""Deleting runs: first to the trash, where they can be restored, then for good."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from fairdd_core.errors import UserError
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

RETENTION_SECONDS = 7 * 24 * 3600.0  # how long a deleted run can be restored
CONFIRM_SECONDS = 24 * 3600.0
IMPORT_PREFIX, REMOVED_PREFIX = ".import-", ".removed-"
EXPIRED = "expired"
"""The file in a run's folder that tells when its time in the trash was first found to be over."""
IMPORT_SECONDS = 24 * 3600.0  # no import takes longer


def delete(workspace: Workspace, run_id: str) -> None:
    """Move a run to the trash; ``restore`` brings it back.

    Raises:
        UserError: when there is no such run, it is queued or running, or in the trash already.
    """
    store = Store(workspace)
    ended = [state for state in RunState if not state.live]
    if not store.update(run_id, only=ended, in_trash=False, deleted=time.time()):
        run = store.get(run_id)
        if run.deleted is not None:
            raise UserError("run", "a run that is not in the trash", f"{run_id}, which is")
        raise UserError("run", "a run that has ended", f"{run_id}, which is {run.state}", "Cancel it first.")


def restore(workspace: Workspace, run_id: str) -> None:
    """Take a run out of the trash.

    Raises:
        UserError: when it is not in the trash, or was removed for good.
    """
    store = Store(workspace)
    if not store.update(run_id, in_trash=True, deleted=None):
        store.get(run_id)  # raises where there is none
        raise UserError("run", "a run in the trash", f"{run_id}, which is not")


def empty(workspace: Workspace, older_than: float = 0.0) -> list[str]:
    """Remove for good the runs that have been in the trash for ``older_than`` seconds; return their ids.

    One that is restored or resumed meanwhile is kept.
    """
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
    """Remove for good what has expired in the trash, and what interrupted imports and removals have left."""
    expired = [run for run in Store(workspace).list(deleted=True) if _expired(workspace, run)]
    _remove(workspace, expired)
    for path in workspace.runs.glob(f"{IMPORT_PREFIX}*"):
        if time.time() - path.stat().st_mtime > IMPORT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
    for path in workspace.runs.glob(f"{REMOVED_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)


def _expired(workspace: Workspace, run: RunRecord) -> bool:
    """Return whether the time of a run in the trash is over, and was over ``CONFIRM_SECONDS`` ago as well.

    A clock that is wrong for a while would otherwise empty the trash. A file in the run's folder tells when
    its time was first found to be over.
    """
    over, now = (run.deleted or 0.0) + RETENTION_SECONDS, time.time()
    if now < over:
        return False
    mark = Store(workspace).folder(run.id).path / EXPIRED
    with suppress(OSError):  # without a folder there is nothing to lose; on a full disk, the next time
        if mark.parent.exists() and not (mark.exists() and over <= mark.stat().st_mtime <= now):
            mark.touch()
            os.utime(mark, (now, now))
        return not mark.parent.exists() or now - mark.stat().st_mtime >= CONFIRM_SECONDS
    return False


def _remove(workspace: Workspace, runs: Iterable[RunRecord]) -> list[str]:
    store, removed = Store(workspace), []
    for run in runs:
        folder = store.folder(run.id)
        if locks.is_held(folder.lock_file):  # its worker is about to exit; next time
            continue
        gone = workspace.runs / f"{REMOVED_PREFIX}{run.id}-{secrets.token_hex(3)}"
        if store.remove(run, gone):
            shutil.rmtree(gone, ignore_errors=True)
            removed.append(run.id)
    return removed
