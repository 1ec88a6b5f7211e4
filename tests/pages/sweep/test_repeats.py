"""A sweep over several seeds, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.runs.engine import sweeps
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.sweep import model as sweep_model
from tests.pages.conftest import settled, words


@pytest.mark.parametrize(("done", "expected"), [(3, "Over 3 of 3 seeds"), (1, "Over 1 of 3 seeds")])
def test_the_place_in_focus_has_its_results_over_seeds(
    visit: Callable[..., AppTest],
    workspace: Path,
    no_examples: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    done: int,
    expected: str,
) -> None:
    monkeypatch.setattr(sweep_model, "BUNDLED", tmp_path / "nowhere")
    spec = SweepSpec(base=quick(), skews=(0.9,), separations=(1.0,), seeds=(0, 1, 2))
    sweep, store = sweeps.launch(Workspace(workspace), spec), Store(Workspace(workspace))
    for seed, entry in enumerate(sweep.entries[:done]):
        gaps = {"vanilla": 0.5 + 0.01 * seed, "cobra": 0.1 + 0.012 * seed}
        arms = {arm: {"deo_mean": {"mean": gap}} for arm, gap in gaps.items()}
        store.folder(entry.run).write_result({"run": entry.run, "arms": arms})
        store.update(entry.run, state=RunState.DONE)
    app = visit().switch_page("sweep.py")
    text = words(settled(app.run()))
    assert expected in text
    assert ("**39.8 points lower**" in text) == (done == 3)
