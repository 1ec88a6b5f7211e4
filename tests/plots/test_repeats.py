"""Figures of results over seeds."""

from __future__ import annotations

import pandas as pd
import pytest

from fairdd_core.analysis.repeats import arm_differences, repeats_table, seed_table
from fairdd_core.analysis.results import results_table
from fairdd_core.plots.repeats import seed_differences, seed_dots

GAPS = {"vanilla": (0.30, 0.34, 0.29), "cobra": (0.10, 0.15, 0.08)}


def seeds(count: int = 3) -> pd.DataFrame:
    """Return the gaps of some seeds, with floors."""
    table = seed_table(
        {
            seed: results_table(
                {arm: {"deo_mean": {"mean": gaps[seed], "floor": [0.05, 0.01]}} for arm, gaps in GAPS.items()}
            )
            for seed in range(count)
        }
    )
    return table.assign(row=table["arm"])


def means(table: pd.DataFrame) -> pd.DataFrame:
    found = repeats_table(table)
    return found.assign(row=found["arm"])


def test_a_dot_for_every_seed_and_a_mean_with_its_interval() -> None:
    fig = seed_dots(seeds(), means(seeds()), "deo_mean")
    small = [t for t in fig.data if t.mode == "markers" and len(t.x) == 3]
    assert [list(trace.x) for trace in small] == [pytest.approx([30, 34, 29]), pytest.approx([10, 15, 8])]
    assert [[seed for (seed,) in trace.customdata] for trace in small] == [[0, 1, 2]] * 2
    large = [trace for trace in fig.data if trace.error_x.array is not None]
    assert [trace.x[0] for trace in large] == pytest.approx([31, 11])
    row = means(seeds()).iloc[0]
    assert large[0].error_x.array[0] == pytest.approx(100 * (row["high"] - row["mean"]))
    assert [trace.x[0] for trace in fig.data if trace.name == "noise floor"] == pytest.approx([5, 5])
    lines = [trace for trace in fig.data if trace.mode == "lines"]
    assert len(lines) == 3, "a line joins the methods of every seed"
    low, high = fig.layout.xaxis.range
    assert low < 5
    assert high > 34


def test_rows_of_different_runs_are_not_joined() -> None:
    fig = seed_dots(seeds(), means(seeds()), "deo_mean", join=False)
    assert not [trace for trace in fig.data if trace.mode == "lines"]


def test_one_seed_has_no_bar() -> None:
    fig = seed_dots(seeds(1), means(seeds(1)), "deo_mean")
    assert not [trace for trace in fig.data if trace.error_x.array is not None]
    assert any("no interval" in str(trace.hovertemplate) for trace in fig.data)


def test_differences_have_a_dot_for_every_seed_on_an_axis_with_zero() -> None:
    table = arm_differences(seeds(), ["vanilla", "cobra"])
    fig = seed_differences(table.assign(row=table["arm"]), "deo_mean")
    assert list(fig.data[0].x) == pytest.approx([-20, -19, -21])
    assert list(fig.data[1].x) == pytest.approx([-20])
    low, high = fig.layout.xaxis.range
    assert low < -21
    assert high > 0


def test_a_metric_without_results_is_an_empty_figure() -> None:
    fig = seed_dots(seeds(), means(seeds()), "accuracy")
    assert not fig.data or all(len(trace.x) == 0 for trace in fig.data)
