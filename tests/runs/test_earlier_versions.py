"""Runs of earlier versions: the bundled ones, and a finished and a stopped one that commit 0e228b8 exported.

The exported runs are small (16 pixels, 3 groups, 2 methods, 1 image per class). The finished one has 12
iterations; the other was stopped at 61 of 300, with a checkpoint at 50.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sized
from pathlib import Path
from typing import Any

import pytest
import torch

from fairdd_core.__main__ import main
from fairdd_core.runs import engine
from fairdd_core.runs.engine.execute import execute
from fairdd_core.runs.storage.archive import import_run
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.sweeps import bundled_cells, read_sweep
from fairdd_core.workspace import Workspace
from tests.helpers import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
BUNDLED = sorted(path.parent for path in (ROOT / "assets").glob("*/**/spec.json"))
READERS = [
    name
    for name, method in inspect.getmembers(RunFolder, inspect.isfunction)
    if not name.startswith(("_", "create", "write_", "thin_", "remove_"))
]
LATE = {
    *("result", "synthetic", "pictures", "counts", "count_series", "answers", "nearest"),
    *("points", "residuals", "moments"),
}
"""Readers of what a run writes after the distillation."""

LATER = ("reused", "test_labels", "trainings")
"""Readers of what earlier versions did not write."""


def read_all(folder: RunFolder) -> dict[str, Any]:
    """Return what every reader of a run's folder returns, by its name."""
    last = max(folder.snapshot_iterations(), default=0)
    arguments = {"snapshot": (last,), "snapshot_file": (last,), "log_tail": (5,)}
    return {name: getattr(folder, name)(*arguments.get(name, ())) for name in READERS}


def empty(value: Any) -> bool:
    return value is None or (isinstance(value, Sized) and len(value) == 0)


@pytest.fixture
def home(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The default workspace, in which nothing starts a process."""
    monkeypatch.setenv("FAIRDD_HOME", str(workspace.root))
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)
    return workspace


@pytest.fixture
def threads() -> Iterator[None]:
    """A resumed run sets the number of threads of its process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.name)
def test_every_bundled_run_opens(path: Path) -> None:
    read = read_all(RunFolder(path))
    assert not empty(read["result"]["arms"])
    assert not empty(read["snapshot"])
    if path.parent.name == "examples":
        expected = LATE | {"steps", "labels", "events"}
        assert [name for name in sorted(expected) if empty(read[name])] == []


def test_every_bundled_sweep_opens() -> None:
    files = sorted((ROOT / "assets" / "sweeps").glob("*/sweep.json"))
    assert files
    for file in files:
        cells = bundled_cells(read_sweep(file), file.parent)
        assert [cell.run for cell in cells if cell.result is None] == []


def test_a_finished_run_opens_and_shows(home: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = import_run(home, FIXTURES / "done-run.zip")
    read = read_all(Store(home).folder(run_id))
    assert [name for name in READERS if empty(read[name])] == [
        "checkpoint",
        "data",
        "external",
        "log_tail",
        *LATER,
    ]
    assert read["snapshot_iterations"] == [0, 1, 12]
    assert sorted(read["counts"]) == ["cobra", "full-data", "random-subset", "vanilla"]
    assert read["result"]["arms"]["cobra"]["accuracy"]["mean"] == pytest.approx(0.157333)
    assert main(["show", run_id]) == 0
    shown = capsys.readouterr().out
    assert "CPU, 2 threads, torch 2.14.1" in shown
    assert "12 iterations" in shown
    assert "15.7 %" in shown


def test_a_stopped_run_opens_shows_and_resumes_to_its_end(
    home: Workspace, threads: None, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = import_run(home, FIXTURES / "stopped-run.zip")
    store = Store(home)
    folder = store.folder(run_id)
    before = read_all(folder)
    assert [name for name in sorted(LATE) if not empty(before[name])] == []
    assert before["checkpoint"][0] == 50
    assert before["snapshot_iterations"] == [0, 1]
    assert main(["show", run_id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["message"].startswith("Stopped at 61 of 300 (distill).")

    document = json.loads(folder.spec_file.read_text())
    document["embedding"]["umap"] = False  # it would take most of the time, and starts anew in every attempt
    folder.spec_file.write_text(json.dumps(document))
    engine.resume(home, run_id)
    assert store.get(run_id).state is RunState.QUEUED
    execute(store, run_id)
    after = read_all(folder)
    assert [name for name in sorted(LATE) if empty(after[name])] == []
    assert after["checkpoint"] is None
    assert after["snapshot_iterations"] == [0, 1, 300]
    assert len(after["attempts"]) == 2
    resumed = [event["iteration"] for event in after["events"][0] if event["event"] == "resumed"]
    assert resumed == [50]
    iterations = after["steps"].query("arm == 'cobra'")["iteration"]
    assert iterations.is_monotonic_increasing
    assert iterations.is_unique
    assert (iterations.min(), iterations.max()) == (1, 300)
