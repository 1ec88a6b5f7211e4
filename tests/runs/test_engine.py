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
from fairdd_core.runs import engine, posix
from fairdd_core.runs.dispatcher import IDLE_SECONDS
from fairdd_core.runs.home import Home
from fairdd_core.runs.inspection import inspect
from fairdd_core.runs.store import RunState, Store
from fairdd_core.runs.surroundings import surroundings
from tests.runs.conftest import SECONDS, MakeSpec, finish, has_steps, kill_all, processes, until

pytestmark = pytest.mark.usefixtures("stand_in")


def test_a_run_is_done_and_the_dispatcher_leaves(home: Home, make_spec: MakeSpec) -> None:
    run_id = engine.submit(home, make_spec(), "mine")
    record = finish(home, run_id)
    assert (record.state, record.done, record.total) == (RunState.DONE, 40, 40)
    assert record.created <= (record.started or 0) <= (record.finished or 0)
    folder = Store(home).folder(run_id)
    inspect(folder)
    attempt = {**surroundings("cpu"), "threads": 2}
    assert folder.result() == {"run": run_id, "arms": {}, "attempts": [attempt]}
    assert folder.attempts() == [attempt]
    assert not folder.checkpoint_file.exists()
    until(lambda: not processes(home), IDLE_SECONDS + 5)


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
def test_every_end_is_explained(
    home: Home, make_spec: MakeSpec, preset: str, message: str, hint: str
) -> None:
    record = finish(home, engine.submit(home, make_spec(preset)))
    assert record.state is RunState.FAILED
    assert message in record.message
    assert "Images up to iteration 1 are kept." in record.message
    assert hint in record.hint
    assert Store(home).folder(record.id).snapshot_iterations()[0] == 1
    if preset in {"not-a-number", "user-error"}:  # the same settings would end in the same way
        assert not record.resumable
        with pytest.raises(UserError, match=hint):
            engine.resume(home, record.id)
        assert Store(home).get(record.id) == record
    else:
        assert record.resumable


def test_a_killed_worker_is_lost_and_resumes_to_the_same_bytes(home: Home, make_spec: MakeSpec) -> None:
    whole = engine.submit(home, make_spec(iterations=150))
    cut = engine.submit(home, make_spec(iterations=150))
    store = Store(home)
    until(lambda: has_steps(home, cut) and store.get(cut).done > 30)
    posix.signal_holder(store.folder(cut).lock_file, 9)
    record = finish(home, cut)
    assert record.state is RunState.LOST
    assert "SIGKILL" in record.message
    engine.resume(home, cut)
    assert finish(home, cut).state is RunState.DONE
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
    home: Home, make_spec: MakeSpec, preset: str, dispatcher: str
) -> None:
    run_id = engine.submit(home, make_spec(preset, iterations=10_000))
    lock = Store(home).folder(run_id).lock_file
    until(lambda: has_steps(home, run_id))
    if dispatcher == "died":
        kill = [p for p in processes(home) if "fairdd_core.runs.dispatcher" in p.cmdline()]
        assert len(kill) == 1
        kill[0].kill()
        kill[0].wait(5)
    started = time.monotonic()
    engine.cancel(home, run_id)
    until(lambda: not posix.is_held(lock))
    assert time.monotonic() - started < 2.0
    record = finish(home, run_id)
    assert record.state is RunState.STOPPED
    assert record.message.startswith("Stopped at ")
    assert "of 10000 (distill). Images up to iteration" in record.message


def test_a_queued_run_is_cancelled_at_once_and_can_return(home: Home, make_spec: MakeSpec) -> None:
    first = engine.submit(home, make_spec(iterations=10_000))
    second = engine.submit(home, make_spec(iterations=5))
    until(lambda: has_steps(home, first))
    assert Store(home).get(second).position == 1
    engine.cancel(home, second)
    assert Store(home).get(second).message == "Stopped before it started."
    engine.resume(home, second)
    engine.cancel(home, first)
    assert finish(home, second).state is RunState.DONE


def test_what_makes_no_sense_is_refused(home: Home, make_spec: MakeSpec) -> None:
    run_id = engine.submit(home, make_spec(iterations=1))
    finish(home, run_id)
    with pytest.raises(UserError, match="which is done"):
        engine.cancel(home, run_id)
    with pytest.raises(UserError, match="which is done"):
        engine.resume(home, run_id)
    with pytest.raises(UserError, match="device"):
        engine.submit(home, make_spec(device="cuda:99"))
    with pytest.raises(TimeoutError):
        engine.wait(home, engine.submit(home, make_spec(iterations=5000)), 0.1)


def test_one_run_per_device_first_come_first_served(home: Home, make_spec: MakeSpec) -> None:
    ids = [engine.submit(home, make_spec(iterations=20, seed=seed)) for seed in range(4)]
    records = [finish(home, run_id) for run_id in ids]
    for earlier, later in itertools.pairwise(records):
        assert (earlier.finished or 0) <= (later.started or 0)


