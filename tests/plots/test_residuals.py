"""Residuals and the theorem's condition as tables and figures."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from fairdd_core.analysis.residuals import ALL_CLASSES, last_moment, residual_table, theorem_table
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.diagnostics import diagnose
from fairdd_core.plots.dots import residual_dots
from fairdd_core.plots.theme import css

GROUPS = ("near", "next", "far")


def cells(counts: list[int]) -> pd.DataFrame:
    """Return one class with groups at 0, 1 and 5 on a line, matched at 1 and at 2."""
    means_CGD = torch.tensor([[[0.0], [1.0], [5.0]]])
    statistics = GroupStatistics(means_CGD, means_CGD, torch.tensor([counts]))
    signals = {"vanilla": (torch.tensor([[[1.0]]]),), "cobra": (torch.tensor([[[2.0]]]),)}
    return pd.concat([diagnose([statistics], signals).assign(iteration=i) for i in (5, 9)])


def test_residuals_are_in_units_of_the_class_spread() -> None:
    table = residual_table(last_moment(cells([8, 1, 1])), ["zero"], GROUPS)
    assert len(table) == 6
    vanilla = table[table["arm"] == "vanilla"].set_index("group")["residual"]
    assert vanilla.tolist() == pytest.approx([0.5, 0.0, 2.0])  # the groups are 2 from their centre on average
    figure = residual_dots(table[table["arm"] == "cobra"], GROUPS, (), 2.0)
    assert list(figure.data[0].x) == pytest.approx([1.0, 0.5, 1.5])


def test_a_group_keeps_its_colour_where_another_is_absent() -> None:
    table = residual_table(last_moment(cells([8, 0, 1])), ["zero"], GROUPS)
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    dots = residual_dots(table[table["arm"] == "cobra"], GROUPS, colors, 2.0).data[0]
    assert [row[1] for row in dots.customdata] == ["near", "far"]
    assert list(dots.marker.color) == [css(colors[0]), css(colors[2])]


def test_the_theorem_promises_something_only_where_vanilla_is_not_pulled_to_the_worst_group() -> None:
    (row,) = theorem_table(last_moment(cells([8, 1, 1])), ["zero"], GROUPS).to_dict("records")
    assert row["worst group"] == "far"
    assert row["condition"] is True
    assert row["vanilla target"] == pytest.approx(4.4 / 2)
    assert row["common centre"] == pytest.approx(3 / 2)
    (row,) = theorem_table(last_moment(cells([1, 1, 8])), ["zero"], GROUPS).to_dict("records")
    assert row["condition"] is False
    assert row["common centre"] < 2
    assert row["vanilla target"] == pytest.approx(4.1 / 2)


def test_signals_of_all_classes_together_are_one_row() -> None:
    pooled = last_moment(cells([8, 1, 1])).assign(class_id=-1)
    assert set(residual_table(pooled, ["zero"], GROUPS)["class"]) == {ALL_CLASSES}
    assert theorem_table(pooled, ["zero"], GROUPS)["class"].tolist() == [ALL_CLASSES]
