"""An index that cannot be used is named, set aside and rebuilt from the folders of the runs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.storage import schema
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repair import repair
from fairdd_core.runs.storage.schema import UnusableIndex, explained
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec


def on(index: Path, *statements: str) -> None:
    with closing(sqlite3.connect(index, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "another file": lambda index: index.write_bytes(b"not an index " * 1000),
    "cut": lambda index: index.write_bytes(index.read_bytes()[:5000]),
    "another table": lambda index: on(index, "DROP TABLE runs", "CREATE TABLE runs (id TEXT)"),
    "a column renamed": lambda index: on(index, "ALTER TABLE runs RENAME COLUMN note TO remark"),
}


@pytest.fixture
def runs(workspace: Workspace, make_spec: MakeSpec) -> list[str]:
    """A run, and one in the trash."""
    store = Store(workspace)
    ids = [store.create(make_spec(), title) for title in ("kept", "thrown away")]
    for run_id in ids:
        store.folder(run_id).write_result({"arms": {}})
        store.update(run_id, state=RunState.DONE)
    store.update(ids[1], deleted=time.time())
    on(workspace.index, "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE")
    return ids


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_named_set_aside_and_rebuilt(
    workspace: Workspace, runs: list[str], damage: str
) -> None:
    store = Store(workspace)
    DAMAGES[damage](workspace.index)
    with pytest.raises(UnusableIndex, match=r"damaged .* fairdd_core repair"):
        store.list()
    done = repair(workspace)
    assert done.aside is not None
    assert done.aside.exists()
    assert sorted(done.adopted) == sorted(runs)
    assert store.check() == "ok"
    found = {run.id: run.title for run in [*store.list(), *store.list(deleted=True)]}
    assert set(found) == set(runs)
    if damage == "a column renamed":
        assert found == dict(zip(runs, ("kept", "thrown away"), strict=True))
        assert [run.id for run in store.list(deleted=True)] == runs[1:]


def test_a_sound_index_stays_and_gets_what_it_lacks(workspace: Workspace, runs: list[str]) -> None:
    on(workspace.index, f"DELETE FROM runs WHERE id = '{runs[0]}'")
    done = repair(workspace)
    assert (done.aside, list(done.adopted)) == (None, runs[:1])
    on(workspace.index, "PRAGMA user_version = 99")
    with pytest.raises(UserError, match="Update the program"):
        repair(workspace)
    assert workspace.index.exists()


def test_what_sqlite_says_is_explained(
    workspace: Workspace, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.02)
    with closing(sqlite3.connect(workspace.index, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnusableIndex, match="locked by another program"):
            Store(workspace).update(runs[0], title="new")
    words = {
        "database or disk is full": "disk is full .* Free some space",
        "attempt to write a readonly database": "FAIRDD_HOME",
        "unable to open database file": "FAIRDD_HOME",
        "something new": "cannot be used",
    }
    for said, shown in words.items():
        with pytest.raises(UnusableIndex, match=shown):
            raise explained(sqlite3.OperationalError(said), workspace.index)


def test_looking_creates_no_workspace(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "nowhere")
    store = Store(workspace)
    assert list(store.list()) == list(store.live()) == []
    assert not store.update("260101-000000-abcdef", title="new")
    engine.wake(workspace)
    assert list(store.adopt_orphans()) == []
    assert not workspace.root.exists()
