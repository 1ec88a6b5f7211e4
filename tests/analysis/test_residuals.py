"""Residuals of the groups and the condition of Theorem 4.1 as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from fairdd_core.analysis.residuals import (
    ALL_CLASSES,
    distance_matrix,
    distance_table,
    last_moment,
    residual_table,
    target_variances,
    theorem_table,
)
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.diagnostics import diagnose
from fairdd_core.plots.dots import residual_dots

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


def test_the_theorem_applies_only_where_vanilla_is_not_pulled_to_the_worst_group() -> None:
    (row,) = theorem_table(last_moment(cells([8, 1, 1])), ["zero"], GROUPS).to_dict("records")
    assert row["worst group"] == "far"
    assert row["condition"] is True
    assert row["vanilla target"] == pytest.approx(4.4 / 2)
    assert row["common centre"] == pytest.approx(3 / 2)
    (row,) = theorem_table(last_moment(cells([1, 1, 8])), ["zero"], GROUPS).to_dict("records")
    assert row["condition"] is False
    assert row["not exceeded"] is True
    assert row["common centre"] < 2
    assert row["vanilla target"] == pytest.approx(4.1 / 2)


def test_variances_of_targets_are_means_over_classes_and_may_be_missing() -> None:
    table = pd.DataFrame({"arm": ["a", "a", "b", "b"], "target_variance": [0.1, 0.3, 0.5, float("nan")]})
    assert target_variances(table).to_dict() == pytest.approx({"a": 0.2, "b": 0.5})
    assert target_variances(table[["arm"]]).empty


def test_signals_of_all_classes_together_are_one_row() -> None:
    pooled = last_moment(cells([8, 1, 1])).assign(class_id=-1)
    assert set(residual_table(pooled, ["zero"], GROUPS)["class"]) == {ALL_CLASSES}
    assert theorem_table(pooled, ["zero"], GROUPS)["class"].tolist() == [ALL_CLASSES]


def distances() -> pd.DataFrame:
    rows = [("vanilla", 0, 0, 9, 0.9, 1.0, 2.0), ("vanilla", 0, 1, 1, 0.1, 5.0, 6.0)]
    rows += [("cobra", 0, 0, 9, 0.9, 3.0, 4.0), ("cobra", 1, 1, 5, 1.0, 7.0, 8.0)]
    names = ["arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"]
    return pd.DataFrame(rows, columns=names)


def test_distances_are_read_group_by_group() -> None:
    table = distance_matrix(distances(), 0, ("red", "white"))
    named = distance_table(distances(), ("cat", "dog"), ("red", "white"))
    assert named["group"].tolist() == ["red", "white", "red", "white"]
    assert table.index.tolist() == ["red", "white"]
    assert table["vanilla", "target"].tolist() == [2.0, 6.0]
    assert table["vanilla", "images"].tolist() == [1.0, 5.0]
    assert np.isnan(table["cobra", "target"]["white"]), "undefined is not zero"


def test_two_groups_are_equally_far_from_their_mean_so_the_condition_holds() -> None:
    """Rounding must not decide which of them counts."""
    means_CGD = torch.randn(4, 2, 50, generator=torch.Generator().manual_seed(0))
    statistics = GroupStatistics(means_CGD, means_CGD, torch.tensor([[9, 1], [1, 9], [5, 5], [7, 3]]))
    table = theorem_table(
        diagnose([statistics], {"vanilla": (means_CGD[:, :1],)}), list("abcd"), ("red", "blue")
    )
    assert table["condition"].all()
    assert table["not exceeded"].all()
