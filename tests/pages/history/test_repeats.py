"""Repeats in the list of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import list_runs
from pages.ui.history.repeats import repeat_labels
from tests.pages.conftest import settled, words
from tests.pages.fake_repeats import add_unfinished

Visit = Callable[..., AppTest]


def test_runs_that_differ_in_the_seed_are_labelled(visit: Visit, workspace: Path, no_examples: None) -> None:
    runs = [add_unfinished(workspace, seed, RunState.STOPPED) for seed in (0, 7, 7)]
    add_unfinished(workspace, 0, RunState.STOPPED, changed(quick(), {"data.skew": 0.5}))
    gone = add_unfinished(workspace, 8, RunState.STOPPED)
    Store(Workspace(workspace)).folder(gone).spec_file.write_text("{}")
    labels = ["seed 0: repeat 1 of 2", "seed 7: repeat 2 of 2", "seed 7: repeat 2 of 2"]
    assert repeat_labels(list_runs()) == dict(zip(runs, labels, strict=True))
    page = words(settled(visit().switch_page("runs.py").run()))
    assert page.count("repeat 2 of 2") == 2
    assert page.count("fx-chip") == 3
