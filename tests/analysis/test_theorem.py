"""Theorem 4.1 and the bound: known answers, and no counterexample in any dimension."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairdd_core.analysis.theorem import bounds, explain, residuals, vanilla_target, verdict_of

LINE = np.array([[0.0, 0], [1, 0], [4, 0]])
SHARES = np.array([0.5, 0.25, 0.25])
NAMES = ("A", "B", "C")
finite = st.floats(-100, 100, width=32)


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    groups, dimensions = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    signals_GD = draw(arrays(float, (groups, dimensions), elements=finite))
    weights_G = draw(arrays(float, groups, elements=st.floats(0.015625, 1, width=32)))
    return signals_GD, weights_G / weights_G.sum(), draw(arrays(float, dimensions, elements=finite))


def test_known_answers_on_a_line() -> None:
    verdict = verdict_of(LINE, SHARES, LINE.mean(axis=0))
    assert vanilla_target(LINE, SHARES) == pytest.approx([1.25, 0])
    assert verdict.vanilla_G == pytest.approx([1.25, 0.25, 2.75])
    assert verdict.aligned_G == pytest.approx([5 / 3, 2 / 3, 7 / 3])
    assert verdict.bound_G == pytest.approx([1.25, 1.25, 2.75])
    assert (verdict.worst, verdict.tied) == (2, 1)
    assert verdict.inner == pytest.approx(7 / 3 * (1.25 - 5 / 3))
    assert verdict.holds
    assert verdict.kept
    assert not verdict.same


def test_a_majority_that_is_farthest_out_breaks_condition_and_promise() -> None:
    verdict = verdict_of(LINE, np.array([0.3, 0.3, 0.4]), LINE.mean(axis=0))
    assert not verdict.holds
    assert not verdict.kept
    text = explain(verdict, NAMES)
    for part in ("does not hold", "lies towards C", "larger under COBRA"):
        assert part in text


def test_condition_can_fail_and_the_promise_be_kept_all_the_same() -> None:
    verdict = verdict_of(LINE, np.array([0.05, 0.05, 0.9]), LINE.mean(axis=0))
    assert not verdict.holds
    assert verdict.kept
    assert "guarantees nothing" in explain(verdict, NAMES)


def test_equal_shares_and_the_mean_are_the_same_target() -> None:
    verdict = verdict_of(LINE, np.full(3, 1 / 3), LINE.mean(axis=0))
    assert verdict.same
    assert verdict.holds
    assert verdict.kept
    assert "same point" in explain(verdict, NAMES)


def test_of_equally_bad_groups_the_most_favourable_one_decides() -> None:
    ends = np.array([[-1.0, 0], [1, 0]])
    verdict = verdict_of(ends, np.array([0.9, 0.1]), np.zeros(2))
    assert (verdict.tied, verdict.worst, verdict.holds) == (2, 1, True)
    assert "one of 2 groups" in explain(verdict, ("A", "B"))


@settings(deadline=None, max_examples=200)
@given(case=cases())
def test_condition_implies_that_nobody_is_left_farther_behind(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    verdict = verdict_of(*case)
    if verdict.holds:
        assert verdict.worst_aligned <= verdict.worst_vanilla + 1e-6 * (1 + verdict.worst_vanilla)


@settings(deadline=None, max_examples=100)
@given(case=cases())
def test_imbalance_times_separation_bounds_vanilla(case: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    signals_GD, shares_G, _ = case
    residual_G = residuals(signals_GD, vanilla_target(signals_GD, shares_G))
    assert (residual_G <= bounds(signals_GD, shares_G) + 1e-9).all()
