from __future__ import annotations

import os
import time
from pathlib import Path

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


def test_only_what_is_in_the_trash_is_restored(workspace: Workspace, ended: list[str]) -> None:
    with pytest.raises(UserError, match="which is not"):
        trash.restore(workspace, ended[0])
    with pytest.raises(UserError, match="the id of a run"):
        trash.restore(workspace, "250101-000000-000000")


def test_deleting_twice_does_not_begin_its_time_again(workspace: Workspace, ended: list[str]) -> None:
    trash.delete(workspace, ended[0])
    then = Store(workspace).get(ended[0]).deleted
    with pytest.raises(UserError, match="not in the trash"):
        trash.delete(workspace, ended[0])
    assert Store(workspace).get(ended[0]).deleted == then


def resumed(workspace: Workspace, run_id: str) -> None:
    assert Store(workspace).requeue(run_id, "cpu")


@pytest.mark.parametrize("how", ["resume", "restore", "delete"])
def test_a_run_that_is_wanted_again_is_not_removed(
    workspace: Workspace, ended: list[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whoever empties the trash or prunes has listed the runs a moment before."""
    run_id = ended[0]
    Store(workspace).update(run_id, state=RunState.STOPPED)
    if how == "restore":
        trash.delete(workspace, run_id)

    def meanwhile(lock: object) -> bool:
        monkeypatch.undo()
        {"resume": resumed, "restore": trash.restore, "delete": trash.delete}[how](workspace, run_id)
        return False

    monkeypatch.setattr(locks, "is_held", meanwhile)
    removed = trash.empty(workspace) if how == "restore" else trash.prune(workspace, 0)
    assert run_id not in removed
    run, folder = Store(workspace).get(run_id), Store(workspace).folder(run_id)
    assert folder.complete
    assert (run.deleted is None, run.state.live) == (how != "delete", how == "resume")


def test_a_removal_that_fails_loses_nothing(
    workspace: Workspace, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, to: Path) -> None:
        raise OSError(28, "No space left on device")

    store = Store(workspace)
    record = store.get(ended[0])
    with pytest.raises(OSError), monkeypatch.context() as patched:
        patched.setattr(Path, "rename", full)
        trash.prune(workspace, 0)
    assert store.get(ended[0]) == record
    assert store.folder(ended[0]).complete


def test_what_an_interrupted_removal_left_is_swept(workspace: Workspace, ended: list[str]) -> None:
    left = workspace.runs / ".removed-250101-000000-000000-abcdef"
    left.mkdir()
    (left / "spec.json").write_text("{}")
    trash.tidy(workspace)
    assert not left.exists()
    assert Store(workspace).adopt_orphans() == []


def test_a_clock_that_jumps_does_not_empty_the_trash(
    workspace: Workspace, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trash.delete(workspace, ended[0])
    now = time.time()

    def at(days: float) -> bool:
        """Tidy so many days from now; return whether the run is still there."""
        monkeypatch.setattr(time, "time", lambda: now + days * 86_400)
        trash.tidy(workspace)
        return ended[0] in [run.id for run in Store(workspace).list(deleted=True)]

    assert at(400)
    assert at(400.5)
    assert at(1), "the clock is right again"
    assert at(7.5), "what was found at the wrong time does not count"
    assert at(8.4)
    assert not at(8.6)
