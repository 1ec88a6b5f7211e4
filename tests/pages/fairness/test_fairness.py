"""The fairness view of a run with several test architectures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import HEADLINE
from fairdd_core.config.presets import quick
from fairdd_core.files import write_arrays
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.pages.conftest import words
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
    return next(str(text.value) for text in app.markdown if "and accuracy goes from" in str(text.value))


def headers(app: AppTest) -> list[str]:
    return [str(part.value) for part in app.header]


def test_one_architecture_needs_no_choice(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio(run=finished(workspace), view="fairness")
    assert "Results by test architecture" not in headers(app)
    assert not [w for w in app.button_group if w.label == "Test architecture"]


def test_another_architecture_can_be_chosen(studio: Studio, workspace: Path, no_examples: None) -> None:
    run_id = finished(workspace, "mlp", "resnet18")
    app = studio(run=run_id, view="fairness")
    assert "Results by test architecture" in headers(app)
    figures = {chart.proto.id for chart in app.get("plotly_chart")}
    assert len([name for name in figures if "architectures-" in name]) == 2
    before = accuracy(app)
    (architecture,) = [w for w in app.button_group if w.label == "Test architecture"]
    architecture.set_value("resnet18").run()
    assert not app.exception
    assert accuracy(app) != before, "the other architecture scores a tenth lower"


def test_an_architecture_without_results_says_so(studio: Studio, workspace: Path, no_examples: None) -> None:
    run_id = finished(workspace, "mlp")
    folder = Store(Workspace(workspace)).folder(run_id)
    write_arrays(folder.counts_file, folder.counts())
    app = studio(run=run_id, view="fairness")
    (architecture,) = [w for w in app.button_group if w.label == "Test architecture"]
    architecture.set_value("mlp").run()
    assert not app.exception
    assert any("No test results of MLP yet" in str(info.value) for info in app.info)


def test_it_says_how_the_baseline_was_trained_and_what_was_reused(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    run_id = finished(workspace)
    app = studio(run=run_id, view="fairness")
    assert "1000 updates" in words(app), "all that is known of a run of an earlier version"
    folder = Store(Workspace(workspace)).folder(run_id)
    trained = {"arm": "full-data", "network": 0, "architecture": "", "updates": 700, "converged": True}
    events = [
        {"t": 1, "event": "trained", **trained, "accuracy": 1.0, "curve": [[700, 0.1]]},
        {
            "t": 1,
            "event": "reused",
            "kind": "test results",
            "name": "full-data",
            "run": "251125-101010-abcdef",
        },
    ]
    with folder.events_file.open("a") as file:
        file.writelines(f"{json.dumps(event)}\n" for event in events)
    shown = words(studio(run=run_id, view="fairness"))
    assert "(converged after 700 updates)" in shown
    assert "test results of" in shown
    assert "from run 251125-101010-abcdef" in shown


def test_the_conditions_of_a_study_reach_the_address(studio: Studio, no_examples: None) -> None:
    app = studio(noise="20", judges="mlp,vgg11")
    assert app.select_slider(key="control-noise").value == 0.2
    assert app.multiselect(key="control-judges").value == ["mlp", "vgg11"]
    app.select_slider(key="control-known").set_value(0.4).run()
    assert not app.exception
    assert app.query_params["known"] == "40"
    assert app.query_params["noise"] == "20"


def test_the_table_of_results_has_a_row_per_metric(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    run_id = finished(workspace)
    table = studio(run=run_id, view="fairness").table[0].value
    assert [str(title).partition("  \n")[0].strip("*") for title in table.index] == [
        METRICS[name].title for name in HEADLINE
    ]
    counts = Store(Workspace(workspace)).folder(run_id).counts()
    assert len(table.columns) == len(counts)
    for column, arm in zip(table.columns, ("vanilla", "cobra"), strict=False):
        accuracy = METRICS["accuracy"].of(counts[arm]).mean()
        assert arm_label(arm) in str(column)
        assert f"**{100 * accuracy:.1f}** %" in table.iloc[0][column]
        assert "against" in table.iloc[3][column], "the groups of the largest gap"