def test_devices_work_side_by_side(home: Home, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairdd_core.runs.engine.lane", lambda device: device)
    slow = engine.submit(home, make_spec(iterations=10_000))
    quick = engine.submit(home, make_spec(iterations=5, device="cuda:7"))
    assert finish(home, quick).state is RunState.DONE
    until(lambda: has_steps(home, slow))  # both were started at once, and either may have been first
    assert Store(home).get(slow).state is RunState.RUNNING


SUBMIT_FIVE = """
import sys
from fairdd_core.runs import engine
from fairdd_core.runs.home import Home
from fairdd_core.runs.spec import RunSpec
from pathlib import Path
spec = RunSpec.model_validate_json(sys.argv[2])
for _ in range(5):
    print(engine.submit(Home(Path(sys.argv[1])), spec))
"""


def test_two_processes_submit_to_one_home_at_the_same_time(home: Home, make_spec: MakeSpec) -> None:
    spec = make_spec(iterations=2).model_dump_json()
    callers = [
        subprocess.Popen(
            [sys.executable, "-c", SUBMIT_FIVE, str(home.root), spec],
            stdout=subprocess.PIPE,
            env=engine.environment(),
            text=True,
        )
        for _ in range(2)
    ]
    ids = [run_id for caller in callers for run_id in caller.communicate(timeout=SECONDS)[0].split()]
    assert len(set(ids)) == 10
    with ThreadPoolExecutor(4) as pool:  # several watchers at once
        records = list(pool.map(lambda run_id: finish(home, run_id), ids))
    assert {record.state for record in records} == {RunState.DONE}
    assert Store(home).check() == "ok"
    in_order = sorted(records, key=lambda record: record.started or 0)
    for earlier, later in itertools.pairwise(in_order):
        assert (earlier.finished or 0) <= (later.started or 0)


def test_many_watchers_start_one_dispatcher_between_them(
    home: Home, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    spawn = posix.spawn_detached

    def spawns(*args: Any, **named: Any) -> None:
        started.append(1)
        spawn(*args, **named)

    monkeypatch.setattr(posix, "spawn_detached", spawns)
    run_id = engine.submit(home, make_spec(iterations=2))
    with ThreadPoolExecutor(8) as pool:  # while the first one is still importing
        list(pool.map(lambda _: engine.wake(home), range(40)))
    assert finish(home, run_id).state is RunState.DONE
    assert len(started) == 1


def test_a_dispatcher_that_is_not_alone_leaves(home: Home, make_spec: MakeSpec) -> None:
    run_id = engine.submit(home, make_spec(iterations=300))
    until(lambda: has_steps(home, run_id))
    second = subprocess.run(
        engine.command("dispatcher", str(home.root)), env=engine.environment(), timeout=10, check=False
    )
    assert second.returncode == 0
    assert Store(home).get(run_id).state is RunState.RUNNING


def test_everything_killed_at_once_is_found_at_the_next_visit(home: Home, make_spec: MakeSpec) -> None:
    running, queued = (engine.submit(home, make_spec(iterations=10_000)) for _ in range(2))
    until(lambda: has_steps(home, running))
    kill_all(home)
    # A dying process loses its command line before its locks.
    until(lambda: not processes(home) and not posix.is_held(home.dispatcher_lock))
    assert Store(home).get(running).state is RunState.RUNNING  # nobody was left to say otherwise
    engine.wake(home)
    until(lambda: Store(home).get(running).state is RunState.LOST)
    until(lambda: has_steps(home, queued))


def test_a_worker_that_cannot_start_does_not_block_the_queue(
    home: Home, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import os, sys\nif 'fairdd_core.runs.worker' in sys.orig_argv: os._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(broken))
    record = finish(home, engine.submit(home, make_spec()))
    assert record.state is RunState.FAILED
    assert "exit code 3" in record.message


def test_a_run_without_its_folder_does_not_block_the_queue(home: Home, make_spec: MakeSpec) -> None:
    first, gone, last = (engine.submit(home, make_spec(iterations=400)) for _ in range(3))
    shutil.rmtree(Store(home).folder(gone).path)
    assert finish(home, first).state is RunState.DONE
    assert "is gone" in finish(home, gone).message
    until(lambda: has_steps(home, last))


def test_a_run_resumed_the_moment_it_stopped_goes_on(home: Home, make_spec: MakeSpec) -> None:
    run_id = engine.submit(home, make_spec(iterations=10_000))
    for _ in range(2):
        until(lambda: has_steps(home, run_id))
        engine.cancel(home, run_id)
        until(lambda: Store(home).get(run_id).state is RunState.STOPPED)
        Store(home).update(run_id, done=0)
        engine.resume(home, run_id)
    until(lambda: has_steps(home, run_id))
