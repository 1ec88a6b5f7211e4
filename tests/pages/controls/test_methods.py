"""The controls of the methods in the Studio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage.index import RunRecord, RunState
from pages.ui.common.progress import progress_text

Studio = Callable[..., AppTest]


class Working:
    """As much of a record as the line of a live run reads."""

    state, phase, done, total = RunState.RUNNING, "evaluate", 2, 6

    def __init__(self, note: str) -> None:
        self.note = note


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("vanilla+fair-training, network 1 of 3", " · Vanilla + fair training, network 1 of 3"),
        ("cobra, MLP 2 of 3", " · COBRA, MLP 2 of 3"),
        ("random-subset, network 1", " · Random real subset, network 1"),
        ("loading colored-digits-fg", " · loading colored-digits-fg"),
        ("", ""),
    ],
)
def test_a_live_run_calls_its_methods_as_every_figure_does(note: str, shown: str) -> None:
    record = cast("RunRecord", cast("Any", Working(note)))
    assert progress_text(record) == f"Test: 2 of 6{shown}"


def test_mitigations_are_offered_and_reach_the_address(studio: Studio, no_examples: None) -> None:
    app = studio(arms="vanilla,vanilla+fair-training", lr="12.5")
    assert app.number_input(key="control-lr").value == 12.5
    assert app.multiselect(key="control-mitigations").value == ["vanilla+fair-training"]
    assert "share their images" in " ".join(str(caption.value) for caption in app.caption)
    app.multiselect(key="control-mitigations").set_value(["vanilla+fair-extractor"]).run()
    assert not app.exception
    assert app.query_params["arms"] == "vanilla,vanilla+fair-extractor"
    app.number_input(key="control-lr").set_value(0.0).run()
    assert not app.exception
    assert "distill.lr" in app.error[0].value
    app.selectbox(key="control-backbone").set_value("cafe").run()
    assert not app.exception
    assert app.session_state["control-lr"] == 3000.0, "the usual one of the method"
