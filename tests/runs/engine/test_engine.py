"""Real processes, with a quick stand-in for the pipeline."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.engine import process
from fairdd_core.runs.engine.dispatcher import IDLE_SECONDS
from fairdd_core.runs.engine.environment import describe_environment
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.validation import validate_run
from fairdd_core.workspace import Workspace
from tests.runs.conftest import SECONDS, MakeSpec, finish, has_steps, kill_all, processes, until

pytestmark = pytest.mark.usefixtures("stand_in")


def test_a_run_is_done_and_the_dispatcher_exits(workspace: Workspace, make_spec: MakeSpec) -> None:
    run_id = engine.submit(workspace, make_spec(), "mine")
    record = finish(workspace, run_id)
    assert (record.state, record.done, record.total) == (RunState.DONE, 40, 40)
    assert record.created <= (record.started or 0) <= (record.finished or 0)
    folder = Store(workspace).folder(run_id)
    validate_run(folder)
    attempt = {**describe_environment("cpu"), "threads": 2}
    assert folder.result() == {"run": run_id, "arms": {}, "attempts": [attempt]}
    assert folder.attempts() == [attempt]
    assert not folder.checkpoint_file.exists()
    until(lambda: not processes(workspace), IDLE_SECONDS + 5)


@pytest.mark.parametrize(
    ("preset", "message", "hint"),
    [
        ("crash", "RuntimeError: something broke.", "log"),
        ("segfault", "SIGSEGV", "log"),
        ("memory", "Out of memory", "smaller"),
        ("full-disk", "The disk is full", "space"),
        ("not-a-number", "became nan at iteration 3", "step size"),
        ("user-error", "data.skew: expected at least 0.5, got 0.1.", "Raise it."),
    ],
)
def test_every_outcome_is_explained(
    workspace: Workspace, make_spec: MakeSpec, preset: str, message: str, hint: str
) -> None:
    record = finish(workspace, engine.submit(workspace, make_spec(preset)))
    assert record.state is RunState.FAILED
    assert message in record.message
    assert "Images up to iteration 1 are kept." in record.message
    assert hint in record.hint
    assert Store(workspace).folder(record.id).snapshot_iterations()[0] == 1
    if preset in {"not-a-number", "user-error"}:  # the same settings would end in the same way
        assert not record.resumable
        with pytest.raises(UserError, match=hint):
            engine.resume(workspace, record.id)
        assert Store(workspace).get(record.id) == record
    else:
        assert record.resumable


def test_a_killed_worker_is_lost_and_resumes_to_the_same_bytes(
    workspace: Workspace, make_spec: MakeSpec
) -> None:
    whole = engine.submit(workspace, make_spec(iterations=150))
    cut = engine.submit(workspace, make_spec(iterations=150))
    store = Store(workspace)
    until(lambda: has_steps(workspace, cut) and store.get(cut).done > 30)
    process.signal_holder(store.folder(cut).lock_file, 9)
    record = finish(workspace, cut)
    assert record.state is RunState.LOST
    assert "SIGKILL" in record.message
    engine.resume(workspace, cut)
    assert finish(workspace, cut).state is RunState.DONE
    for name in ("synthetic_file", "counts_file"):
        assert (
            getattr(store.folder(cut), name).read_bytes() == getattr(store.folder(whole), name).read_bytes()
        )
    assert store.folder(cut).snapshot_iterations() == store.folder(whole).snapshot_iterations()
    assert len(store.folder(cut).steps()) == len(store.folder(whole).steps())
    assert any(event["event"] == "resumed" for event in store.folder(cut).events()[0])


@pytest.mark.parametrize("preset", ["steps", "ignore-sigterm"])
@pytest.mark.parametrize("dispatcher", ["lives", "died"])
def test_cancel_ends_the_process_within_two_seconds(
    workspace: Workspace, make_spec: MakeSpec, preset: str, dispatcher: str
) -> None:
    run_id = engine.submit(workspace, make_spec(preset, iterations=10_000))
    lock = Store(workspace).folder(run_id).lock_file
    until(lambda: has_steps(workspace, run_id))
    if dispatcher == "died":
        kill = [p for p in processes(workspace) if "fairdd_core.runs.engine.dispatcher" in p.cmdline()]
        assert len(kill) == 1
        kill[0].kill()
        kill[0].wait(5)
    started = time.monotonic()
    engine.cancel(workspace, run_id)
    until(lambda: not locks.is_held(lock))
    assert time.monotonic() - started < 2.0
    record = finish(workspace, run_id)
    assert record.state is RunState.STOPPED
    assert record.message.startswith("Stopped at ")
    assert "of 10000 (distill). Images up to iteration" in record.message


def test_a_queued_run_is_cancelled_at_once_and_can_return(workspace: Workspace, make_spec: MakeSpec) -> None:
    first = engine.submit(workspace, make_spec(iterations=10_000))
    second = engine.submit(workspace, make_spec(iterations=5))
    until(lambda: has_steps(workspace, first))
    assert Store(workspace).get(second).position == 1
    engine.cancel(workspace, second)
    assert Store(workspace).get(second).message == "Stopped before it started."
    engine.resume(workspace, second)
    engine.cancel(workspace, first)
    assert finish(workspace, second).state is RunState.DONE


def test_impossible_requests_are_refused(workspace: Workspace, make_spec: MakeSpec) -> None:
    run_id = engine.submit(workspace, make_spec(iterations=1))
    finish(workspace, run_id)
    with pytest.raises(UserError, match="which is done"):
        engine.cancel(workspace, run_id)
    with pytest.raises(UserError, match="which is done"):
        engine.resume(workspace, run_id)
    with pytest.raises(UserError, match="device"):
        engine.submit(workspace, make_spec(device="cuda:99"))
    with pytest.raises(TimeoutError):
        engine.wait(workspace, engine.submit(workspace, make_spec(iterations=5000)), 0.1)


def test_one_run_per_device_first_come_first_served(workspace: Workspace, make_spec: MakeSpec) -> None:
    ids = [engine.submit(workspace, make_spec(iterations=20, seed=seed)) for seed in range(4)]
    records = [finish(workspace, run_id) for run_id in ids]
    for earlier, later in itertools.pairwise(records):
        assert (earlier.finished or 0) <= (later.started or 0)


def test_devices_work_side_by_side(
    workspace: Workspace, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairdd_core.runs.engine.service.queue_device", lambda device: device)
    slow = engine.submit(workspace, make_spec(iterations=10_000))
    quick = engine.submit(workspace, make_spec(iterations=5, device="cuda:7"))
    assert finish(workspace, quick).state is RunState.DONE
    until(lambda: has_steps(workspace, slow))  # both were started at once, and either may have been first
    assert Store(workspace).get(slow).state is RunState.RUNNING


SUBMIT_FIVE = """
import sys
from fairdd_core.runs import engine
from fairdd_core.workspace import Workspace
from fairdd_core.config.spec.run import RunSpec
from pathlib import Path
spec = RunSpec.model_validate_json(sys.argv[2])
for _ in range(5):
    print(engine.submit(Workspace(Path(sys.argv[1])), spec))
