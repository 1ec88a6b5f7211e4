"""Results over seeds: known answers from SciPy, and how often the intervals are right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.repeats import (
    arm_differences,
    over_seeds,
    reference_arm,
    repeats_table,
    run_differences,
    seed_table,
    unpaired_over_seeds,
)
from fairdd_core.analysis.results import format_result, results_table

VALUES = {"vanilla": (0.30, 0.34, 0.29, 0.33), "cobra": (0.10, 0.15, 0.08, 0.15)}
FLOORS = (0.05, 0.06, 0.05, 0.07)


def results(gaps: dict[str, float], floor: float | None = None) -> pd.DataFrame:
    """Return the results of a run with these gaps."""
    entry = {} if floor is None else {"floor": [floor, 0.01]}
    arms = {arm: {"deo_mean": {"mean": gap, **entry}} for arm, gap in gaps.items()}
    return results_table(arms)


def example(*names: str) -> pd.DataFrame:
    names = names or tuple(VALUES)
    return seed_table(
        {seed: results({arm: VALUES[arm][seed] for arm in names}, FLOORS[seed]) for seed in range(4)}
    )


def row(table: pd.DataFrame, **where: str) -> pd.Series:
    for name, value in where.items():
        table = table[table[name] == value]
    (found,) = (one for _, one in table.iterrows())
    return found


@pytest.mark.parametrize("count", [2, 3, 5, 20])
def test_the_interval_is_that_of_the_one_sample_t_test(count: int) -> None:
    values_R = np.random.default_rng(count).normal(0.9, 0.02, count)
    found = over_seeds(values_R)
    known = stats.ttest_1samp(values_R, 0.0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    assert (found.mean, found.std) == pytest.approx((values_R.mean(), values_R.std(ddof=1)))
    assert found.seeds == count


def test_one_seed_has_no_interval_and_none_has_nothing() -> None:
    one, none = over_seeds(np.array([0.5])), over_seeds(np.array([np.nan]))
    assert (one.mean, one.seeds) == (0.5, 1)
    assert np.isnan([one.std, one.low, one.high, none.mean]).all()
    assert none.seeds == 0


def test_seeds_that_agree_exactly_have_no_interval() -> None:
    found = over_seeds(np.full(3, 0.1))
    assert (found.mean, found.std) == (0.1, 0)
    assert np.isnan([found.low, found.high]).all()


def test_an_undefined_seed_is_left_out_and_not_zero() -> None:
    found = over_seeds(np.array([0.2, np.nan, 0.4]))
    assert found.mean == pytest.approx(0.3)
    assert found.seeds == 2


def test_a_table_over_seeds_has_value_floor_and_excess() -> None:
    found = row(repeats_table(example()), arm="cobra", metric="deo_mean")
    gaps, floors = np.array(VALUES["cobra"]), np.array(FLOORS)
    for name, values in (("", gaps), ("floor_", floors), ("excess_", gaps - floors)):
        known = over_seeds(values)
        assert found[name.rstrip("_") or "mean"] == pytest.approx(known.mean)
        assert found[f"{name}std"] == pytest.approx(known.std)
        assert (found[f"{name}low"], found[f"{name}high"]) == pytest.approx((known.low, known.high))
        assert found[f"{name}seeds"] == 4
    assert format_result(found) == "12.0 pt ± 3.6 (6.3–17.7), floor 5.8, excess 6.2"


def test_seeds_without_a_floor_are_not_counted_in_it() -> None:
    table = seed_table({0: results({"cobra": 0.1}, 0.05), 1: results({"cobra": 0.2}), 2: results({})})
    found = row(repeats_table(table), arm="cobra", metric="deo_mean")
    assert (found["seeds"], found["floor_seeds"], found["excess_seeds"]) == (2, 1, 1)
    assert found["floor"] == 0.05
    assert np.isnan(found["floor_low"])


def test_nothing_is_an_empty_table() -> None:
    empty = seed_table({})
    assert repeats_table(empty).empty
    assert arm_differences(empty, ["vanilla", "cobra"]).empty


def test_intervals_of_rates_end_at_0_and_1() -> None:
    table = repeats_table(seed_table({0: results({"cobra": 0.0}), 1: results({"cobra": 0.3})}))
    found = row(table, arm="cobra", metric="deo_mean")
    assert (found["low"], found["high"]) == (0, 1)


def test_differences_between_arms_are_those_of_the_paired_t_test() -> None:
    table = arm_differences(example(), ["vanilla", "cobra"])
    found = row(table, metric="deo_mean", quantity="mean")
    known = stats.ttest_rel(VALUES["cobra"], VALUES["vanilla"]).confidence_interval(0.95)
    assert (found["arm"], found["against"]) == ("cobra", "vanilla")
    assert (found["low"], found["high"]) == pytest.approx((known.low, known.high))
    assert found["by_seed"] == pytest.approx({0: -0.2, 1: -0.19, 2: -0.21, 3: -0.18})
    above = row(table, metric="deo_mean", quantity="excess")
    assert above["difference"] == pytest.approx(found["difference"]), "both have the same floor"
    # What a seed does to both arms cancels: the difference is known far better than either gap.
    gaps = row(repeats_table(example()), arm="cobra", metric="deo_mean")
    assert found["high"] - found["low"] < 0.4 * (gaps["high"] - gaps["low"])


def test_only_seeds_that_both_arms_have_are_pairs() -> None:
    table = seed_table(
        {0: results({"vanilla": 0.3, "cobra": 0.1}), 1: results({"vanilla": 0.3}), 2: results({"cobra": 0.9})}
    )
    found = row(arm_differences(table, ["vanilla", "cobra"]), metric="deo_mean", quantity="mean")
    assert (found["seeds"], found["by_seed"]) == (1, {0: pytest.approx(-0.2)})
    assert np.isnan([found["low"], found["high"]]).all()


def test_every_pair_of_arms_or_all_against_one() -> None:
    table = seed_table({0: results({"vanilla": 0.3, "cobra": 0.1, "uniform": 0.2})})
    arms = ["vanilla", "cobra", "uniform", "absent"]

    def pairs(found: pd.DataFrame) -> list[tuple[str, str]]:
        return list(dict.fromkeys(zip(found["arm"], found["against"], strict=True)))

    every = [("cobra", "vanilla"), ("uniform", "vanilla"), ("uniform", "cobra")]
    assert pairs(arm_differences(table, arms)) == every
    assert pairs(arm_differences(table, arms, ["cobra"])) == [("vanilla", "cobra"), ("uniform", "cobra")]
    assert reference_arm(arms[1:]) == "cobra"
    assert reference_arm(["cobra", "vanilla"]) == "vanilla"


def test_arms_that_are_one_differ_by_nothing() -> None:
    same = seed_table({seed: results({"vanilla": gap, "cobra": gap}) for seed, gap in enumerate((0.1, 0.2))})
    found = row(arm_differences(same, ["vanilla", "cobra"]), metric="deo_mean", quantity="mean")
    assert (found["difference"], found["std"]) == (0, 0)
    assert np.isnan([found["low"], found["high"]]).all()


def test_runs_are_compared_in_pairs_or_by_welch() -> None:
    one, other = example("cobra"), example("vanilla").assign(arm="cobra")
    paired = row(run_differences(one, other, ["cobra"], paired=True), metric="deo_mean", quantity="mean")
    known = stats.ttest_rel(VALUES["cobra"], VALUES["vanilla"]).confidence_interval(0.95)
    assert (paired["low"], paired["high"]) == pytest.approx((known.low, known.high))
    free = row(run_differences(one, other, ["cobra"], paired=False), metric="deo_mean", quantity="mean")
    known = stats.ttest_ind(VALUES["cobra"], VALUES["vanilla"], equal_var=False).confidence_interval(0.95)
    assert (free["low"], free["high"]) == pytest.approx((known.low, known.high))
    assert free["by_seed"] == {}
    assert free["difference"] == pytest.approx(paired["difference"])
    lone = unpaired_over_seeds(np.array([0.1]), np.array([0.2, 0.3]))
    assert lone.mean == pytest.approx(-0.15)
    assert lone.seeds == 1
    assert np.isnan(lone.low)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_intervals_cover_the_mean_over_all_seeds(count: int) -> None:
    """Normal seeds: 95 % of 4000, within four standard errors (± 1.4 points)."""
    draws = np.random.default_rng(1).normal(0.2, 0.05, (4000, count))
    found = [over_seeds(values_R) for values_R in draws]
    assert 0.936 <= np.mean([one.low <= 0.2 <= one.high for one in found]) <= 0.964


def test_intervals_cover_the_gap_of_a_run_whose_test_is_drawn_too() -> None:
    """Gaps are ranges of rates, so not normal: three seeds still cover their mean (≥ 0.93 of 1000)."""
    rng = np.random.default_rng(2)
    rate_RSG = np.clip(rng.normal([0.9, 0.7, 0.8], 0.03, (1000, 3, 3)), 0, 1)
    gaps = np.ptp(rng.binomial(100, rate_RSG) / 100, axis=-1)
    many = np.clip(rng.normal([0.9, 0.7, 0.8], 0.03, (200_000, 3)), 0, 1)
    truth = np.ptp(rng.binomial(100, many) / 100, axis=-1).mean()
    found = [over_seeds(gap_S) for gap_S in gaps]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.93


def test_paired_intervals_cover_where_unpaired_ones_are_wide() -> None:
    rng = np.random.default_rng(3)
    shared = rng.normal(0, 0.1, (2000, 3))
    one = 0.5 + shared + rng.normal(0, 0.01, shared.shape)
    other = 0.4 + shared + rng.normal(0, 0.01, shared.shape)
    paired = [over_seeds(a - b) for a, b in zip(one, other, strict=True)]
    assert 0.93 <= np.mean([found.low <= 0.1 <= found.high for found in paired]) <= 0.97
    free = [unpaired_over_seeds(a, b) for a, b in zip(one[:200], other[:200], strict=True)]
    width = np.median([found.high - found.low for found in paired])
    assert width < 0.3 * np.median([found.high - found.low for found in free])


def test_every_metric_is_aggregated() -> None:
    rng = np.random.default_rng(0)
    tables = {seed: results_table(None, {"cobra": rng.integers(20, 60, (2, 3, 4, 4))}) for seed in range(3)}
    found = repeats_table(seed_table(tables))
    assert set(found["metric"]) == set(METRICS)
    assert (found["seeds"] == 3).all()
    for name in METRICS:
        means = [row(table, metric=name)["mean"] for table in tables.values()]
        assert row(found, metric=name)["mean"] == pytest.approx(np.mean(means))
