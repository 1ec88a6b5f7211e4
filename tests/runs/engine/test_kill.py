"""kill -9 at random moments: whatever dies, every run ends, is explained and can be resumed.

``FAIRDD_KILL_SEED`` chooses other moments, ``FAIRDD_KILL_TRIALS`` how many of the slow ones there are.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs import engine
from fairdd_core.runs.engine.process import environment
from fairdd_core.runs.engine.warm_worker import tiny_spec
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.validation import validate_run
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec, processes

SECONDS = 120.0  # without any progress: then a run counts as running for ever
SEED = int(os.environ.get("FAIRDD_KILL_SEED", "1"))
TRIALS = int(os.environ.get("FAIRDD_KILL_TRIALS", "36"))
VICTIMS = ("server", "dispatcher", "worker", "server and dispatcher", "dispatcher and worker", "all")

# A server stands for anything that submits: it enters runs one after the other and watches them.
SERVER = """
import sys, time
from pathlib import Path
from fairdd_core.runs import engine
from fairdd_core.workspace import Workspace
from fairdd_core.config.spec.run import RunSpec
workspace, spec = Workspace(Path(sys.argv[1])), RunSpec.model_validate_json(sys.argv[2])
engine.request_warm_worker(workspace)
for seed in range(2):
    print(engine.submit(workspace, spec.model_copy(update={"seed": seed})), flush=True)
    time.sleep(0.1)
while True:
    engine.wake(workspace)
    time.sleep(0.2)
