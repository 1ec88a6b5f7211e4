"""Figures of several runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairdd_core.analysis.results import results_table
from fairdd_core.plots.compare import common_range, common_reach, differences, overview


def counts(right: int, networks: int = 2) -> np.ndarray:
    return np.tile(np.array([[[right, 10 - right], [0, 10]], [[10, 0], [0, 10]]]), (networks, 1, 1, 1))


def comparisons() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"run": "B", "arm": "cobra", "metric": "accuracy", "difference": 0.1, "low": 0.02, "high": 0.3},
            {
                "run": "C",
                "arm": "cobra",
                "metric": "accuracy",
                "difference": np.nan,
                "low": np.nan,
                "high": np.nan,
            },
            {"run": "B", "arm": "cobra", "metric": "deo_max", "difference": -0.4, "low": -0.5, "high": -0.1},
        ]
    ).assign(by_network=[(0.05, 0.15), (), (-0.4, -0.4)])


def test_every_method_of_every_run_has_its_place_and_letter() -> None:
    runs = {"A": {"vanilla": counts(2), "random-subset": counts(5)}, "B": {"vanilla": counts(8)}}
    tables = [results_table(None, found).assign(run=letter) for letter, found in runs.items()]
    table = pd.concat(tables, ignore_index=True)
    fig = overview(table, "deo_max")
    vanilla = next(trace for trace in fig.data if trace.name == "Vanilla")
    assert list(vanilla.text) == ["<b>A</b>", "<b>B</b>"]
    assert list(vanilla.x) == pytest.approx([0.8, 0.2])
    assert list(vanilla.y) == pytest.approx([0.8, 0.95])
    assert next(t for t in fig.data if t.name == "Random real subset").marker.symbol.endswith("-open")
    assert max(vanilla.x) <= max(fig.layout.xaxis.range)
    assert len(vanilla.error_x.array) == 2


def test_differences_show_interval_pairs_and_zero() -> None:
    fig = differences(comparisons(), "accuracy", reach=0.5)
    (dot,) = [trace for trace in fig.data if trace.error_x.array is not None]
    assert dot.x[0] == pytest.approx(10)
    assert dot.error_x.array[0] == pytest.approx(20)
    assert dot.error_x.arrayminus[0] == pytest.approx(8)
    (ticks,) = [trace for trace in fig.data if trace.error_x.array is None]
    assert list(ticks.x) == pytest.approx([5, 15])
    assert tuple(fig.layout.xaxis.range) == (-50, 50)
    assert list(fig.layout.yaxis.ticktext) == ["<b>B</b> · COBRA"]


def test_axes_hold_everything() -> None:
    assert common_reach(comparisons()) == pytest.approx(0.56)
    assert common_reach(comparisons().iloc[1:2]) == pytest.approx(0.0224)
    assert common_range([pd.Series([1.0, np.nan]), pd.Series([3.0])]) == pytest.approx((0.9, 3.1))
    assert common_range([]) == (0.0, 1.0)
