"""How long a run takes, from runs that were finished here."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fairdd_core.config.cost import stage_seconds
from fairdd_core.config.presets import quick
from fairdd_core.device import gpu_count
from fairdd_core.runs.engine import sizes, speed
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common import eta
from pages.ui.common.eta import seconds_left, work
from tests.helpers import device_speed
from tests.pages.fake_run import write_fake_run

STAGES = {"distill": 20.0, "evaluate": 30.0, "embed": 10.0}


def at(phase: str, done: int, total: int) -> RunRecord:
    """Return a record with this progress, and nothing else that counts."""
    values: dict[str, Any] = dict.fromkeys(field.name for field in fields(RunRecord))
    return RunRecord(**(values | {"phase": phase, "done": done, "total": total}))


def left(now: RunRecord, elapsed: float | None, trust: float = 0.1) -> float | None:
    return seconds_left(quick(), STAGES, now, elapsed, trust)


def test_a_run_at_the_usual_pace_takes_the_usual_time() -> None:
    assert left(at("data", 0, 1), 0.0) == pytest.approx(60)
    assert left(at("distill", 300, 600), 10.0) == pytest.approx(50)
    assert left(at("baselines", 4, 4), 50.0) == pytest.approx(10)
    assert left(at("embed", 2, 2), 60.0) == pytest.approx(0)


def test_its_own_pace_counts_for_more_the_longer_it_has_run() -> None:
    early, late = left(at("distill", 6, 600), 2 * 0.2), left(at("embed", 0, 2), 2 * 50.0)
    assert early is not None
    assert late is not None
    assert 60 < early < 63
    assert 18 < late < 20


def test_judging_arms_and_baselines_are_parts_of_one_stage() -> None:
    times = [left(at(phase, done, 4), None) for phase in ("evaluate", "baselines") for done in range(5)]
    assert all(time is not None for time in times)
    assert times == sorted(times, key=lambda time: -(time or 0))
    assert (times[0], times[4], times[-1]) == (40, times[5], 10)


def test_without_earlier_runs_only_its_own_pace_tells() -> None:
    assert left(at("distill", 6, 600), 5.0, trust=0.0) is None
    assert left(at("distill", 300, 600), 100.0, trust=0.0) == pytest.approx(500)
    assert left(at("distill", 300, 600), None, trust=0.0) is None
    assert left(at("somewhere", 1, 2), 5.0) is None


def finish(workspace: Path, **values: object) -> str:
    """Enter a finished run of a minute."""
    store = Store(Workspace(workspace))
    return store.enter(lambda folder: write_fake_run(folder.path), state=RunState.DONE, **values)


@pytest.mark.usefixtures("one_example")
def test_only_runs_of_this_machine_and_device_tell_its_time(workspace: Path) -> None:
    spec = quick().model_copy(update={"device": "cpu"})
    finish(workspace, device="cpu", imported=1.0)
    finish(workspace, device="cuda:0")
    assert eta.predicted(spec) is None
    finish(workspace, device="cpu")
    assert eta.predicted(spec) == pytest.approx({"distill": 20.0, "evaluate": 25.0, "embed": 12.0})
    assert eta.predicted(spec.model_copy(update={"device": f"cuda:{gpu_count() + 5}"})) is None
    other = spec.model_copy(update={"distill": spec.distill.model_copy(update={"backbone": "dc"})})
    assert eta.predicted(other) is None, "another backbone takes another time"


def test_every_further_architecture_makes_the_test_longer() -> None:
    one = quick()
    two = one.model_copy(update={"evaluation": one.evaluation.model_copy(update={"others": ("vgg11",)})})
    assert work(two)["evaluate"] > 2 * work(one)["evaluate"]
    assert work(two)["distill"] == work(one)["distill"]


def test_a_measured_device_tells_better_than_earlier_runs(workspace: Path, no_examples: None) -> None:
    home, spec = Workspace(workspace), quick().model_copy(update={"device": "cpu"})
    finish(workspace, device="cpu")
    speed.write(home, "cpu", device_speed())
    expected = stage_seconds(spec, sizes.size_of(home, spec), device_speed())
    assert eta.predicted(spec) == expected
    run_id = Store(home).create(spec)
    Store(home).update(run_id, state=RunState.RUNNING, phase="embed", done=0, total=2, resumes=1)
    assert eta.remaining(spec, Store(home).get(run_id), 1.0) == pytest.approx(expected["embed"])
    mnist = spec.model_copy(update={"data": spec.data.model_copy(update={"dataset": "colored-mnist-fg"})})
    assert eta.predicted(mnist) != stage_seconds(mnist, sizes.size_of(home, spec), device_speed())


@pytest.mark.usefixtures("one_example")
def test_the_example_tells_how_stages_compare_but_not_how_fast_this_machine_is(workspace: Path) -> None:
    store, spec = Store(Workspace(workspace)), quick()
    run_id = store.create(spec)
    store.update(run_id, state=RunState.RUNNING, phase="distill", done=300, total=600)
    assert eta.remaining(spec, store.get(run_id), 100.0) == pytest.approx(470)  # 10 of 57 s in 100 s
    store.update(run_id, resumes=1)
    assert eta.remaining(spec, store.get(run_id), 1.0) is None


def test_a_run_that_was_continued_does_not_seem_fast(workspace: Path, no_examples: None) -> None:
    store, spec = Store(Workspace(workspace)), quick()
    finish(workspace, device="cpu")
    run_id = store.create(spec)
    store.update(run_id, state=RunState.RUNNING, phase="distill", done=300, total=600, resumes=1)
    assert eta.remaining(spec, store.get(run_id), 1.0) == pytest.approx(47)
