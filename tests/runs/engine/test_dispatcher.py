"""How a dispatcher settles and starts runs, with stand-ins for their processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairdd_core.runs.engine import dispatcher as module
from fairdd_core.runs.engine import process, service, sweeps, worker
from fairdd_core.runs.engine.dispatcher import MOST_ATTEMPTS, Dispatcher, serve
from fairdd_core.runs.engine.outcomes import CRASHED, NOT_CLAIMED, StopRequested
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec

Spawn = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which nothing starts a dispatcher."""
    monkeypatch.setattr(service, "_ensure_dispatcher", lambda workspace: None)
    return Workspace(tmp_path)


@pytest.fixture
def run(home: Workspace, make_spec: MakeSpec) -> str:
    return Store(home).create(make_spec())


def ending(code: int, started: list[int]) -> Spawn:
    """Return what starts a process that ends at once with a code, and notes that it did."""

    def spawn(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(["/bin/sh", "-c", f"exit {code}"])
        child.wait()
        started.append(child.pid)
        return child

    return spawn


@pytest.mark.parametrize("cancelled", [None, 1.0])
def test_a_run_with_a_complete_result_is_done_however_its_process_ended(
    home: Workspace, run: str, cancelled: float | None
) -> None:
    store = Store(home)
    store.update(run, state=RunState.RUNNING, cancelled=cancelled)
    store.folder(run).write_result({"run": run, "arms": {}})
    Dispatcher(home).tick()
    assert store.get(run).state is RunState.DONE


def test_a_run_without_a_result_is_lost(home: Workspace, run: str) -> None:
    store = Store(home)
    store.update(run, state=RunState.RUNNING)
    store.folder(run).result_file.write_text('{"arms": ')
    Dispatcher(home).tick()
    assert store.get(run).state is RunState.LOST


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a worker work in this process."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(worker, "_redirect_output", lambda path: None)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(("complete", "state"), [(True, RunState.DONE), (False, RunState.STOPPED)])
@pytest.mark.parametrize("error", [StopRequested, KeyboardInterrupt])
def test_a_worker_stopped_after_its_result_has_done_its_run(
    home: Workspace,
    run: str,
    in_process: None,
    monkeypatch: pytest.MonkeyPatch,
    complete: bool,
    state: RunState,
    error: type[BaseException],
) -> None:
    def execute(store: Store, run_id: str) -> str:
        if complete:
            store.folder(run_id).write_result({"run": run_id, "arms": {}})
        raise error

    monkeypatch.setattr(worker, "execute", execute)
    assert worker.work(home, run) == 0
    expected = state if complete or error is StopRequested else RunState.FAILED
    assert Store(home).get(run).state is expected


def test_a_worker_that_could_not_claim_its_run_does_not_report_success(
    home: Workspace, run: str, in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **values: object) -> bool:
        raise OSError("no lock here")

    monkeypatch.setattr(locks, "acquire", broken)
    assert worker.work(home, run) == CRASHED
    assert Store(home).get(run).state is RunState.QUEUED


@pytest.mark.parametrize(("code", "tries"), [(0, MOST_ATTEMPTS), (NOT_CLAIMED, MOST_ATTEMPTS), (CRASHED, 1)])
def test_a_run_that_nobody_can_claim_is_not_tried_for_ever(
    home: Workspace, run: str, monkeypatch: pytest.MonkeyPatch, code: int, tries: int
) -> None:
    started: list[int] = []
    monkeypatch.setattr(process, "spawn", ending(code, started))
    dispatcher = Dispatcher(home)
    for _ in range(3 * MOST_ATTEMPTS):
        dispatcher.tick()
    assert len(started) == tries
    assert Store(home).get(run).state is RunState.FAILED


def test_a_run_given_to_a_dying_warm_worker_starts_cold(
    home: Workspace, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm, cold = list[int](), list[int]()
    monkeypatch.setattr(process, "spawn", ending(CRASHED, cold))
    dispatcher = Dispatcher(home)
    monkeypatch.setattr(
        dispatcher.warm_worker, "hand_over", lambda run_id: None if warm else ending(CRASHED, warm)()
    )
    dispatcher.tick()
    assert (len(warm), len(cold)) == (1, 0)
    dispatcher.tick()
    assert Store(home).get(run).state is RunState.QUEUED
    assert (len(warm), len(cold)) == (1, 1)


def test_a_clock_that_is_set_back_does_not_stop_cancelling(
    home: Workspace, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(locks, "is_held", lambda path: True)
    monkeypatch.setattr(process, "signal_holder", lambda lock, number: sent.append(number))
    Store(home).update(run, state=RunState.RUNNING, cancelled=time.time() + 3600)
    dispatcher, now = Dispatcher(home), time.monotonic()
    dispatcher.tick()
    monkeypatch.setattr(time, "monotonic", lambda: now + module.GRACE_SECONDS + 1)
    dispatcher.tick()
    assert sent == [signal.SIGTERM, signal.SIGKILL]


def test_a_dispatcher_leaves_when_its_workspace_was_made_anew(home: Workspace, run: str) -> None:
    lock = locks.acquire(home.dispatcher_lock)
    assert lock is not None
    assert locks.acquire(home.dispatcher_lock) is None
    shutil.rmtree(home.root)
    home.root.mkdir()
    successor = locks.acquire(home.dispatcher_lock)
    assert successor is not None
    serve(home, lock)  # returns at once, and starts nothing
    assert not locks.is_current(lock, home.dispatcher_lock)
    assert locks.is_current(successor, home.dispatcher_lock)
    os.close(lock)
    os.close(successor)


def test_stopping_a_sweep_whose_run_ends_just_now_is_no_error(
    home: Workspace, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fairdd_core.config.presets import quick
    from fairdd_core.config.sweep import SweepSpec

    sweep = sweeps.launch(home, SweepSpec(base=quick(), skews=(0.5,), separations=(0.0, 1.0)))
    live = Store(home).live()
    for record in live:
        Store(home).update(record.id, state=RunState.DONE)
    monkeypatch.setattr(Store, "live", lambda store: live)
    assert sweeps.cancel(home, sweep) == 0
