"""What is in the file that a figure is saved as."""

from __future__ import annotations

import tomllib
from types import SimpleNamespace

import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from fairdd_core.plots.theme import base
from pages.ui.common import figures
from tests.helpers import ROOT


def under(theme: str | None, monkeypatch: pytest.MonkeyPatch) -> go.Figure:
    """Return a figure as it is shown on a page with a theme."""
    monkeypatch.setattr(st, "context", SimpleNamespace(theme=SimpleNamespace(type=theme)))
    return figures.themed(go.Figure(layout={"paper_bgcolor": "rgba(0,0,0,0)"}))


def test_ink_and_ground_of_a_saved_figure_are_those_of_the_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    themes = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    dark, light = under("dark", monkeypatch).layout, under("light", monkeypatch).layout
    assert dark.paper_bgcolor == themes["dark"]["backgroundColor"]
    assert dark.font.color == dark.xaxis.tickfont.color == themes["dark"]["textColor"]
    assert light.paper_bgcolor == "rgba(0,0,0,0)", "for a page of any colour"
    assert light.yaxis.title.font.color == themes["light"]["textColor"]
    assert under(None, monkeypatch).layout.font.color is None, "as whoever shows it has it"


def test_a_saved_figure_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "context", SimpleNamespace(theme=SimpleNamespace(type="light")))
    named = figures.themed(base(200, showlegend=False), "COBRA: recall of <30")
    assert named.layout.title.text == "<b>COBRA: recall of &lt;30</b>"
    assert figures.themed(base(200, showlegend=False)).layout.title.text is None
    legend = figures.themed(base(200, legend_rows=1), "Matching loss")
    assert legend.layout.title.text is None, "the legend stands where it would be, and says more"


def test_a_table_is_made_once_it_is_unfolded() -> None:
    def page() -> None:
        import pandas as pd

        from pages.ui.common.figures import table_expander

        table_expander(pd.DataFrame({"gap": [0.5]}), "gaps", "Table of gaps")

    app = AppTest.from_function(page, default_timeout=30).run()
    assert [fold.label for fold in app.expander] == ["Table of gaps"]
    assert not app.dataframe
    app.session_state["gaps-fold"] = True
    app.run()
    assert app.dataframe[0].value["gap"].tolist() == [0.5]
    assert not app.exception


@pytest.mark.parametrize(
    ("run", "name"),
    [("", "curve-loss"), ("261122-1-ab", "curve-loss-261122-1-ab"), ("../../etc", "curve-loss")],
)
def test_a_file_is_named_after_figure_and_run(run: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "query_params", {"run": run} if run else {})
    assert figures.file_name("curve-loss") == name
    assert figures.figure_config("curve-loss")["toImageButtonOptions"] == {"format": "svg", "filename": name}
    monkeypatch.setattr(st, "query_params", {"sweep": "261122-2-cd"})
    assert figures.file_name("sweep") == "sweep-261122-2-cd"
    assert figures.file_name("dumbbell-cobra:l1+fair").startswith("dumbbell-cobra-l1-fair")
