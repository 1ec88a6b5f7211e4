"""Differences of results: known answers, and how often the interval is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.analysis.differences import difference
from fairdd_core.analysis.metrics import METRICS


def counts_of(*rates: float, n: int = 1000, groups: int = 2) -> np.ndarray:
    """Counts of networks with the same recall in every group and class."""
    out = np.zeros((len(rates), groups, 2, 2), np.int64)
    for k, rate in enumerate(rates):
        hits = round(rate * n)
        out[k, :, 0], out[k, :, 1] = (hits, n - hits), (n - hits, hits)
    return out


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_one_network_has_the_width_of_two_independent_rates() -> None:
    found = difference(counts_of(0.9), counts_of(0.8), METRICS["accuracy"], 4000, rng(), paired=True)
    half = 1.96 * np.sqrt((0.9 * 0.1 + 0.8 * 0.2) / 4000)
    assert found.value == pytest.approx(0.1)
    assert found.by_network == pytest.approx((0.1,))
    assert (found.low, found.high) == pytest.approx((0.1 - half, 0.1 + half), abs=0.1 * half)
    assert found.clear


def test_what_networks_have_in_common_cancels_between_pairs() -> None:
    one, other = counts_of(0.6, 0.7, 0.8, n=10**6), counts_of(0.5, 0.6, 0.7, n=10**6)
    paired = difference(one, other, METRICS["accuracy"], 2000, rng(), paired=True)
    unpaired = difference(one, other, METRICS["accuracy"], 2000, rng(), paired=False)
    assert paired.value == unpaired.value == pytest.approx(0.1)
    assert paired.by_network == pytest.approx((0.1, 0.1, 0.1))
    assert unpaired.by_network == ()
    assert paired.high - paired.low < 0.004
    assert paired.clear
    assert unpaired.low < 0 < unpaired.high


def test_variance_across_networks_is_that_of_a_sample() -> None:
    offsets = np.array([-0.02, -0.01, 0.0, 0.01, 0.02, 0.03, -0.03, 0.0])
    one = counts_of(*(0.7 + offsets), n=10**6)
    found = difference(one, counts_of(*[0.6] * 8, n=10**6), METRICS["accuracy"], 8000, rng(), paired=True)
    half = 1.96 * offsets.std(ddof=1) / np.sqrt(len(offsets))
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)


@pytest.mark.parametrize(
    ("one", "other"),
    [((0.94, 0.0), (0.85, 0.0)), ((0.9, 0.2), (0.9, 0.0)), ((0.9, 0.1), (0.9, 0.1))],
    ids=["equal groups, other accuracies", "a gap of 20 against none", "equal gaps"],
)
def test_intervals_of_gaps_cover_their_difference(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    """Ten groups and classes, 100 images a cell; one group has a lower recall in every class."""
    draw, covered, tries = rng(3), 0, 60

    def drawn(recall: float, gap: float) -> np.ndarray:
        rates_GC = np.full((10, 10), recall)
        rates_GC[0] -= gap
        hits_GC, out = draw.binomial(100, rates_GC), np.zeros((1, 10, 10, 10), np.int64)
        for c in range(10):
            out[0, :, c, c], out[0, :, c, (c + 1) % 10] = hits_GC[:, c], 100 - hits_GC[:, c]
        return out

    for _ in range(tries):
        found = difference(drawn(*one), drawn(*other), METRICS["deo_mean"], 200, draw, paired=True)
        covered += found.low <= one[1] - other[1] <= found.high
    assert covered / tries >= 0.93


@given(st.integers(0, 50), st.sampled_from(list(METRICS)))
@settings(deadline=None, max_examples=15)
def test_turned_round_it_is_the_other_way_round(seed: int, name: str) -> None:
    draw = rng(seed)
    one, other = draw.integers(1, 40, (2, 2, 3, 3, 3))
    metric = METRICS[name]
    forth = difference(one, other, metric, 200, rng(1), paired=True)
    back = difference(other, one, metric, 200, rng(2), paired=True)
    assert forth.value == pytest.approx(-back.value)
    assert forth.by_network == pytest.approx(tuple(-d for d in back.by_network))
    assert -1 <= forth.low <= forth.value <= forth.high <= 1


def test_nothing_between_equals() -> None:
    same = counts_of(0.9, 0.8)
    found = difference(same, same, METRICS["deo_mean"], 1000, rng(), paired=True)
    assert found.value == 0
    assert found.by_network == (0, 0)
    assert not found.clear


def test_only_networks_that_both_have_are_pairs() -> None:
    found = difference(
        counts_of(0.9, 0.8, 0.1), counts_of(0.7, 0.7), METRICS["accuracy"], 200, rng(), paired=True
    )
    assert found.by_network == pytest.approx((0.2, 0.1))
    assert found.value == pytest.approx(0.15)


def test_undefined_is_not_zero() -> None:
    empty = counts_of(0.5, groups=1)  # a gap needs two groups
    found = difference(empty, empty, METRICS["deo_mean"], 200, rng(), paired=True)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert not found.clear


def test_the_interval_covers_as_often_as_it_says() -> None:
    draw, hits = rng(5), 0
    for _ in range(200):
        one, other = (
            np.stack([draw.multinomial(60, [p, 1 - p], size=2) for _ in range(2)])[None, :, :, :]
            for p in (0.8, 0.7)
        )
        one[:, :, 1], other[:, :, 1] = one[:, :, 1, ::-1], other[:, :, 1, ::-1]
        found = difference(one, other, METRICS["accuracy"], 300, draw, paired=True)
        hits += found.low <= 0.1 <= found.high
    assert 0.91 <= hits / 200 <= 0.99
