from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from fairdd_core.errors import UserError
from fairdd_core.runs.engine import process
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.schema import MIGRATIONS, connection, transaction
from fairdd_core.units import age_text
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec


def test_a_new_workspace_is_its_owners_only(tmp_path: Path) -> None:
    root = tmp_path / "users" / "workspace"
    Workspace(root).create()
    assert root.stat().st_mode & 0o777 == 0o700


def test_a_new_run_is_queued_with_its_folder(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    run_id = store.create(make_spec(), "first")
    record = store.get(run_id)
    assert (record.state, record.title, record.position) == (RunState.QUEUED, "first", 1)
    assert store.folder(run_id).spec() == make_spec()
    assert store.check() == "ok"


def test_positions_count_within_a_device(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    first, second, other, third = (
        store.create(make_spec(), device=device) for device in ("cpu", "cpu", "cuda:0", "cpu")
    )
    store.update(first, state=RunState.RUNNING)
    positions = {run.id: run.position for run in store.live()}
    assert positions == {first: None, second: 1, other: 1, third: 2}


def test_list_is_newest_first_and_hides_the_trash(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    ids = [store.create(make_spec()) for _ in range(3)]
    store.update(ids[1], state=RunState.DONE, deleted=1.0)
    assert [run.id for run in store.list()] == [ids[2], ids[0]]
    assert [run.id for run in store.list(deleted=True)] == [ids[1]]
    assert store.list([RunState.DONE]) == []


@pytest.mark.parametrize("text", ["../../etc", "", "a/b", "261122-041348-54b69f/..", "*"])
def test_an_id_never_names_another_path(workspace: Workspace, text: str) -> None:
    with pytest.raises(UserError):
        Store(workspace).folder(text)
    with pytest.raises(UserError):
        Store(workspace).get(text)


def test_find_by_part(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    run_id = store.create(make_spec())
    assert store.find(run_id[:9]).id == store.find(run_id[-6:]).id == run_id
    store.create(make_spec())
    with pytest.raises(UserError):
        store.find(run_id[:4])
    with pytest.raises(UserError):
        store.find("")
    with pytest.raises(UserError):
        store.find(run_id[-6:], deleted=True)
    store.update(run_id, state=RunState.DONE, deleted=1.0)
    assert store.find(run_id[-6:], deleted=True).id == run_id


def test_update_respects_the_state_it_expects(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    run_id = store.create(make_spec())
    assert not store.update(run_id, only=[RunState.RUNNING], state=RunState.DONE)
    assert store.get(run_id).state is RunState.QUEUED
    with pytest.raises(TypeError):
        store.update(run_id, place=3)


@pytest.mark.parametrize("state", list(RunState))
def test_only_a_run_that_ended_early_is_queued_again(
    workspace: Workspace, make_spec: MakeSpec, state: RunState
) -> None:
    store = Store(workspace)
    run_id, other = store.create(make_spec()), store.create(make_spec())
    store.update(run_id, state=state, cancelled=1.0, message="old", hint="old", final=True)
    assert not store.get(run_id).resumable
    assert not store.requeue(run_id, "cpu")
    store.update(run_id, final=False)
    assert store.get(run_id).resumable is state.early
    assert store.requeue(run_id, "cpu") is state.early
    if state.early:
        record = store.get(run_id)
        assert record.resumes == 1
        assert (record.state, record.cancelled, record.message, record.hint) == (
            RunState.QUEUED,
            None,
            "",
            "",
        )
        assert [run.id for run in store.live()] == [other, run_id]


def test_a_lost_index_is_rebuilt_from_the_folders(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    done, cut = store.create(make_spec()), store.create(make_spec())
    store.folder(done).write_result({"run": done})
    (workspace.runs / "notes").mkdir()
    for path in workspace.root.glob("index.sqlite*"):
        path.unlink()
    assert sorted(store.adopt_orphans()) == sorted([done, cut])
    assert store.get(done).state is RunState.DONE
    assert store.get(cut).state is RunState.LOST
    assert store.adopt_orphans() == []


def test_a_run_whose_folder_fails_leaves_no_row(workspace: Workspace) -> None:
    def fail(folder: object) -> None:
        raise OSError("disk")

    store = Store(workspace)
    with pytest.raises(OSError, match="disk"):
        store.enter(fail)
    assert store.list() == []
    assert not workspace.runs.exists() or list(workspace.runs.iterdir()) == []


def test_migrations_run_once_and_in_order(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection(workspace.index, create=True) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    run_id = Store(workspace).enter(lambda folder: None)
    grown = (*MIGRATIONS, ("ALTER TABLE runs ADD COLUMN extra TEXT NOT NULL DEFAULT 'x'",))
    monkeypatch.setattr("fairdd_core.runs.storage.schema.MIGRATIONS", grown)
    for _ in range(2):
        with connection(workspace.index) as db:
            assert db.execute("SELECT extra FROM runs WHERE id = ?", (run_id,)).fetchone()[0] == "x"


def test_an_index_of_the_first_version_keeps_its_runs(workspace: Workspace) -> None:
    workspace.root.mkdir(parents=True)
    db = sqlite3.connect(workspace.index)
    for statement in MIGRATIONS[0]:
        db.execute(statement)
    row = ("261122-041348-54b69f", "old", "lost", 1, "cpu", 5.0)
    db.execute("INSERT INTO runs (id, title, state, place, device, created) VALUES (?, ?, ?, ?, ?, ?)", row)
    db.execute("PRAGMA user_version = 1")
    db.commit()
    db.close()
    (run,) = Store(workspace).list()
    assert (run.id, run.title, run.state, run.created) == (row[0], "old", RunState.LOST, 5.0)
    assert run.resumable
    assert (run.resumes, run.imported) == (0, None)


def test_the_stamp_changes_with_every_update(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    assert store.stamp() == ()
    run_id = store.create(make_spec())
    seen = [store.stamp()]
    for change in (
        lambda: store.update(run_id, state=RunState.DONE),
        lambda: store.remove(store.get(run_id), workspace.runs / ".removed-x"),
    ):
        time.sleep(0.02)  # clocks of file systems tick in milliseconds
        change()
        seen.append(store.stamp())
    assert len(set(seen)) == 3


def test_an_index_from_the_future_is_refused(workspace: Workspace) -> None:
    workspace.root.mkdir(parents=True)
    db = sqlite3.connect(workspace.index)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(UserError, match="version 99"):
        Store(workspace).list()


def test_the_workspace_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "a"))
    monkeypatch.delenv("FAIRDD_DATA", raising=False)
    assert Workspace.default() == Workspace(tmp_path / "a")
    assert Workspace.default().data == tmp_path / "a" / "data"
    monkeypatch.setenv("FAIRDD_DATA", str(tmp_path / "b"))
    assert Workspace.default().data == tmp_path / "b"
    monkeypatch.delenv("FAIRDD_HOME")
    assert Path(Workspace.default().root).name == "fairdd"


CREATE = """
import sys, time
from pathlib import Path
from fairdd_core.workspace import Workspace
from fairdd_core.runs.storage.index import Store
time.sleep(max(0.0, float(sys.argv[2]) - time.time()))
for n in range(20):
    workspace = Workspace(Path(sys.argv[1]) / str(n))
    Store(workspace).enter(lambda folder: None)
"""


def test_many_processes_create_one_index_at_the_same_moment(tmp_path: Path) -> None:
    start = str(time.time() + 1.5)
    command = [sys.executable, "-c", CREATE, str(tmp_path), start]
    callers = [subprocess.Popen(command, env=process.environment()) for _ in range(6)]
    assert [caller.wait(60) for caller in callers] == [0] * 6
    for n in range(20):
        assert len(Store(Workspace(tmp_path / str(n))).list()) == 6


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("created", -1e300),
        ("created", float("inf")),
        ("started", 1e17),
        ("finished", "late"),
        ("state", "odd"),
        ("created", b"x"),
        ("done", "many"),
        ("title", b"\xff"),
        ("deleted", float("-inf")),
    ],
)
def test_one_bad_row_takes_down_no_list(
    workspace: Workspace, make_spec: MakeSpec, column: str, value: object
) -> None:
    store = Store(workspace)
    good, bad = store.create(make_spec()), store.create(make_spec())
    with transaction(workspace.index) as db:
        db.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, bad))
        row = "('../x', '', 'done', 9, 'cpu', 1)"
        db.execute(f"INSERT INTO runs (id, title, state, place, device, created) VALUES {row}")
    runs = [*store.list(), *store.list(deleted=True)]
    assert {run.id for run in runs} == {good, bad}
    for run in runs:
        json.dumps(asdict(run), allow_nan=False)
        time.localtime(run.created)
        assert age_text(run.created)
