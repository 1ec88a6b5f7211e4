"""Runs with repeats on the comparison page, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.runs.storage.index import RunState
from pages.ui.common.runs import open_run
from pages.ui.compare.repeats import differences, paired, sides
from tests.pages.conftest import settled, words
from tests.pages.fake_repeats import add_seed, add_unfinished

FAIR = changed(quick(), {"data.skew": 0.5})
APART = changed(quick(), {"data.separation": 0.5})


@pytest.fixture
def runs(workspace: Path, no_examples: None) -> list[str]:
    """Two seeds of one run, then three of another one with smaller gaps."""
    first = [add_seed(workspace, seed) for seed in (0, 1)]
    add_unfinished(workspace, 2, RunState.FAILED)
    return first + [add_seed(workspace, seed, FAIR, -0.1) for seed in (0, 1, 2)]


def test_repeats_count_as_one_run(runs: list[str]) -> None:
    found = sides([open_run(run) for run in (runs[0], runs[2], runs[1])])
    assert [(side.letters, side.repeats.seeds) for side in found] == [("AC", (0, 1)), ("B", (0, 1, 2))]
    assert paired(*found), "the skew is that of the training data"
    table = differences(found, "C")
    rows = table[(table["metric"] == "deo_mean") & (table["quantity"] == "mean")]
    assert list(rows["row"]) == ["B · Vanilla", "B · COBRA"]
    assert list(rows["seeds"]) == [2, 2]
    assert (rows["difference"] < 0).all()
    assert np.isfinite(rows["low"]).all()


def test_another_test_set_is_compared_without_pairs(runs: list[str], workspace: Path) -> None:
    other = [add_seed(workspace, seed, APART) for seed in (0, 1)]
    found = sides([open_run(run) for run in (runs[0], other[0])])
    assert not paired(*found)
    assert not differences(found, "A")["paired"].any()


def test_the_page_has_a_section_over_seeds(visit: Callable[..., AppTest], runs: list[str]) -> None:
    app = visit().switch_page("compare.py")
    app.query_params["runs"] = f"{runs[0]},{runs[1]},{runs[2]}"
    settled(app.run())
    text = words(app)
    assert "**A and B** are repeats of one another and count as one: 2 seeds (seeds 0,1)." in text
    assert "Not counted: seed 2 failed." in text
    names = {chart.proto.id.split("-", 2)[-1] for chart in app.get("plotly_chart")}
    assert any("compare-seeds" in chart.proto.id for chart in app.get("plotly_chart")), names
    assert any("compare-seed-differences" in chart.proto.id for chart in app.get("plotly_chart")), names
    settled(app.button_group(key="compare-seeds-metric").set_value("accuracy").run())


def test_single_seeds_are_said_to_be_single(
    visit: Callable[..., AppTest], workspace: Path, no_examples: None
) -> None:
    one, other = add_seed(workspace, 0), add_seed(workspace, 0, FAIR)
    app = visit().switch_page("compare.py")
    app.query_params["runs"] = f"{one},{other}"
    settled(app.run())
    assert any("Each of these runs has one seed" in str(info.value) for info in app.info)
