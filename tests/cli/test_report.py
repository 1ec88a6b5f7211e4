"""``report`` and the parts of ``export``, as a user meets them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from fairdd_core.__main__ import main
from fairdd_core.config.presets import quick
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.pages.fake_run import write_fake_run


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An invented finished run in a workspace of its own."""
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    store = Store(Workspace(tmp_path / "home"))
    run_id = store.create(quick(), "For the lecture")
    write_fake_run(store.folder(run_id).path, iterations=(0, 600))
    store.update(run_id, state=RunState.DONE)
    return run_id


def test_report_of_a_run_and_of_a_folder(
    run_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", run_id[-6:], str(tmp_path / "one.html")]) == 0
    assert "<title>For the lecture</title>" in (tmp_path / "one.html").read_text()
    folder = tmp_path / "home" / "runs" / run_id
    assert main(["report", str(folder), str(tmp_path / "two.html")]) == 0
    assert f"<title>{run_id}</title>" in (tmp_path / "two.html").read_text()
    assert capsys.readouterr().out.split() == [str(tmp_path / "one.html"), str(tmp_path / "two.html")]


def test_export_writes_what_is_asked_for(run_id: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["export", run_id, "--csv", str(out / "t"), "--png", str(out / "p")]) == 0
    assert {path.name for path in (out / "p").iterdir()} == {"vanilla.png", "cobra.png"}
    results = pd.read_csv(out / "t" / "results.csv")
    assert set(results["arm"]) == {"vanilla", "cobra", "random-subset", "full-data"}
    assert main(["export", run_id, str(out / "run.zip")]) == 0
    assert (out / "run.zip").stat().st_size > 1000


def test_bad_exports_are_refused(run_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    for arguments, told in (
        (["export", run_id], "--csv DIR"),
        (["report", "nothing", "x.html"], "the id of a run"),
        (["report", run_id, str(tmp_path / "file" / "x.html")], "a usable file"),
    ):
        assert main(arguments) == 2
        assert told in capsys.readouterr().err
