"""A run is called the same, wherever it was launched."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairdd_core.__main__ import main
from fairdd_core.config.presets import quick
from fairdd_core.config.recipes import with_backbone
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.titles import brief, title_of
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common import runs
from tests.pages.fake_run import write_fake_run


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The default workspace, in which nothing starts a process."""
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path))
    monkeypatch.delenv("FAIRDD_DATA", raising=False)
    return Workspace(tmp_path)


def test_the_command_line_calls_a_run_as_the_studio_does(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", "--preset", "quick"]) == 0
    assert main(["submit", "--preset", "quick", "--title", "Mine"]) == 0
    without, named = capsys.readouterr().out.split()
    store = Store(workspace)
    assert store.get(without).title == runs.title_of(quick()) == title_of(quick(), workspace.data)
    assert store.get(without).title == (
        "Colored Digits (digit coloured) · 10 groups · skew 90% · separation 1 · 10 images per class · "
        "600 iterations · seed 0"
    )
    assert store.get(named).title == "Mine"


def test_a_title_says_what_is_unusual(workspace: Workspace) -> None:
    spec = quick().model_copy(update={"data": DataSpec(dataset="own-gone", groups=3, skew=None)})
    assert title_of(spec, workspace.data).startswith("own-gone · 3 groups · skew as found · ")
    assert "CAFE · skew" in title_of(with_backbone(quick(), "cafe"), workspace.data)
    assert brief(quick()) == "skew 90%, separation 1, 600 iterations, seed 0"


def test_runs_to_choose_from_are_told_apart(workspace: Workspace) -> None:
    store = Store(workspace)
    run_id = store.enter(
        lambda folder: write_fake_run(folder.path, iterations=(0, 60)), title="Mine", state=RunState.DONE
    )
    record = store.get(run_id)
    text = runs.choice_text(record, quick(), record.created + 3700)
    assert text == "Mine · done, 1 h ago · skew 90%, separation 1, 600 iterations, seed 0"
    assert runs.choice_text(record, None, record.created) == "Mine · done, just now"
    store.update(run_id, title=title_of(quick(), workspace.data))
    text = runs.choice_text(store.get(run_id), quick(), record.created)
    assert text == (
        "done, just now · skew 90%, separation 1, 600 iterations, seed 0 · Colored Digits (digit coloured)"
    )
