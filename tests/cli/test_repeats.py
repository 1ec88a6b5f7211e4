"""``run --seeds`` as a user meets it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fairdd_core.__main__ import main
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.helpers import ROOT, made, tiny_distill, tiny_evaluation
from tests.runs.conftest import MakeSpec, until

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def home(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("FAIRDD_HOME", str(workspace.root))
    return workspace


def add(home: Workspace, spec: RunSpec, gap: float) -> str:
    store = Store(home)
    run_id = store.create(spec)
    arms = {"vanilla": {"deo_mean": {"mean": gap}, "accuracy": {"mean": 0.9}}}
    store.folder(run_id).write_result({"run": run_id, "arms": arms, **made()})
    store.update(run_id, state=RunState.DONE)
    return run_id


def test_one_launch_gives_one_result(home: Workspace, tmp_path: Path, capsys: Captured) -> None:
    spec = RunSpec(
        data=DataSpec(groups=2),
        distill=tiny_distill(),
        evaluation=tiny_evaluation(networks=1, baseline_networks=1),
        embedding=EmbeddingSpec(umap=False),
        device="cpu",
    )
    path, out = tmp_path / "spec.json", tmp_path / "out"
    path.write_text(spec.model_dump_json())
    assert main(["run", "--spec", str(path), "--seeds", "0-1", "--json", "--out", str(out)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"spec", "seeds", "left_out", "arms", "differences"}
    assert list(document["seeds"]) == ["0", "1"]
    singles = [RunFolder(out / f"seed-{seed}").result() or {} for seed in (0, 1)]
    for arm in ("vanilla", "cobra", "random-subset", "full-data"):
        found = document["arms"][arm]["accuracy"]
        values = [single["arms"][arm]["accuracy"]["mean"] for single in singles]
        assert found["mean"] == pytest.approx(sum(values) / 2, abs=1e-6)
        assert found["seeds"] == 2
    pairs = {(row["arm"], row["against"]) for row in document["differences"]}
    assert pairs == {("cobra", "vanilla")}

    assert main(["run", "--spec", str(path), "--seeds", "0,1"]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("used again") == 2
    assert len(Store(home).list()) == 2
    assert "Over 2 seeds (seeds 0,1)" in printed.out
    assert "Minus vanilla, seed by seed" in printed.out


def test_a_seed_that_fails_is_named_and_the_others_count(
    home: Workspace, make_spec: MakeSpec, stand_in: None, tmp_path: Path, capsys: Captured
) -> None:
    there = add(home, make_spec("crash", seed=1), 0.1)
    path = tmp_path / "spec.json"
    path.write_text(make_spec("crash").model_dump_json())
    assert main(["run", "--spec", str(path), "--seeds", "1,2", "--json"]) == 1
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["seeds"] == {"1": there}
    assert [(one["seed"], one["why"]) for one in document["left_out"]] == [(2, "failed")]
    assert document["arms"]["vanilla"]["deo_mean"]["ci95"] == [None, None]
    assert "failed: RuntimeError: something broke" in printed.err


def test_ctrl_c_stops_every_seed(
    home: Workspace, make_spec: MakeSpec, stand_in: None, tmp_path: Path
) -> None:
    path, store = tmp_path / "spec.json", Store(home)
    path.write_text(make_spec(iterations=100_000).model_dump_json())
    other = store.create(make_spec(iterations=41), device="cuda:9")
    command = [sys.executable, "-m", "fairdd_core", "run", "--spec", str(path), "--seeds", "0-2"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: any(run.done for run in store.list([RunState.RUNNING]) if run.id != other))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    states = [run.state for run in store.list() if run.id != other]
    assert states == [RunState.STOPPED] * 3, err
    assert process.returncode == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seeds", "4-0"], "seeds: expected ranges that go up, got '4-0'. Write 0-4."),
        (["--seeds", "0-1000000000"], "at most 50 seeds"),
        (["--seeds", "some"], "0-4 or 0,3,7, got 'some'"),
        (["--seeds", "0-1", "--seed", "3"], "seed: expected either --seed or --seeds, got both"),
    ],
)
@pytest.mark.parametrize("command", ["run", "submit"])
def test_bad_seeds_are_refused_before_anything_is_queued(
    home: Workspace, capsys: Captured, command: str, arguments: list[str], words: str
) -> None:
    assert main([command, *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not home.root.exists()


def test_submit_queues_every_seed(home: Workspace, stand_in: None, capsys: Captured) -> None:
    assert main(["submit", "--iterations", "5", "--device", "cpu", "--seeds", "0-2", "--title", "mine"]) == 0
    ids = capsys.readouterr().out.split()
    assert [Store(home).get(run).title for run in ids] == [f"mine · seed {seed}" for seed in range(3)]


def test_show_has_the_results_over_seeds(home: Workspace, make_spec: MakeSpec, capsys: Captured) -> None:
    one, other = add(home, make_spec(seed=0), 0.1), add(home, make_spec(seed=4), 0.2)
    Store(home).update(Store(home).create(make_spec(seed=5)), state=RunState.FAILED)
    assert main(["show", one]) == 0
    printed = capsys.readouterr().out
    assert "Over 2 seeds (seeds 0,4)" in printed
    assert "Not counted: seed 5 failed." in printed
    assert "15.0 pt ± 7.1" in printed
    assert main(["show", one, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["repeats"]["seeds"] == {"0": one, "4": other}


def test_show_says_nothing_of_repeats_where_there_are_none(
    home: Workspace, make_spec: MakeSpec, capsys: Captured
) -> None:
    one = add(home, make_spec(), 0.1)
    assert main(["show", one]) == 0
    assert "Over" not in capsys.readouterr().out
    assert main(["show", one, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["repeats"] is None
