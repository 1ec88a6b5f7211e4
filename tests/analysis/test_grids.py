"""One metric of a sweep over its grid."""

from __future__ import annotations

import pytest

from fairdd_core.analysis.grids import gain_table, grid_table
from tests.plots.test_sweep import table


def test_a_cell_is_the_mean_over_the_seeds_that_are_done() -> None:
    grid = grid_table(table(), "vanilla", "deo_mean").set_index(["skew", "separation"])
    assert grid.loc[(0.9, 1.0), "value"] == pytest.approx(0.91)
    assert grid.loc[(0.5, 1.0), "value"] == pytest.approx(0.5)
    assert tuple(grid.loc[(0.5, 1.0), ["seeds", "of", "state"]]) == (1, 2, "waiting")


@pytest.mark.parametrize(("metric", "sign"), [("deo_mean", 1), ("accuracy", -1)])
def test_gain_is_positive_where_the_method_is_better(metric: str, sign: int) -> None:
    gained = gain_table(table(), "cobra", "vanilla", metric).set_index(["skew", "separation"])["value"]
    assert gained[(0.9, 1.0)] == pytest.approx(sign * 0.8)
    assert gained[(0.9, 0.0)] == pytest.approx(sign * -0.1)
