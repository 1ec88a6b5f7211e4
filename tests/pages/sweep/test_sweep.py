"""The sweep page, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.runs.engine import sweeps
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.sweeps import Sweep, cells_of, sweep_table
from fairdd_core.workspace import Workspace
from pages.ui.sweep import model as sweep_model
from pages.ui.sweep.model import BUNDLED, all_sweeps, parse_place, steps, summary
from tests.helpers import made
from tests.pages.conftest import settled, words

Visit = Callable[..., AppTest]


def finish(workspace: Path, run_id: str, worst: float = 0.9) -> None:
    store = Store(Workspace(workspace))
    gaps = {"vanilla": worst, "cobra": 0.1}
    arms = {arm: {n: {"mean": gap} for n in ("accuracy", "deo_mean", "deo_max")} for arm, gap in gaps.items()}
    store.folder(run_id).write_result({"run": run_id, "arms": arms, **made()})
    store.update(run_id, state=RunState.DONE)


def launched(workspace: Path, **changes: Any) -> Sweep:
    values = {"base": quick(), "skews": (0.5, 0.9), "separations": (0, 1), **changes}
    return sweeps.launch(Workspace(workspace), SweepSpec.model_validate(values), "Mine")


@pytest.fixture
def no_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sweep_model, "BUNDLED", tmp_path / "nowhere")


@pytest.fixture
def sweep_page(visit: Visit, no_examples: None) -> Visit:
    """Open the page as a second screen, as the navigation does."""

    def run(**params: str) -> AppTest:
        app = visit().switch_page("sweep.py")
        app.query_params.clear()
        for name, value in params.items():
            app.query_params[name] = value
        return settled(app.run())

    return run


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


@pytest.mark.skipif(not BUNDLED.exists(), reason="no sweep is bundled")
def test_a_finished_sweep_is_there_on_the_first_visit(sweep_page: Visit, workspace: Path) -> None:
    app = sweep_page()
    assert str(app.selectbox(key="sweep-choice").value).startswith("example-")
    assert len(app.get("plotly_chart")) == 3
    assert "is worst at" in words(app)
    assert "No images yet" not in words(app)
    assert any("python -m fairdd_core sweep" in str(code.value) for code in app.code)


def test_a_gap_of_identical_copies_is_said_to_be_zero_by_construction(sweep_page: Visit) -> None:
    app = sweep_page()
    assert "by construction" in words(app)
    app.button_group(key="sweep-metric").set_value("accuracy")
    assert "by construction" not in words(settled(app.run()))


def test_without_any_sweep_the_page_says_what_to_do(sweep_page: Visit, no_bundle: None) -> None:
    assert "There are no sweeps yet." in words(sweep_page())


def test_launch_queues_every_place_and_turns_to_the_sweep(
    sweep_page: Visit, workspace: Path, no_bundle: None
) -> None:
    app = sweep_page()
    app.number_input(key="sweep-skews").set_value(2)
    app.number_input(key="sweep-separations").set_value(3).run()
    assert "6 runs" in words(settled(app))
    app.button(key="launch-sweep").click().run()
    (view,) = all_sweeps(Workspace(workspace)).values()
    assert view.sweep.spec.skews == (0.1, 0.9)
    assert view.sweep.spec.separations == (0, 0.5, 1)
    assert len(Store(Workspace(workspace)).live()) == 6
    assert app.query_params["sweep"] in (view.id, [view.id])
    assert "cancel-sweep" in keys(settled(app))


def test_cancel_then_resume(sweep_page: Visit, workspace: Path, no_bundle: None) -> None:
    sweep = launched(workspace)
    finish(workspace, sweep.entries[3].run)
    app = sweep_page()
    app.button(key="cancel-sweep").click().run()
    states = [run.state for run in Store(Workspace(workspace)).list()]
    assert sorted(states) == [RunState.DONE, *[RunState.STOPPED] * 3]
    app = settled(app.run())
    app.button(key="resume-sweep").click().run()
    assert len(Store(Workspace(workspace)).live()) == 3


def test_results_fill_in_and_the_place_in_focus_follows_the_sliders(
    sweep_page: Visit, workspace: Path, no_bundle: None
) -> None:
    sweep = launched(workspace)
    for entry in sweep.entries:
        finish(workspace, entry.run)
    app = sweep_page(metric="accuracy", at="0.5,1")
    assert app.segmented_control(key="sweep-metric").value == "accuracy"
    assert "Skew 50%, separation 1" in words(app)
    app.select_slider(key="place-skew").set_value(0.9).run()
    assert "Skew 90%, separation 1" in words(settled(app))
    assert app.query_params["at"] in ("0.9,1", ["0.9,1"])
    assert "launch-sweep" in keys(app)
    assert not {"cancel-sweep", "resume-sweep"} & keys(app)


def test_bad_links_fall_back_with_a_message(sweep_page: Visit, workspace: Path, no_bundle: None) -> None:
    launched(workspace)
    app = sweep_page(sweep="261122-071308-92d30d", metric="beauty", at="7,7")
    assert "an unknown sweep" in words(app)
    assert app.segmented_control(key="sweep-metric").value == "deo_mean"
    assert "Skew 90%, separation 1" in words(app)


def test_taking_a_place_to_the_studio_sets_its_controls(
    sweep_page: Visit, workspace: Path, no_bundle: None
) -> None:
    sweep = launched(workspace, seeds=(4,))
    for entry in sweep.entries:
        finish(workspace, entry.run)
    app = sweep_page(at="0.5,1")
    app.button(key="adopt-4").click().run()
    settled(app)
    assert app.session_state["control-skew"] == 0.5
    assert app.session_state["control-seed"] == 4


def test_a_data_set_brings_its_number_of_groups(sweep_page: Visit, workspace: Path, no_bundle: None) -> None:
    app = sweep_page()
    app.selectbox(key="sweep-dataset").set_value("cifar10-s").run()
    settled(app)
    assert not app.error
    assert app.session_state["sweep-groups"] == 2
    assert app.session_state["sweep-skew"][0] == 50


def test_places_steps_and_sentences() -> None:
    spec = SweepSpec(base=quick(), skews=(0.5, 0.9), separations=(0, 1))
    assert parse_place("0.9,1", spec) == (0.9, 1.0)
    for text in ("", "0.9", "a,b", "0.8,1", "0.9,1,0"):
        with pytest.raises(ValueError):
            parse_place(text, spec)
    assert steps(0.1, 0.9, 4) == (0.1, 0.37, 0.63, 0.9)
    assert steps(0.5, 0.5, 3) == (0.5,)


def test_the_sentence_is_about_the_worst_place(workspace: Path) -> None:

    sweep = launched(workspace)
    arms = ["vanilla", "cobra"]
    assert summary(sweep_table(cells_of(Workspace(workspace), sweep), arms), arms, "deo_mean") == ""
    for entry, worst in zip(sweep.entries, (0.1, 0.2, 0.95, 0.3), strict=True):
        finish(workspace, entry.run, worst)
    sentence = summary(sweep_table(cells_of(Workspace(workspace), sweep), arms), arms, "deo_mean")
    assert "skew 90% and separation 0" in sentence
    assert "**95** points under Vanilla and **10** points under COBRA" in sentence
