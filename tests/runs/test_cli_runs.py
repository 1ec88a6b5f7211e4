from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fairdd_core.__main__ import main
from fairdd_core.runs.home import Home
from fairdd_core.runs.store import RunState, Store
from tests.runs.conftest import MakeSpec

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command on the test's home; return its exit code, output and errors."""
    monkeypatch.setenv("FAIRDD_HOME", str(home.root))

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out.strip(), captured.err

    return call


@pytest.fixture
def done(home: Home, make_spec: MakeSpec) -> str:
    store = Store(home)
    run_id = store.create(make_spec(), "a title")
    store.folder(run_id).write_result({"arms": {"vanilla": {"accuracy": {"mean": 0.5, "std": None}}}})
    store.update(run_id, state=RunState.DONE, message="Done.")
    return run_id


def test_submit_wait_show(cli: Cli, stand_in: None) -> None:
    code, run_id, _ = cli(
        "submit", "--title", "mine", "--iterations", 5, "--device", "cpu", "--arms", "vanilla"
    )
    assert code == 0
    assert cli("wait", run_id)[:2] == (0, "done: Done.")
    code, out, _ = cli("show", run_id[-6:], "--json")
    shown = json.loads(out)
    assert (shown["id"], shown["title"], shown["state"]) == (run_id, "mine", "done")
    assert shown["spec"]["distill"]["iterations"] == 5
    assert shown["result"]["run"] == run_id


def test_cancel_and_resume(cli: Cli, stand_in: None) -> None:
    run_id = cli("submit", "--iterations", 5000, "--device", "cpu", "--arms", "vanilla")[1]
    assert cli("wait", run_id, "--timeout", 0.5)[0] == 1
    code, out, _ = cli("cancel", run_id)
    assert code == 0
    assert out.startswith("Stopped")
    assert cli("wait", run_id)[0] == 1
    assert cli("resume", run_id)[:2] == (0, run_id)
    assert cli("cancel", run_id)[0] == 0


def test_runs_and_show_speak_to_people(cli: Cli, done: str) -> None:
    code, out, err = cli("runs")
    assert code == 0
    assert out.startswith(done)
    assert "a title" in out
    assert "1 runs" in err
    code, out, _ = cli("show", done)
    assert "accuracy 0.500" in out
    assert json.loads(cli("runs", "--json")[1])[0]["bytes"] > 0


def test_delete_and_undo(cli: Cli, done: str) -> None:
    assert cli("delete", done)[0] == 0
    assert cli("runs")[1] == ""
    assert cli("runs", "--bin")[1].startswith(done)
    assert cli("delete", "--undo", done)[0] == 0
    assert cli("runs")[1].startswith(done)


def test_export_import_prune(cli: Cli, done: str, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "run.zip"
    assert cli("export", done, file)[:2] == (0, str(file))
    Store(home).folder(done).events_file.touch()
    code, other, _ = cli("import", file)
    assert code == 0
    assert other != done
    assert "would go" in cli("prune", "--keep", "1K")[1]
    assert len(cli("prune", "--keep", "1K", "--yes")[1].split()) == 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["show", "nothing"], "run: expected the id of a run, got 'nothing'"),
        (["cancel", "../.."], "run: expected"),
        (["import", "/nowhere.zip"], "/nowhere.zip (No such file or directory)"),
        (["prune", "--keep", "much"], "--keep: expected a size"),
        (["prune", "--keep", "-1"], "--keep: expected a size"),
        (["submit", "--device", "cuda:99"], "device: expected"),
    ],
)
def test_user_errors_are_told_and_exit_with_2(cli: Cli, arguments: list[str], text: str) -> None:
    code, _, err = cli(*arguments)
    assert code == 2
    assert text in err


def test_export_to_nowhere(cli: Cli, done: str) -> None:
    code, _, err = cli("export", done, "/nowhere/run.zip")
    assert code == 2
    assert "No such file or directory" in err
