"""The playground's barycenters: known answers, and the torch ones as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.errors import UserError
from fairdd_core.playground.barycenters import DISTANCES, barycenter

TOLERANCE = 1e-6
"""Of a cost, relative to the spread of the signals."""
every = pytest.mark.parametrize("name", DISTANCES)

signals = st.integers(2, 5).flatmap(
    lambda groups: st.lists(
        st.tuples(st.floats(-5, 5, width=16), st.floats(-5, 5, width=16)), min_size=groups, max_size=groups
    )
)


def oracle(name: str, x_GD: np.ndarray, w_G: np.ndarray) -> np.ndarray:
    found: torch.Tensor = DISCREPANCIES[name].build().barycenter(torch.tensor(x_GD), torch.tensor(w_G))
    return found.numpy()


@every
@settings(deadline=None, max_examples=40)
@given(rows=signals)
def test_costs_no_more_than_the_oracle(name: str, rows: list[tuple[float, float]]) -> None:
    x_GD = np.array(rows, float)
    w_G = np.full(len(x_GD), 1 / len(x_GD))
    points_2D = np.stack([oracle(name, x_GD, w_G), barycenter(name, x_GD)])
    expected, cost = DISTANCES[name].cost(x_GD, w_G, points_2D)
    assert cost <= expected + TOLERANCE * max(1.0, np.ptp(x_GD))


@every
@settings(deadline=None, max_examples=40)
@given(u=signals, v=st.tuples(st.floats(-5, 5), st.floats(-5, 5)))
def test_distances_are_those_of_the_distillation(
    name: str, u: list[tuple[float, float]], v: tuple[float, float]
) -> None:
    """The smallest ball takes lengths here, whose largest is where the largest square is.

    The tolerance is twice the floor of Huber's corner, which a zero signal has.
    """
    x_GD, point_D = np.array(u, float), np.array(v)
    expected_G = DISCREPANCIES[name].build()(torch.tensor(x_GD), torch.tensor(point_D)).numpy()
    found_G = DISTANCES[name].of(x_GD, point_D[None])[0]
    assert (found_G**2 if name == "smallest-ball" else found_G) == pytest.approx(
        expected_G, rel=1e-9, abs=1e-8
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", [name for name in DISTANCES if name != "linf"])
def test_is_the_same_point_as_the_oracle(name: str, seed: int) -> None:
    """Under ℓ∞ there are many, of which the torch one takes another."""
    rng = np.random.default_rng(seed)
    x_GD, w_G = rng.normal(size=(2 + seed, 2)), np.full(2 + seed, 1 / (2 + seed))
    assert barycenter(name, x_GD) == pytest.approx(oracle(name, x_GD, w_G), abs=1e-3)


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


def test_weights_of_zero_are_ignored_and_others_count() -> None:
    rows = np.array([[0.0, 0], [1, 0], [0, 1], [50, 50]])
    weights = np.array([3.0, 1, 1, 0])
    assert barycenter("l2", rows, weights) == pytest.approx([0, 0])
    assert barycenter("squared-l2", rows, weights) == pytest.approx([0.2, 0.2])


def test_opposite_directions_cancel() -> None:
    assert barycenter("cosine", np.array([[3.0, 0], [-1, 0]])) == pytest.approx([0, 0])


def test_unknown_distance_is_a_user_error() -> None:
    with pytest.raises(UserError, match="one of squared-l2"):
        barycenter("l7", np.ones((2, 2)))
