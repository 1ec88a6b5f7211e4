"""The playground's barycenters: known answers, and those of the distillation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.distill.discrepancies.base import Discrepancy
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.playground.scene import DISTANCES

every = pytest.mark.parametrize("name", DISTANCES)

signals = st.integers(2, 5).flatmap(
    lambda groups: st.lists(
        st.tuples(st.floats(-5, 5, width=16), st.floats(-5, 5, width=16)), min_size=groups, max_size=groups
    )
)


def barycenter(name: str, x_GD: np.ndarray, weights_G: np.ndarray | None = None) -> np.ndarray:
    weights_G = np.ones(len(x_GD)) if weights_G is None else weights_G
    return DISTANCES[name](x_GD, weights_G / weights_G.sum())


@every
@settings(deadline=None, max_examples=40)
@given(rows=signals)
def test_are_those_of_the_distillation(name: str, rows: list[tuple[float, float]]) -> None:
    x_GD = np.array(rows, float)
    discrepancy: Discrepancy = DISCREPANCIES[name].build()
    expected_D = discrepancy.barycenter(torch.tensor(x_GD), torch.ones(len(rows)).double() / len(rows))
    assert barycenter(name, x_GD) == pytest.approx(expected_D.numpy(), abs=1e-6)


@every
def test_two_groups_meet_halfway(name: str) -> None:
    length = np.sqrt(2) if name == "cosine" else 1.0
    assert barycenter(name, np.array([[2.0, 0], [0, 2]])) == pytest.approx([length, length], abs=1e-6)


@every
def test_one_group_is_its_own_barycenter(name: str) -> None:
    assert barycenter(name, np.array([[3.0, -1]])) == pytest.approx([3, -1])
    assert barycenter(name, np.array([[3.0, -1]] * 3)) == pytest.approx([3, -1])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("squared-l2", [13 / 4, 13 / 2]),
        ("l1", [1.5, 3]),
        ("l2", [1.5, 3]),
        ("smallest-ball", [5, 10]),
    ],
)
def test_points_on_a_line(name: str, answer: list[float]) -> None:
    """Every point between the inner two is a median: the middle is taken."""
    rows = np.array([[0.0, 0], [1, 2], [2, 4], [10, 20]])
    assert barycenter(name, rows) == pytest.approx(answer, abs=1e-4)


def test_median_of_three_is_a_mixture_of_coordinates() -> None:
    assert barycenter("l1", np.array([[0.0, 5], [1, 4], [9, 3]])) == pytest.approx([1, 4])


def test_weights_count() -> None:
    rows = np.array([[0.0, 0], [1, 0], [0, 1]])
    weights = np.array([3.0, 1, 1])
    assert barycenter("l2", rows, weights) == pytest.approx([0, 0])
    assert barycenter("squared-l2", rows, weights) == pytest.approx([0.2, 0.2])


def test_opposite_directions_cancel() -> None:
    assert barycenter("cosine", np.array([[3.0, 0], [-1, 0]])) == pytest.approx([0, 0])
