"""Dot plots: a row per class, group, architecture or case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairdd_core.analysis.results import HEADLINE
from fairdd_core.analysis.tables import architecture_table
from fairdd_core.plots.dots import architecture_dots, case_dots, residual_dots
from fairdd_core.plots.floor import NAME
from fairdd_core.plots.theme import group_css

GOOD, BAD = np.array([[[9, 1], [1, 9]]] * 2), np.array([[[9, 1], [1, 9]], [[1, 9], [9, 1]]])
COUNTS = {
    "ConvNet": {"vanilla": np.stack([BAD, GOOD]), "full-data": GOOD[None]},
    "MLP": {"vanilla": BAD[None]},
    "VGG11": {},
}


def test_a_mark_for_every_defined_value_and_hollow_baselines() -> None:
    table = architecture_table(COUNTS)
    table.loc[table["architecture"] == "MLP", "deo_mean"] = np.nan
    fig = architecture_dots(table, "deo_mean", "gap")
    marks = {trace.name: trace for trace in fig.data}
    assert list(marks["Vanilla"].x) == pytest.approx([0.4])
    assert marks["Full real data"].marker.symbol.endswith("-open")
    assert len({round(y, 6) for trace in fig.data for y in trace.y}) == 2, "marks do not hide each other"
    assert fig.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert set(HEADLINE) <= set(table)


def test_dots_write_every_number() -> None:
    table = pd.DataFrame(
        {
            "case": ["a", "b"],
            "arm": ["vanilla", "vanilla"],
            "gap": [0.5, 0.1],
            "low": [0.4, 0.1],
            "high": [0.6, 0.2],
            "floor": [0.1, float("nan")],
            "floor_std": [0.02, float("nan")],
        }
    )
    fig = case_dots(table, "gap", "gap", percent=True)
    assert [note.text for note in fig.layout.annotations] == ["50.0", "10.0"]
    assert [note.x for note in fig.layout.annotations] == [0.6, 0.2], "behind the interval, not on it"
    assert list(fig.layout.yaxis.ticktext) == ["a", "b"]
    assert NAME in [trace.name for trace in fig.data]


def test_a_group_keeps_its_colour_where_another_is_absent() -> None:
    table = pd.DataFrame(
        {"class": ["zero"] * 2, "group": ["near", "far"], "share": [0.9, 0.1], "residual": [1.0, 1.5]}
    )
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    dots = residual_dots(table, ("near", "next", "far"), colors, 2.0).data[0]
    assert [row[1] for row in dots.customdata] == ["near", "far"]
    assert list(dots.marker.color) == group_css(colors, 3)[::2]
