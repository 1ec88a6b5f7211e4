"""``sweep`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fairdd_core.__main__ import main
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.storage.index import Store
from fairdd_core.runs.storage.sweeps import bundled_cells, find_sweep, read_sweep
from fairdd_core.workspace import Workspace
from tests.helpers import tiny_distill, tiny_evaluation


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A specification file of a run of a moment, in a workspace of its own."""
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    spec = RunSpec(
        data=DataSpec(groups=2),
        distill=tiny_distill(),
        evaluation=tiny_evaluation(baseline_networks=1),
        device="cpu",
    )
    path = tmp_path / "spec.json"
    path.write_text(spec.model_dump_json())
    return path


def test_sweep_runs_prints_writes_and_is_not_run_twice(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = ["sweep", "--spec", str(tiny), "--skews", "0.9", "--separations", "1"]
    assert main([*grid, "--out", str(tmp_path / "out"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["skew"], row["arm"], row["state"]) for row in rows] == [
        (0.9, arm, "done") for arm in ("vanilla", "cobra")
    ]
    assert all(0 <= row["accuracy"] <= 1 for row in rows)

    assert main([*grid, "--submit"]) == 0
    printed = capsys.readouterr()
    assert "places: 1, here already: 1" in printed.err
    workspace = Workspace(tmp_path / "home")
    assert find_sweep(workspace, printed.out.strip()).entries[0].reused
    assert len(Store(workspace).list()) == 1

    kept = read_sweep(tmp_path / "out" / "sweep.json")
    cells = bundled_cells(kept, tmp_path / "out")
    results = [cell.result or {} for cell in cells]
    assert [result["arms"]["cobra"]["accuracy"]["mean"] for result in results] == [
        row["accuracy"] for row in rows if row["arm"] == "cobra"
    ]
    assert cells[0].folder is not None
    assert cells[0].folder.snapshot(4)["cobra"].shape == (10, 1, 3, 16, 16)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["--skews", "0.5,much"], "skews"),
        (["--skew", "0.5"], "--skews"),
        (["--skews", "0.1"], "data.skew"),
        (["--seeds", ""], "seeds"),
    ],
)
def test_bad_grids_are_refused_before_anything_is_queued(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], field: str
) -> None:
    assert main(["sweep", "--spec", str(tiny), *arguments]) == 2
    assert field in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
