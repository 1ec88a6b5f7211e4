"""The fairness view of a run with several evaluation networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.files import write_arrays
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.pages.fake_run import write_fake_run

Studio = Callable[..., AppTest]


def finished(workspace: Path, *others: str) -> str:
    """Put an invented run into the workspace."""
    spec = quick()
    spec = spec.model_copy(update={"evaluation": spec.evaluation.model_copy(update={"others": others})})
    store = Store(Workspace(workspace))
    run_id = store.create(spec, "invented")
    store.update(run_id, state=RunState.DONE)
    write_fake_run(store.folder(run_id).path, spec)
    return run_id


def accuracy(app: AppTest) -> str:
    """Return the sentence that quotes the accuracies."""
    return next(str(text.value) for text in app.markdown if "and accuracy from" in str(text.value))


def subheaders(app: AppTest) -> list[str]:
    return [str(part.value) for part in app.header]


def test_one_network_needs_no_choice(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio(run=finished(workspace), view="fairness")
    assert "With other networks" not in subheaders(app)
    assert not [w for w in app.button_group if w.label == "Judged by"]


def test_another_network_can_be_chosen(studio: Studio, workspace: Path, no_examples: None) -> None:
    run_id = finished(workspace, "mlp", "resnet18")
    app = studio(run=run_id, view="fairness")
    assert "With other networks" in subheaders(app)
    figures = {chart.proto.id for chart in app.get("plotly_chart")}
    assert len([name for name in figures if "across-" in name]) == 2
    before = accuracy(app)
    (judge,) = [w for w in app.button_group if w.label == "Judged by"]
    judge.set_value("resnet18").run()
    assert not app.exception
    assert accuracy(app) != before, "another network judges a tenth lower"


def test_a_network_that_is_still_to_come_says_so(studio: Studio, workspace: Path, no_examples: None) -> None:
    run_id = finished(workspace, "mlp")
    folder = Store(Workspace(workspace)).folder(run_id)
    write_arrays(folder.counts_file, folder.counts())
    app = studio(run=run_id, view="fairness")
    (judge,) = [w for w in app.button_group if w.label == "Judged by"]
    judge.set_value("mlp").run()
    assert not app.exception
    assert any("No test results by MLP yet" in str(info.value) for info in app.info)


def test_the_conditions_of_a_study_reach_the_address(studio: Studio, no_examples: None) -> None:
    app = studio(noise="20", judges="mlp,vgg11")
    assert app.slider(key="control-noise").value == 20
    assert app.multiselect(key="control-judges").value == ["mlp", "vgg11"]
    app.slider(key="control-known").set_value(40).run()
    assert not app.exception
    assert app.query_params["known"] == "40"
    assert app.query_params["noise"] == "20"
