"""Reusing results of earlier runs: the same bytes, said in the document, and a switch that computes anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.events import Evaluated, Event
from fairdd_core.runs import engine
from fairdd_core.runs.engine.execute import load_progress
from fairdd_core.runs.engine.outcomes import StopRequested
from fairdd_core.runs.engine.pipeline import run_pipeline
from fairdd_core.runs.engine.recorder import record
from fairdd_core.runs.engine.reuse import RunCache
from fairdd_core.runs.engine.warm_worker import tiny_spec
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.summary import reuse_text, summarise, training_text
from fairdd_core.runs.storage.validation import validate_run
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec

MACHINE: dict[str, Any] = {"torch": "2", "device": "cpu", "threads": 1}
BASELINES = {"random-subset", "full-data"}


@pytest.fixture(scope="module")
def spec() -> RunSpec:
    tiny = tiny_spec()
    evaluation = tiny.evaluation.model_copy(update={"others": ("mlp",), "full_data_steps": 3})
    return tiny.model_copy(
        update={
            "evaluation": evaluation,
            "embedding": tiny.embedding.model_copy(update={"umap": False, "features": "real"}),
        }
    )


def run(
    home: Path,
    name: str,
    spec: RunSpec,
    *,
    fresh: bool = False,
    cut: bool = False,
    machine: dict[str, Any] = MACHINE,
) -> RunFolder:
    """Run in this process, with the cache of the workspace ``home``."""
    folder = RunFolder(home / name)
    if not folder.complete:
        folder.create(spec)
    cache = RunCache(ResultCache(Workspace(home)), name, machine, "CPU", fresh=fresh)

    def events() -> Iterator[Event]:
        for event in run_pipeline(spec, home, load_progress(folder), cache):
            yield event
            if cut and isinstance(event, Evaluated):
                raise StopRequested

    record(events(), folder)
    return folder


def contents(folder: RunFolder) -> dict[str, bytes]:
    """Return all files of a run but its log of events, which has times."""
    named = {str(path.relative_to(folder.path)): path for path in folder.artefacts()}
    return {name: path.read_bytes() for name, path in named.items() if name != "events.jsonl"}


def document(folder: RunFolder) -> dict[str, Any]:
    return {**summarise(folder, "run", "CPU"), "seconds": None}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def first(home: Path, spec: RunSpec) -> RunFolder:
    return run(home, "first", spec)


def test_reused_results_are_the_same_bytes(home: Path, spec: RunSpec, first: RunFolder) -> None:
    second = run(home, "second", spec)
    assert contents(second) == contents(first)
    assert first.reused() == []
    reused = second.reused()
    assert {one["run"] for one in reused} == {"first"}
    assert {one["name"] for one in reused if one["kind"] == "test results"} >= BASELINES
    assert {one["name"] for one in reused if one["kind"] == "network"} == {"full-data"}, "for the maps"
    assert "random-subset" in reuse_text(reused)
    assert second.trainings() == first.trainings() != {}
    told = document(second)
    assert told.pop("reused") == reused
    assert told == document(first)
    validate_run(second)


def test_fresh_computes_everything_anew(home: Path, spec: RunSpec, first: RunFolder) -> None:
    third = run(home, "third", spec, fresh=True)
    assert contents(third) == contents(first)
    assert third.reused() == []
    assert {one["run"] for one in run(home, "fourth", spec).reused()} == {"third"}, "kept all the same"


def test_another_machine_is_not_believed(home: Path, spec: RunSpec, first: RunFolder) -> None:
    assert run(home, "elsewhere", spec, machine={**MACHINE, "threads": 2}).reused() == []


def test_a_run_that_was_stopped_and_reuses_results_ends_with_the_same_bytes(
    home: Path, spec: RunSpec, first: RunFolder
) -> None:
    with pytest.raises(StopRequested):
        run(home, "stopped", spec, cut=True, fresh=True)
    assert contents(run(home, "stopped", spec)) == contents(first)


def test_a_damaged_cache_costs_time_only(home: Path, spec: RunSpec, first: RunFolder) -> None:
    run(home, "filling", spec)
    for path in (home / "cache").glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-1])
    damaged = run(home, "damaged", spec)
    assert contents(damaged) == contents(first)
    assert damaged.reused() == []


def test_another_skew_needs_other_baselines_and_noisy_groups_do_not(
    home: Path, spec: RunSpec, first: RunFolder
) -> None:
    skewed = spec.model_copy(update={"data": spec.data.model_copy(update={"skew": 0.7})})
    assert run(home, "skewed", skewed).reused() == []
    noisy = spec.model_copy(update={"data": spec.data.model_copy(update={"label_noise": 0.2})})
    run(home, "again", spec)
    reused = run(home, "noisy", noisy).reused()
    assert {one["name"].partition("@")[0] for one in reused} >= BASELINES


def test_the_engine_reuses_and_the_switch_is_kept(workspace: Workspace, spec: RunSpec) -> None:
    store, ids = Store(workspace), []
    for fresh in (False, False, True):
        run_id = engine.submit(workspace, spec, fresh=fresh)
        assert engine.wait(workspace, run_id, 120).state is RunState.DONE
        assert store.get(run_id).fresh is fresh
        ids.append(run_id)
    folders = [store.folder(run_id) for run_id in ids]
    assert contents(folders[1]).keys() == contents(folders[0]).keys()
    results = [folder.result() or {} for folder in folders]
    assert {one["run"] for one in results[1]["reused"]} == {ids[0]}
    assert "reused" not in results[0]
    assert "reused" not in results[2]
    for result in results[1:]:
        assert (result["arms"], result["training"]) == (results[0]["arms"], results[0]["training"])
    assert f"Reused from run {ids[0]}" in folders[1].log_tail(100)


def test_a_run_is_not_fresh_unless_asked(workspace: Workspace, make_spec: MakeSpec) -> None:
    store = Store(workspace)
    assert store.get(store.create(make_spec())).fresh is False
    assert store.get(store.create(make_spec(), fresh=True)).fresh is True


def network(updates: int, converged: bool, accuracy: float = 1.0) -> dict[str, Any]:
    return {"updates": updates, "converged": converged, "accuracy": accuracy, "curve": []}


@pytest.mark.parametrize(
    ("networks", "text"),
    [
        ([], ""),
        ([network(700, True)], "converged after 700 updates"),
        ([network(900, True), network(700, True)], "converged after 700 to 900 updates"),
        (
            [network(250, False, 0.9764)],
            "not converged: stopped at 250 updates, training accuracy 97.6\u202f%",
        ),
        (
            [network(800, True), network(10, False, 0.5)],
            "converged after 800 updates; not converged: stopped at 10 updates, training accuracy 50\u202f%",
        ),
    ],
)
def test_training_in_words(networks: list[dict[str, Any]], text: str) -> None:
    assert training_text(networks) == text


def test_reuse_in_words() -> None:
    results = [
        {"kind": "test results", "name": "full-data", "run": "a"},
        {"kind": "network", "name": "full-data", "run": "a"},
        {"kind": "test results", "name": "cobra", "run": "b"},
    ]
    expected = (
        "test results of FULL-DATA and network of FULL-DATA from run a; test results of COBRA from run b"
    )
    assert reuse_text(results, str.upper) == expected
    assert reuse_text([]) == ""
