from __future__ import annotations

import os
import time

import pytest

from fairdd_core.errors import UserError
from fairdd_core.runs import posix, retention
from fairdd_core.runs.home import Home
from fairdd_core.runs.store import RunState, Store
from tests.runs.conftest import MakeSpec


@pytest.fixture
def ended(home: Home, make_spec: MakeSpec) -> list[str]:
    """Three ended runs of about 10 kB each, the oldest first."""
    store, ids = Store(home), []
    for _ in range(3):
        run_id = store.create(make_spec())
        store.update(run_id, state=RunState.DONE)
        store.folder(run_id).log_file.write_bytes(b"x" * 10_000)
        ids.append(run_id)
    return ids


def test_the_bin_gives_back(home: Home, ended: list[str]) -> None:
    retention.delete(home, ended[0])
    assert ended[0] not in [run.id for run in Store(home).list()]
    retention.restore(home, ended[0])
    assert ended[0] in [run.id for run in Store(home).list()]
    assert Store(home).folder(ended[0]).complete


def test_a_live_run_is_not_deleted(home: Home, make_spec: MakeSpec) -> None:
    run_id = Store(home).create(make_spec())
    with pytest.raises(UserError, match="Cancel it first"):
        retention.delete(home, run_id)


def test_the_bin_empties_by_age(home: Home, ended: list[str]) -> None:
    retention.delete(home, ended[0])
    retention.delete(home, ended[1])
    Store(home).update(ended[0], deleted=time.time() - 1000)
    assert retention.empty_bin(home, older_than=500) == [ended[0]]
    assert not Store(home).folder(ended[0]).path.exists()
    with pytest.raises(UserError):
        retention.restore(home, ended[0])
    assert Store(home).folder(ended[1]).complete


def test_sizes_and_prune(home: Home, ended: list[str], make_spec: MakeSpec) -> None:
    live = Store(home).create(make_spec())
    sizes = retention.sizes(home)
    assert all(sizes[run_id] > 10_000 for run_id in ended)
    assert retention.prune(home, sum(sizes.values())) == []
    assert retention.prune(home, sum(sizes.values()) - 1) == [ended[0]]
    assert retention.prune(home, 0) == [ended[1], ended[2]]
    assert [run.id for run in Store(home).list()] == [live]


def test_a_run_whose_worker_still_leaves_is_kept(home: Home, ended: list[str]) -> None:
    handle = posix.hold(Store(home).folder(ended[0]).lock_file)
    assert handle is not None
    assert ended[0] not in retention.prune(home, 0)
    os.close(handle)
    assert retention.prune(home, 0) == [ended[0]]


def test_tidy_removes_cut_off_imports(home: Home, ended: list[str]) -> None:
    old, new = home.runs / ".import-old", home.runs / ".import-new"
    for path in (old, new):
        path.mkdir()
    os.utime(old, (0, 0))
    retention.tidy(home)
    assert not old.exists()
    assert new.exists()