"""


@dataclass(frozen=True)
class Workload:
    """What is run while something is killed, and the most seconds between submission and kill."""

    spec: RunSpec
    until: float


@dataclass
class Outcomes:
    """The outcomes of the runs of all trials with the same victims."""

    trials: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    resumed: int = 0


def start_server(workspace: Workspace, spec: RunSpec) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVER, str(workspace.root), spec.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), text=True)


def kill(workspace: Workspace, server: subprocess.Popen[str], victims: str) -> list[str]:
    """Kill those victims that are running; return their roles."""
    killed = []
    for process in processes(workspace):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = process.cmdline()
            role = "server" if process.pid == server.pid else command[2].rpartition(".")[2]
            if role in victims or victims == "all":
                process.kill()
                killed.append(role)
    return killed


def results(workspace: Workspace, run_id: str) -> tuple[bytes, bytes]:
    """The results of a run as bytes, after every file of it has been validated."""
    folder = Store(workspace).folder(run_id)
    validate_run(folder)
    return folder.synthetic_file.read_bytes(), folder.counts_file.read_bytes()


def final_state(workspace: Workspace, run_id: str) -> RunState:
    """Wait until a run has ended, as long as anything changes in its workspace; return its state."""
    store, seen, deadline = Store(workspace), None, 0.0
    while (record := store.get(run_id)).state.live:
        if (now := store.live()) != seen:
            seen, deadline = now, time.monotonic() + SECONDS
        assert time.monotonic() < deadline, f"nothing changes any more: {record}"
        engine.wake(workspace)
        time.sleep(engine.POLL_SECONDS)
    return record.state


def reference(workspace: Workspace, spec: RunSpec) -> dict[int, tuple[bytes, bytes]]:
    """The results of undisturbed runs, by seed."""
    ids = {seed: engine.submit(workspace, spec.model_copy(update={"seed": seed})) for seed in range(2)}
    for run_id in ids.values():
        assert final_state(workspace, run_id) is RunState.DONE
    return {seed: results(workspace, run_id) for seed, run_id in ids.items()}


def trial(workspace: Workspace, work: Workload, victims: str, rng: random.Random, outcomes: Outcomes) -> None:
    """Submit, kill at a random moment, return, and wait until no run is live any more."""
    known = {run.id for run in Store(workspace).list()}
    server = start_server(workspace, work.spec)
    if rng.random() < 0.75:  # else it may come before or during the submission
        while len(Store(workspace).list()) == len(known):
            time.sleep(0.01)
    time.sleep(rng.uniform(0.0, work.until))
    outcomes.killed.update(kill(workspace, server, victims))
    time.sleep(0.2)
    engine.request_warm_worker(workspace)  # the next visit
    if server.poll() is None:
        time.sleep(0.5)
        server.kill()
    assert server.stdout is not None
    acknowledged = server.stdout.read().split()
    server.wait()
    runs = [run.id for run in Store(workspace).list() if run.id not in known]
    assert set(acknowledged) <= set(runs), "a run whose id was given is never forgotten"
    outcomes.trials += 1
    outcomes.states.update(str(final_state(workspace, run_id)) for run_id in runs)


def check_and_finish(workspace: Workspace, expected: dict[int, tuple[bytes, bytes]]) -> int:
    """Check the index and every file, resume what ended early; return how many runs that were."""
    store, resumed = Store(workspace), 0
    assert store.check() == "ok"
    for run in store.list():
        folder = store.folder(run.id)
        validate_run(folder)
        assert run.state is RunState.DONE or (run.message and run.hint)
        if run.state is not RunState.DONE:
            engine.resume(workspace, run.id)
            assert final_state(workspace, run.id) is RunState.DONE
            resumed += 1
        assert results(workspace, run.id) == expected[folder.spec().seed]
    return resumed


def run_trials(
    workspace: Workspace, work: Workload, victims: Sequence[str], seed: int
) -> dict[str, Outcomes]:
    rng = random.Random(seed)
    expected = reference(workspace, work.spec)
    outcomes = {victim: Outcomes() for victim in dict.fromkeys(victims)}
    for victim in victims:
        trial(workspace, work, victim, rng, outcomes[victim])
        outcomes[victim].resumed += check_and_finish(workspace, expected)
    return outcomes


def report(outcomes: dict[str, Outcomes]) -> str:
    """A table: a line per kind of victim, and one of sums."""
    lines = [
        "| killed | trials | processes hit | runs entered | state afterwards | resumed to the same bytes |",
        "|---" * 6 + "|",
    ]
    total = Outcomes()
    for victim, one in outcomes.items():
        lines.append(_line(victim, one))
        total = Outcomes(
            total.trials + one.trials,
            total.killed + one.killed,
            total.states + one.states,
            total.resumed + one.resumed,
        )
    return "\n".join([*lines, _line("sum", total)])


def _line(name: str, outcomes: Outcomes) -> str:
    hit, states = (
        ", ".join(f"{count} {what}" for what, count in sorted(counter.items())) or "none"
        for counter in (outcomes.killed, outcomes.states)
    )
    entered = outcomes.states.total()
    return f"| {name} | {outcomes.trials} | {hit} | {entered} | {states} | {outcomes.resumed} |"


@pytest.fixture
def quick_work(stand_in: None, make_spec: MakeSpec) -> Workload:
    return Workload(make_spec(iterations=150), 3.0)  # a run takes about a second


@pytest.fixture
def real_work() -> Workload:
    """The real pipeline, so that death may come while torch loads, or in the middle of any stage."""
    tiny = tiny_spec()
    distill = tiny.distill.model_copy(update={"iterations": 100, "snapshots": 10})
    embedding = tiny.embedding.model_copy(update={"umap": False})
    return Workload(tiny.model_copy(update={"distill": distill, "embedding": embedding}), 15.0)


def test_kill_at_random_moments(workspace: Workspace, quick_work: Workload) -> None:
    outcomes = run_trials(
        workspace, quick_work, ("server and dispatcher", "dispatcher and worker", "all"), SEED
    )
    assert [one.trials for one in outcomes.values()] == [1, 1, 1]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("work", ["quick_work", "real_work"])
def test_kill_at_many_random_moments(
    workspace: Workspace, work: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    victims = [VICTIMS[i % len(VICTIMS)] for i in range(TRIALS)]
    outcomes = run_trials(workspace, request.getfixturevalue(work), victims, SEED)
    text = report(outcomes)
    (tmp_path / "outcomes.md").write_text(text)
    print(f"\n{work}, seed {SEED}\n{text}")
    assert sum(one.trials for one in outcomes.values()) == TRIALS
