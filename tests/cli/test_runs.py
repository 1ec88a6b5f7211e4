from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.__main__ import main
from fairdd_core.runs.engine.environment import describe_environment
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.schema import connection
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command on the test's workspace; return its exit code, output and errors."""
    monkeypatch.setenv("FAIRDD_HOME", str(workspace.root))

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out.strip(), captured.err

    return call


@pytest.fixture
def done(workspace: Workspace, make_spec: MakeSpec) -> str:
    store = Store(workspace)
    run_id = store.create(make_spec(), "a title")
    folder = store.folder(run_id)
    numbers = {"accuracy": {"mean": 0.5, "std": None}, "deo_mean": {"mean": 0.25, "ci95": [0.2, 0.3]}}
    seconds = {"distill": 20.0, "evaluate": 31.0, "embed": 10.0, "total": 61.0}
    folder.write_result({"device": "CPU, 2 threads", "seconds": seconds, "arms": {"vanilla": numbers}})
    folder.events_file.write_text('{"t": 0, "event": "attempt", "torch": "2.15", "threads": 2}\n')
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
    assert "1 run, " in err
    assert json.loads(cli("runs", "--json")[1])[0]["bytes"] > 0


def test_a_title_moves_no_cursor_and_makes_no_line(cli: Cli, done: str, workspace: Workspace) -> None:
    title = "\x1b]52;c;eA==\x07two\nlines \u202egpj.exe"
    with connection(workspace.index) as db:  # as an earlier version kept it
        db.execute("UPDATE runs SET title = ?", (title,))
    for command in (["runs"], ["show", done]):
        shown = cli(*command)[1]
        assert "two lines gpj.exe" in shown
        assert not set(shown) & set("\x1b\x07\u202e")
    assert len(cli("runs")[1].splitlines()) == 1
    assert "\x1b" not in cli("show", "\x1b[31mred")[2]
    assert json.loads(cli("runs", "--json")[1])[0]["title"] == title
    Store(workspace).update(done, title=title)
    assert Store(workspace).get(done).title == "]52;c;eA==two lines gpj.exe"


def test_show_says_what_was_asked_and_what_came_out(cli: Cli, done: str) -> None:
    code, out, _ = cli("show", done[-6:])
    assert code == 0
    assert out.startswith(f"{done}  a title\n")
    facts = dict(re.findall(r"^  (\w+) +(.+)$", out, re.MULTILINE))
    assert facts["state"] == "done"
    assert facts["data"].startswith(
        "Colored Digits (digit coloured): 10 groups, skew 90%, separation 1, seed 0"
    )
    assert facts["methods"].startswith("vanilla by DM")
    assert "40 iterations" in facts["length"]
    assert "took 61 s (distill 20, evaluate 31, embed 10)" in facts["times"]
    assert facts["device"] == "CPU, 2 threads, torch 2.15"
    assert facts["next"] == f"export {done[-6:]} FILE.zip"
    table = out[out.index("Accuracy") :].splitlines()[1].split()
    assert table == ["vanilla", "50.0", "%", "–", "25.0", "pt", "–"], "earlier intervals missed small gaps"


def test_show_tells_the_cause_and_the_way_on(cli: Cli, done: str, workspace: Workspace) -> None:
    Store(workspace).update(done, state=RunState.LOST, message="It is gone.", hint="Go on.")
    out = cli("show", done)[1]
    assert "lost – It is gone." in out
    assert f"Go on. (resume {done[-6:]})" in out
    Store(workspace).update(done, final=True)
    assert "(resume" not in cli("show", done)[1]
    code, _, err = cli("resume", done)
    assert code == 2
    assert "would fail in the same way again. Go on." in err


def test_resume_tells_when_the_bytes_may_differ(cli: Cli, done: str, workspace: Workspace) -> None:
    store = Store(workspace)
    event = {"t": 0.0, "event": "attempt", **describe_environment("cpu")}
    for torch, remark in (("0.0.1", "torch was 0.0.1 and then"), (event["torch"], "")):
        store.update(done, state=RunState.STOPPED)
        store.folder(done).events_file.write_text(json.dumps({**event, "torch": torch}) + "\n")
        code, out, err = cli("resume", done)
        assert (code, out) == (0, done)
        assert (remark in err) if remark else (err == "")


def test_a_damaged_index_is_named_and_repaired(cli: Cli, done: str, workspace: Workspace) -> None:
    workspace.index.write_bytes(b"not an index " * 1000)
    for command in (
        ["runs"],
        ["show", done],
        ["submit", "--device", "cpu"],
        ["sweep", "--submit"],
    ):
        code, _, err = cli(*command)
        assert code == 1
        assert "python -m fairdd_core repair" in err
    code, out, _ = cli("repair")
    assert code == 0
    assert "Runs entered from their folders: 1." in out
    assert done in cli("runs")[1]
    assert cli("repair")[1].startswith("The index is sound.")


def test_delete_and_undo(cli: Cli, done: str) -> None:
    assert cli("delete", done)[0] == 0
    assert cli("runs")[1] == ""
    for option in ("--trash", "--bin"):  # the second is what it was called first
        assert cli("runs", option)[1].startswith(done)
    assert cli("delete", "--undo", "ffffff")[0] == 2
    assert cli("delete", "--undo", done[-6:])[0] == 0
    assert cli("runs")[1].startswith(done)


def test_the_cache_is_measured_and_emptied(cli: Cli, workspace: Workspace) -> None:
    workspace.create()
    cache = ResultCache(workspace)
    cache.put("a" * 64, {"x": np.zeros(1000)}, {}, "run", {})
    assert cli("cache")[1].startswith("Results in the cache: 1, 8")
    assert cli("cache", "--empty")[1].startswith("Removed from the cache: 1")
    assert cache.size() == (0, 0)


def test_export_import_prune(cli: Cli, done: str, workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "run.zip"
    assert cli("export", done, file)[:2] == (0, str(file))
    Store(workspace).folder(done).events_file.touch()
    code, other, _ = cli("import", file)
    assert code == 0
    assert other != done
    assert "would remove" in cli("prune", "--keep", "1K")[1]
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
        (["submit", "--device", "cuda:" + "9" * 5000], "device: expected"),
        (["submit", "--label", "x" * 300], "data.label: expected"),
        (["submit", "--set", "evaluation.epochs=" + "9" * 5000], "evaluation.epochs: expected"),
        (["show", "\udcff\udcfe"], r"run: expected the id of a run, got '\udcff\udcfe'"),
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
