from __future__ import annotations

import os
import time

import pytest

from fairdd_core.errors import UserError
from fairdd_core.runs.storage import locks, trash
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec


@pytest.fixture
def ended(workspace: Workspace, make_spec: MakeSpec) -> list[str]:
    """Three ended runs of about 10 kB each, the oldest first."""
    store, ids = Store(workspace), []
    for _ in range(3):
        run_id = store.create(make_spec())
        store.update(run_id, state=RunState.DONE)
        store.folder(run_id).log_file.write_bytes(b"x" * 10_000)
        ids.append(run_id)
    return ids


def test_a_deleted_run_can_be_restored(workspace: Workspace, ended: list[str]) -> None:
    trash.delete(workspace, ended[0])
    assert ended[0] not in [run.id for run in Store(workspace).list()]
    trash.restore(workspace, ended[0])
    assert ended[0] in [run.id for run in Store(workspace).list()]
    assert Store(workspace).folder(ended[0]).complete


def test_a_live_run_is_not_deleted(workspace: Workspace, make_spec: MakeSpec) -> None:
    run_id = Store(workspace).create(make_spec())
    with pytest.raises(UserError, match="Cancel it first"):
        trash.delete(workspace, run_id)


def test_the_trash_empties_by_age(workspace: Workspace, ended: list[str]) -> None:
    trash.delete(workspace, ended[0])
    trash.delete(workspace, ended[1])
    Store(workspace).update(ended[0], deleted=time.time() - 1000)
    assert trash.empty(workspace, older_than=500) == [ended[0]]
    assert not Store(workspace).folder(ended[0]).path.exists()
    with pytest.raises(UserError):
        trash.restore(workspace, ended[0])
    assert Store(workspace).folder(ended[1]).complete


def test_sizes_and_prune(workspace: Workspace, ended: list[str], make_spec: MakeSpec) -> None:
    live = Store(workspace).create(make_spec())
    sizes = trash.sizes(workspace)
    assert all(sizes[run_id] > 10_000 for run_id in ended)
    assert trash.prune(workspace, sum(sizes.values())) == []
    assert trash.prune(workspace, sum(sizes.values()) - 1) == [ended[0]]
    assert trash.prune(workspace, 0) == [ended[1], ended[2]]
    assert [run.id for run in Store(workspace).list()] == [live]


def test_a_run_whose_worker_has_not_exited_is_kept(workspace: Workspace, ended: list[str]) -> None:
    handle = locks.acquire(Store(workspace).folder(ended[0]).lock_file)
    assert handle is not None
    assert ended[0] not in trash.prune(workspace, 0)
    os.close(handle)
    assert trash.prune(workspace, 0) == [ended[0]]


def test_tidy_removes_interrupted_imports(workspace: Workspace, ended: list[str]) -> None:
    old, new = workspace.runs / ".import-old", workspace.runs / ".import-new"
    for path in (old, new):
        path.mkdir()
    os.utime(old, (0, 0))
    trash.tidy(workspace)
    assert not old.exists()
    assert new.exists()
