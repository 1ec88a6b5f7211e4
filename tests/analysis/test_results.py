"""The table of results, and how a number of it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import HEADLINE, format_result, measure, results_grid, results_table
from fairdd_core.analysis.sampling import Cells

COUNTS = np.array([[[[8, 2], [1, 9]], [[4, 6], [1, 9]]], [[[9, 1], [1, 9]], [[5, 5], [1, 9]]]])
SUMMARY: dict[str, Any] = {
    "cobra": {
        "accuracy": {"mean": 0.775, "std": 0.0354, "ci95": [0.7, 0.85]},
        "deo_mean": {"mean": 0.2, "ci95": [0.1, 0.31], "floor": [0.07, 0.01]},
    },
    "broken": {"accuracy": "none", "deo_mean": {"mean": None, "std": None, "ci95": [None, None]}},
}


def test_a_row_for_every_arm_and_metric_from_counts() -> None:
    table = results_table(SUMMARY, {"cobra": COUNTS, "vanilla": COUNTS[:1]}).set_index(["arm", "metric"])
    assert len(table) == 2 * len(METRICS)
    row = table.loc[("cobra", "accuracy")]
    assert row["mean"] == pytest.approx(METRICS["accuracy"].of(COUNTS).mean())
    assert (row["networks"], row["n"]) == (2, 40)
    assert row["low"] == 0.7
    columns = ["low", "high", "floor", "floor_std"]
    assert table.loc[("cobra", "deo_mean"), columns].tolist() == [0.1, 0.31, 0.07, 0.01]
    gap = METRICS["deo_mean"].of(COUNTS).mean()
    assert table.loc[("cobra", "deo_mean"), "excess"] == pytest.approx(gap - 0.07)
    assert np.isnan(table.loc[("vanilla", "accuracy"), "std"]), "one network has no spread"


def test_intervals_of_earlier_versions_are_replaced() -> None:
    old = {"cobra": {"deo_mean": {"mean": 0.2, "std": 0.1, "ci95": [0.19, 0.21]}}}
    row = results_table(old, {"cobra": COUNTS}).set_index("metric").loc["deo_mean"]
    assert row["low"] < 0.1
    assert row["high"] > 0.3
    assert np.isnan(row["floor"]), "the counts do not say whether pictures are shown in every group"
    table = results_table(old, {"cobra": COUNTS}, lambda arm: [Cells(counts_GCC) for counts_GCC in COUNTS])
    measured = table.set_index("metric").loc["deo_mean"]
    assert measured["floor"] > 0.1
    assert measured["low"] == pytest.approx(row["low"], abs=0.05)


def test_the_bound_of_the_largest_gap_is_no_smaller() -> None:
    rows = measure([Cells(counts_GCC * 3) for counts_GCC in COUNTS], np.random.default_rng(0), 100)
    assert rows["deo_max"]["high"] >= rows["deo_mean"]["high"]
    assert "floor" not in rows["accuracy"]


def test_a_summary_alone_is_enough_and_may_be_damaged() -> None:
    table = results_table(SUMMARY).set_index(["arm", "metric"])
    assert table.loc[("cobra", "deo_mean"), ["mean", "low", "high"]].tolist() == [0.2, 0.1, 0.31]
    assert table.loc["broken", ["mean", "std", "low", "high"]].isna().all(axis=None)
    assert results_table(None).empty


def test_a_grid_has_a_row_per_arm_in_order_and_a_column_per_metric() -> None:
    grid = results_grid(results_table(SUMMARY))
    assert grid.index.tolist() == ["cobra", "broken"]
    assert grid.columns.tolist() == list(HEADLINE)
    assert grid.loc["cobra", "accuracy"] == "77.5 % ± 3.5 (70.0–85.0)"
    assert grid.loc["cobra", "deo_mean"] == "20.0 pt (10.0–31.0), floor 7.0, excess 13.0"
    assert grid.loc["broken"].tolist() == ["undefined", "–", "undefined", "–"]
    assert results_grid(results_table(SUMMARY), ["accuracy"], ["vanilla"]).to_numpy().tolist() == [["–"]]
    assert results_grid(results_table({})).empty


def test_markup_and_short_form() -> None:
    (row,) = results_table(SUMMARY).query("arm == 'cobra' and metric == 'deo_mean'").to_dict("records")
    assert (
        format_result(row, markup="markdown")
        == "**20.0** pt  \n:small[10.0 to 31.0]  \n:small[chance alone 7.0]"
    )
    assert (
        format_result(row, markup="html")
        == "<b>20.0</b> pt<small>10.0 to 31.0</small><small>chance alone 7.0</small>"
    )
    assert format_result(row, uncertainty=False) == "20.0 pt"


def test_a_gap_over_some_classes_says_so_in_every_form() -> None:
    """The second group has no image of the second class, so only the first class has a gap."""
    counts = np.array([[[[8, 2], [1, 9]], [[4, 6], [0, 0]]]])
    table = results_table({}, {"cobra": counts}).set_index("metric")
    assert table.loc["deo_mean", "left_out"] == "over 1 of 2 classes, 3 of 4 recalls defined"
    assert table.loc["accuracy", "left_out"] == ""
    row = {"metric": "deo_mean", **table.loc["deo_mean"].to_dict()}
    assert format_result(row, uncertainty=False) == "40.0 pt, over 1 of 2 classes, 3 of 4 recalls defined"
    assert "<small>over 1 of 2 classes" in format_result(row, markup="html", uncertainty=False)
    rows = measure([Cells(counts[0])], np.random.default_rng(0), 10)
    assert rows["deo_mean"]["left_out"] == table.loc["deo_mean", "left_out"]
    damaged = results_table({"cobra": {"deo_mean": {"mean": 0.4, "left_out": ["<b>"]}}})
    assert damaged["left_out"].tolist() == [""]
