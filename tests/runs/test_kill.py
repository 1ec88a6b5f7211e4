"""kill -9 at random moments: whatever dies, every run ends, is explained and can be taken up again."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from fairdd_core.runs import engine
from fairdd_core.runs.home import Home
from fairdd_core.runs.inspection import inspect
from fairdd_core.runs.spec import RunSpec
from fairdd_core.runs.store import RunState, Store
from tests.runs.conftest import MakeSpec, processes

pytestmark = pytest.mark.usefixtures("stand_in")
SECONDS = 60.0
ITERATIONS = 150  # about a second
VICTIMS = ("server", "dispatcher", "worker", "server and dispatcher", "dispatcher and worker", "all")

# A server stands for anything that submits: it enters runs one after the other and watches them.
SERVER = """
import sys, time
from pathlib import Path
from fairdd_core.runs import engine
from fairdd_core.runs.home import Home
from fairdd_core.runs.spec import RunSpec
home, spec = Home(Path(sys.argv[1])), RunSpec.model_validate_json(sys.argv[2])
engine.standby(home)
for seed in range(2):
    print(engine.submit(home, spec.model_copy(update={"seed": seed})), flush=True)
    time.sleep(0.1)
while True:
    engine.wake(home)
    time.sleep(0.2)
"""


def start_server(home: Home, spec: RunSpec) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVER, str(home.root), spec.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=engine.environment(), text=True)


def strike(home: Home, server: subprocess.Popen[str], victims: str) -> None:
    for process in processes(home):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = process.cmdline()
            role = "server" if process.pid == server.pid else command[2].rpartition(".")[2]
            if role in victims or victims == "all":
                process.kill()


def reference(home: Home, make_spec: MakeSpec) -> dict[int, bytes]:
    """The synthetic sets of undisturbed runs, by seed."""
    ids = {seed: engine.submit(home, make_spec(iterations=ITERATIONS, seed=seed)) for seed in range(2)}
    for run_id in ids.values():
        assert engine.wait(home, run_id, SECONDS).state is RunState.DONE
    return {seed: Store(home).folder(run_id).synthetic_file.read_bytes() for seed, run_id in ids.items()}


def trial(home: Home, spec: RunSpec, victims: str, rng: random.Random) -> list[RunState]:
    """Submit, strike at a random moment, come back; return the states that the visitor finds."""
    known = {run.id for run in Store(home).list()}
    server = start_server(home, spec)
    if rng.random() < 0.75:  # else it may strike before anything was entered, or in the middle of it
        while len(Store(home).list()) == len(known):
            time.sleep(0.01)
    time.sleep(rng.uniform(0.0, 3.0))
    strike(home, server, victims)
    time.sleep(0.2)
    engine.standby(home)  # the next visit
    if server.poll() is None:
        time.sleep(0.5)
        server.kill()
    assert server.stdout is not None
    acknowledged = server.stdout.read().split()
    server.wait()
    runs = [run.id for run in Store(home).list() if run.id not in known]
    assert set(acknowledged) <= set(runs), "a run whose id was given is never forgotten"
    return [engine.wait(home, run_id, SECONDS).state for run_id in runs]


def check_and_finish(home: Home, expected: dict[int, bytes]) -> None:
    store = Store(home)
    assert store.check() == "ok"
    for run in store.list():
        inspect(store.folder(run.id))
        assert run.state is RunState.DONE or run.message
        if run.state.resumable:
            engine.resume(home, run.id)
            assert engine.wait(home, run.id, SECONDS).state is RunState.DONE
        folder = store.folder(run.id)
        inspect(folder)
        assert folder.synthetic_file.read_bytes() == expected[folder.spec().seed]
        assert folder.counts()["vanilla"].shape == (3, 2, 2, 2)


def run_trials(home: Home, make_spec: MakeSpec, victims: Sequence[str], seed: int) -> Counter[str]:
    rng = random.Random(seed)
    expected = reference(home, make_spec)
    outcomes: Counter[str] = Counter()
    for victim in victims:
        states = trial(home, make_spec(iterations=ITERATIONS), victim, rng)
        found = [str(state) for state in states] or ["killed before it entered a run"]
        outcomes.update(f"{victim}: {state}" for state in found)
        check_and_finish(home, expected)
    return outcomes


def test_kill_at_random_moments(home: Home, make_spec: MakeSpec) -> None:
    """Three trials; which, changes from day to day."""
    day = int(time.time()) // 86_400
    run_trials(home, make_spec, random.Random(day).sample(VICTIMS, 3), seed=day)


@pytest.mark.slow
def test_kill_at_many_random_moments(home: Home, make_spec: MakeSpec, tmp_path: Path) -> None:
    outcomes = run_trials(home, make_spec, VICTIMS * 7, seed=1)
    report = "\n".join(f"{count:3d} {outcome}" for outcome, count in sorted(outcomes.items()))
    (tmp_path / "outcomes.txt").write_text(report)
    print(report)
