"""An index that cannot be written for a while: the dispatcher stays, and knows afterwards how runs ended."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from fairdd_core.runs.engine import dispatcher
from fairdd_core.runs.engine.dispatcher import Dispatcher, serve
from fairdd_core.runs.engine.execute import Reporter
from fairdd_core.runs.engine.outcomes import DISK_FULL, StopRequested
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.schema import UnusableIndex
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec

FULL = "database or disk is full"


def test_the_outcome_survives_until_it_can_be_written(
    workspace: Workspace, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(workspace)
    run_id = store.create(make_spec())
    store.update(run_id, state=RunState.RUNNING)
    serving = Dispatcher(workspace)
    serving.children[run_id] = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({DISK_FULL})"])

    def full(*args: Any, **values: Any) -> bool:
        raise UnusableIndex(FULL)

    with monkeypatch.context() as while_full:
        while_full.setattr(serving.store, "update", full)
        with pytest.raises(UnusableIndex):
            serving.tick()
    serving.tick()
    run = store.get(run_id)
    assert (run.state, run.message) == (RunState.FAILED, "The disk is full or its quota used up.")
    assert serving.children == {}


def test_the_dispatcher_is_patient(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.create()
    lock = locks.acquire(workspace.dispatcher_lock)
    assert lock is not None
    tries: list[int] = []

    def tick(self: Dispatcher) -> bool:
        tries.append(len(tries))
        if len(tries) < 6:
            raise UnusableIndex(FULL)
        return False

    monkeypatch.setattr(Dispatcher, "tick", tick)
    monkeypatch.setattr(dispatcher, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(dispatcher, "RETRY_SECONDS", 0.03)
    monkeypatch.setattr(dispatcher, "IDLE_SECONDS", 0.02)
    serve(workspace, lock)
    assert len(tries) > 6
    tries.clear()
    monkeypatch.setattr(dispatcher, "PATIENCE_SECONDS", 0.05)
    serve(workspace, lock)
    assert 2 <= len(tries) < 6


def test_a_worker_whose_row_is_gone_stops(workspace: Workspace) -> None:
    with pytest.raises(StopRequested):
        Reporter(Store(workspace), "260101-000000-abcdef").flush()
    assert not workspace.root.exists()
