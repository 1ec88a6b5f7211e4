"""One metric of a sweep over its grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairdd_core.analysis.grids import gain_table, grid_table
from fairdd_core.analysis.repeats import over_seeds
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


def test_a_cell_over_seeds_has_the_interval_of_its_mean() -> None:
    grid = grid_table(table(), "vanilla", "deo_mean").set_index(["skew", "separation"])
    known = over_seeds(np.array([0.9, 0.92]))
    assert tuple(grid.loc[(0.9, 1.0), ["low", "high"]]) == pytest.approx((known.low, known.high))


def test_gains_are_paired_by_seed() -> None:
    rows = [(0.9, 1.0, 0, "vanilla", 0.5), (0.9, 1.0, 0, "cobra", 0.3)]
    rows += [(0.9, 1.0, 1, "vanilla", 0.7), (0.9, 1.0, 1, "cobra", 0.4), (0.9, 1.0, 2, "vanilla", 0.1)]
    cells = pd.DataFrame(rows, columns=["skew", "separation", "seed", "arm", "deo_mean"]).assign(state="done")
    found = gain_table(cells, "cobra", "vanilla", "deo_mean").iloc[0]
    known = over_seeds(np.array([0.2, 0.3]))
    assert np.isnan(found["floor"])
    assert tuple(found[["value", "low", "high"]]) == pytest.approx((0.25, known.low, known.high))
    assert found["seeds"] == 2


def test_one_seed_has_its_own_interval_and_several_a_t_interval() -> None:
    grid = grid_table(table(), "vanilla", "deo_mean").set_index(["skew", "separation"])
    assert tuple(grid.loc[(0.5, 1.0), ["low", "high"]]) == (0.25, 1.0)
    low, high = grid.loc[(0.9, 1.0), ["low", "high"]]
    assert (low + high) / 2 == pytest.approx(0.91)
    assert high - low == pytest.approx(2 * 12.706 * 0.01, rel=1e-3)  # t of one degree of freedom
    assert grid["floor"].tolist() == pytest.approx([0.07] * 4)