"""


def test_two_processes_submit_to_one_workspace_at_the_same_time(
    workspace: Workspace, make_spec: MakeSpec
) -> None:
    spec = make_spec(iterations=2).model_dump_json()
    callers = [
        subprocess.Popen(
            [sys.executable, "-c", SUBMIT_FIVE, str(workspace.root), spec],
            stdout=subprocess.PIPE,
            env=process.environment(),
            text=True,
        )
        for _ in range(2)
    ]
    ids = [run_id for caller in callers for run_id in caller.communicate(timeout=SECONDS)[0].split()]
    assert len(set(ids)) == 10
    with ThreadPoolExecutor(4) as pool:  # several watchers at once
        records = list(pool.map(lambda run_id: finish(workspace, run_id), ids))
    assert {record.state for record in records} == {RunState.DONE}
    assert Store(workspace).check() == "ok"
    in_order = sorted(records, key=lambda record: record.started or 0)
    for earlier, later in itertools.pairwise(in_order):
        assert (earlier.finished or 0) <= (later.started or 0)


def test_many_watchers_start_one_dispatcher_between_them(
    workspace: Workspace, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    spawn = process.spawn_detached

    def spawns(*args: Any, **named: Any) -> None:
        started.append(1)
        spawn(*args, **named)

    monkeypatch.setattr(process, "spawn_detached", spawns)
    run_id = engine.submit(workspace, make_spec(iterations=2))
    with ThreadPoolExecutor(8) as pool:  # while the first one is still importing
        list(pool.map(lambda _: engine.wake(workspace), range(40)))
    assert finish(workspace, run_id).state is RunState.DONE
    assert len(started) == 1


def test_a_second_dispatcher_exits(workspace: Workspace, make_spec: MakeSpec) -> None:
    run_id = engine.submit(workspace, make_spec(iterations=300))
    until(lambda: has_steps(workspace, run_id))
    second = subprocess.run(
        process.command("dispatcher", str(workspace.root)), env=process.environment(), timeout=10, check=False
    )
    assert second.returncode == 0
    assert Store(workspace).get(run_id).state is RunState.RUNNING


def test_runs_killed_with_their_dispatcher_are_settled_at_the_next_visit(
    workspace: Workspace, make_spec: MakeSpec
) -> None:
    running, queued = (engine.submit(workspace, make_spec(iterations=10_000)) for _ in range(2))
    until(lambda: has_steps(workspace, running))
    kill_all(workspace)
    # A dying process loses its command line before its locks.
    until(lambda: not processes(workspace) and not locks.is_held(workspace.dispatcher_lock))
    assert Store(workspace).get(running).state is RunState.RUNNING  # nobody was left to say otherwise
    engine.wake(workspace)
    until(lambda: Store(workspace).get(running).state is RunState.LOST)
    until(lambda: has_steps(workspace, queued))


def test_a_worker_that_cannot_start_does_not_block_the_queue(
    workspace: Workspace, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import os, sys\nif 'fairdd_core.runs.engine.worker' in sys.orig_argv: os._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(broken))
    record = finish(workspace, engine.submit(workspace, make_spec()))
    assert record.state is RunState.FAILED
    assert "exit code 3" in record.message


def test_a_run_without_its_folder_does_not_block_the_queue(workspace: Workspace, make_spec: MakeSpec) -> None:
    first, gone, last = (engine.submit(workspace, make_spec(iterations=400)) for _ in range(3))
    shutil.rmtree(Store(workspace).folder(gone).path)
    assert finish(workspace, first).state is RunState.DONE
    assert "is gone" in finish(workspace, gone).message
    until(lambda: has_steps(workspace, last))


def test_a_run_resumed_the_moment_it_stopped_goes_on(workspace: Workspace, make_spec: MakeSpec) -> None:
    run_id = engine.submit(workspace, make_spec(iterations=10_000))
    for _ in range(2):
        until(lambda: has_steps(workspace, run_id))
        engine.cancel(workspace, run_id)
        until(lambda: Store(workspace).get(run_id).state is RunState.STOPPED)
        Store(workspace).update(run_id, done=0)
        engine.resume(workspace, run_id)
    until(lambda: has_steps(workspace, run_id))


def test_a_workspace_that_vanishes_is_not_made_again(
    workspace: Workspace, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRDD_TEST_STEP_SECONDS", "0.02")
    run_id = engine.submit(workspace, make_spec(iterations=5000))
    until(lambda: has_steps(workspace, run_id))
    workspace.root.rename(workspace.root.with_name("elsewhere"))
    until(lambda: not processes(workspace), 10)
    assert not workspace.root.exists()
