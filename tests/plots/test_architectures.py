"""Several architectures side by side."""

from __future__ import annotations

import numpy as np
import pytest

from fairdd_core.analysis.results import HEADLINE
from fairdd_core.analysis.tables import architecture_table
from fairdd_core.plots.dots import architecture_dots

GOOD, BAD = np.array([[[9, 1], [1, 9]]] * 2), np.array([[[9, 1], [1, 9]], [[1, 9], [9, 1]]])
COUNTS = {
    "ConvNet": {"vanilla": np.stack([BAD, GOOD]), "full-data": GOOD[None]},
    "MLP": {"vanilla": BAD[None]},
    "VGG11": {},
}


def test_means_over_the_networks_of_every_architecture() -> None:
    table = architecture_table(COUNTS).set_index(["architecture", "arm"])
    assert list(table.index) == [("ConvNet", "vanilla"), ("ConvNet", "full-data"), ("MLP", "vanilla")]
    assert table["networks"].tolist() == [2, 1, 1]
    assert table["accuracy"].tolist() == pytest.approx([0.7, 0.9, 0.5])
    assert table["deo_mean"].tolist() == pytest.approx([0.4, 0.0, 0.8])


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
