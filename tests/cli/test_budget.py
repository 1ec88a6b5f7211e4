"""``--budget``: what it resolves to, what wins over it, and what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fairdd_core.__main__ import main, parser
from fairdd_core.cli.run import spec_from_args
from fairdd_core.cli.sweep import sweep_from_args
from fairdd_core.config.budget import fit
from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.runs import engine
from fairdd_core.runs.engine import sizes, speed
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.helpers import device_speed

CPU = ("--device", "cpu")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace where the processor was measured, and nothing starts a process."""
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path))
    monkeypatch.delenv("FAIRDD_DATA", raising=False)
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)
    monkeypatch.setattr(speed, "start", lambda workspace, device: pytest.fail("it was measured"))
    workspace = Workspace(tmp_path)
    speed.write(workspace, "cpu", device_speed())
    return workspace


def spec_of(*words: str) -> Any:
    return spec_from_args(parser().parse_args(["run", *CPU, *words]))


def test_a_budget_resolves_to_ordinary_settings(home: Workspace) -> None:
    start = changed(quick(), {"device": "cpu"})
    wanted = fit(start, sizes.size_of(home, start), device_speed(), 300).spec
    assert spec_of("--budget", "5m") == spec_of("--budget", "300s") == wanted
    assert spec_of("--budget", "1h").evaluation.networks > spec_of("--budget", "30s").evaluation.networks


def test_what_is_given_beside_it_wins(home: Workspace) -> None:
    given = (
        "--iterations",
        "77",
        "--set",
        "distill.network.width=48",
        "--eval-networks",
        "2",
        "--skew",
        "0.5",
    )
    spec = spec_of("--budget", "5m", *given)
    assert (spec.distill.iterations, spec.distill.network.width) == (77, 48)
    assert (spec.evaluation.networks, spec.data.skew) == (2, 0.5)
    assert spec.evaluation.epochs > 300, "the rest uses the time"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--budget", "5"], ["budget", "90s, 5m or 1h", "'5'"]),
        (["--budget", ""], ["budget", "''"]),
        (["--budget", "1s"], ["budget", "10s", "'1s'"]),
        (["--budget", "5m", "--preset", "published"], ["budget", "published", "quick or standard"]),
        (["--budget", "5m", "--dataset", "colored-mnist-fg"], ["MNIST"]),
    ],
)
def test_bad_budgets_are_explained(
    home: Workspace, words: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("run", "submit", "sweep"):
        assert main([command, *CPU, *words]) == 2
        message = capsys.readouterr().err
        assert all(part in message for part in said), message
    assert not Store(home).list()


def test_submit_queues_the_recipe_and_says_how_long_it_takes(
    home: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", *CPU, "--budget", "1m"]) == 0
    printed = capsys.readouterr()
    (run,) = Store(home).list()
    assert Store(home).folder(run.id).spec() == spec_of("--budget", "1m")
    assert printed.out.strip() == run.id
    assert "on this CPU: width 32" in printed.err
    assert main(["submit", *CPU, "--budget", "10s"]) == 0
    assert "takes longer than 10 s" in capsys.readouterr().err


def test_other_launches_say_it_only_on_a_device_that_was_measured(
    home: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", *CPU]) == 0
    assert "Takes about" in capsys.readouterr().err
    assert main(["submit", *CPU, "--seeds", "0-2"]) == 0
    assert "3 runs take about" in capsys.readouterr().err
    for file in home.speeds.glob("*.json"):
        file.unlink()
    assert main(["submit", *CPU]) == 0
    assert "ake" not in capsys.readouterr().err


def test_the_document_has_budget_and_estimate(
    home: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(workspace: Workspace, spec: Any, *, fresh: bool) -> str:
        run_id = Store(workspace).create(spec)
        Store(workspace).folder(run_id).write_result({"run": run_id})
        Store(workspace).update(run_id, state=RunState.DONE)
        return run_id

    monkeypatch.setattr(engine, "submit", finish)
    assert main(["run", *CPU, "--budget", "2m", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["budget"]["seconds"] == 120
    assert document["budget"]["fits"] is True
    assert "2 minutes" in document["budget"]["sentence"]
    stages = dict(document["estimate"])
    assert stages.pop("total") == pytest.approx(sum(stages.values()), abs=0.3)
    assert main(["run", *CPU, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"run", "estimate"}


def test_every_run_of_a_sweep_has_the_budget(home: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", *CPU, "--budget", "1m", "--skews", "0.5,0.9", "--separations", "1"]
    sweep = sweep_from_args(parser().parse_args(words))
    assert not sweep.base.embedding.umap
    assert sweep.base.distill.iterations >= spec_of("--budget", "1m").distill.iterations
    assert main([*words, "--submit"]) == 0
    assert "2 runs take about 2 minutes" in capsys.readouterr().err
