"""Distances and their barycenters: known answers, other solvers, optimality and symmetries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.alignments.registry import build_alignment
from fairdd_core.distill.discrepancies.base import Discrepancy
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.matching import matching_loss

TOLERANCE = 1e-6
"""Of an objective, for points that are up to 6 apart; the largest stated tolerance is 1e-7 of that."""
every = pytest.mark.parametrize("name", DISCREPANCIES)


def build(name: str) -> Discrepancy:
    discrepancy: Discrepancy = DISCREPANCIES[name].build()
    return discrepancy


def tensor(rows: object) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def uniform(x_GD: torch.Tensor) -> torch.Tensor:
    return torch.full((len(x_GD),), 1 / len(x_GD), dtype=x_GD.dtype)


def middle(name: str, rows: object, weights: object = None) -> list[float]:
    x_GD = tensor(rows)
    w_G = uniform(x_GD) if weights is None else tensor(weights)
    return list(map(float, build(name).barycenter(x_GD, w_G)))


def random_case(seed: int, groups: int = 5, dimensions: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    return tensor(rng.normal(size=(groups, dimensions))), tensor(rng.dirichlet(np.ones(groups)))


def objective(name: str, x_GD: torch.Tensor, w_G: torch.Tensor, m_D: torch.Tensor) -> float:
    distance_G = build(name)(x_GD, m_D)
    value = distance_G[w_G > 0].max() if name == "smallest-ball" else w_G @ distance_G
    return value.item()


# Known answers


@every
def test_two_groups_meet_halfway(name: str) -> None:
    length = np.sqrt(2) if name == "cosine" else 1.0  # the mean length of the two, not the length of the mean
    assert middle(name, [[2, 0], [0, 2]]) == pytest.approx([length, length], abs=1e-6)


@every
def test_one_group_is_its_own_barycenter(name: str) -> None:
    assert middle(name, [[3, -1, 0.5]]) == pytest.approx([3, -1, 0.5], rel=1e-12)
    assert middle(name, [[3, -1, 0.5]] * 4) == pytest.approx([3, -1, 0.5], rel=1e-12)


@every
def test_zero_signals_have_a_barycenter(name: str) -> None:
    assert middle(name, [[0, 0], [0, 0], [0, 0]]) == [0, 0]


@pytest.mark.parametrize(
    ("name", "answer"),
    [("squared-l2", 13 / 4), ("diagonal-l2", 13 / 4), ("l1", 1.5), ("l2", 1.5), ("smallest-ball", 5.0)],
)
def test_points_on_a_line(name: str, answer: float) -> None:
    """Every point between the inner two is a median: the middle is taken."""
    rows = [[0, 0], [1, 2], [2, 4], [10, 20]]
    assert middle(name, rows) == pytest.approx([answer, 2 * answer], abs=1e-6)


@pytest.mark.parametrize("name", ["squared-l2", "diagonal-l2", "l2", "smallest-ball"])
def test_equilateral_triangle(name: str) -> None:
    corners = [[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]]
    assert middle(name, corners) == pytest.approx([0.5, np.sqrt(3) / 6], abs=1e-8)


def test_a_group_with_half_of_the_weight_is_the_geometric_median() -> None:
    rows = [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert middle("l2", rows, [0.55, 0.15, 0.15, 0.15]) == pytest.approx([0, 0])
    assert middle("l2", [*rows, [0, 0]], [0.3, 0.15, 0.15, 0.15, 0.25]) == pytest.approx([0, 0])


def test_a_wide_angle_is_the_geometric_median() -> None:
    """Fermat's point of a triangle with an angle over 120 degrees is that corner."""
    assert middle("l2", [[0, 0], [1, 0.1], [-1, 0.1]]) == pytest.approx([0, 0])


def test_median_counts_weights() -> None:
    rows = [[0.0, 5.0], [1.0, 4.0], [9.0, 3.0]]
    assert middle("l1", rows) == [1, 4]
    assert middle("l1", rows, [0.2, 0.2, 0.6]) == [9, 3]
    assert middle("l1", rows, [0.2, 0.3, 0.5]) == [5, 3.5]


def test_cosine_of_orthogonal_directions_does_not_see_lengths() -> None:
    assert middle("cosine", [[7, 0], [0, 1]]) == pytest.approx([4 / np.sqrt(2)] * 2)
    assert middle("cosine", [[3, 0], [-1, 0]]) == [0, 0]
    assert middle("cosine", [[2, 0], [0, 0]]) == pytest.approx([1, 0])


def test_largest_difference_is_shared_fairly() -> None:
    """Any split of the distance is optimal for two groups; with a third it is not."""
    assert middle("linf", [[0, 0], [4, 1]]) == pytest.approx([2, 0.5], abs=1e-6)
    assert middle("linf", [[0, 0], [4, 1], [4, 1]]) == pytest.approx([4, 1], abs=1e-6)


def test_the_ball_is_decided_on_its_surface() -> None:
    rows = [[-1, 0], [1, 0], [0.2, 0.3], [0, -0.9]]
    assert middle("smallest-ball", rows) == pytest.approx([0, 0], abs=1e-9)
    assert middle("smallest-ball", rows, [0.97, 0.01, 0.01, 0.01]) == pytest.approx([0, 0], abs=1e-9)


def test_huber_lies_between_the_mean_and_the_median() -> None:
    near = [[1.0, 1.1], [1.1, 1.0], [1.05, 1.0]]
    assert middle("huber", near) == pytest.approx(tensor(near).mean(dim=0).tolist(), rel=0.01)
    far = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 9.0]]
    assert middle("huber", far)[1] == pytest.approx(0.3 * np.sqrt(0.5) / 3)  # three pull against a slope of 1


# Other solvers


def _by_minimising(name: str, x_GD: torch.Tensor, w_G: torch.Tensor) -> float:
    def value(m_D: np.ndarray) -> float:
        return objective(name, x_GD, w_G, tensor(m_D))

    start = (w_G @ x_GD).numpy()
    return float(minimize(value, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).fun)


def _by_linear_program(name: str, x_GD: torch.Tensor, w_G: torch.Tensor) -> float:
    """Solve the full program in m and one bound per group (ℓ∞) or per group and coordinate (ℓ1)."""
    x, w = x_GD.numpy(), w_G.numpy()
    groups, dimensions = x.shape
    bounds = groups * dimensions if name == "l1" else groups
    rows, limits = [], []
    for g in range(groups):
        for i in range(dimensions):
            for sign in (1, -1):
                row = np.zeros(dimensions + bounds)
                row[i], row[dimensions + (g * dimensions + i if name == "l1" else g)] = sign, -1
                rows.append(row)
                limits.append(sign * x[g, i])
    cost = np.concatenate([np.zeros(dimensions), w.repeat(dimensions) if name == "l1" else w])
    return float(linprog(cost, np.array(rows), limits, bounds=(None, None)).fun)


def _by_quadratic_program(name: str, x_GD: torch.Tensor, w_G: torch.Tensor) -> float:
    x = x_GD.numpy()
    held = {"type": "ineq", "fun": lambda v: v[-1] - ((x - v[:-1]) ** 2).sum(axis=1)}
    start = np.append(x.mean(axis=0), 100.0)
    options = {"ftol": 1e-14, "maxiter": 500}
    return float(minimize(lambda v: v[-1], start, method="SLSQP", constraints=held, options=options).fun)


ORACLES: dict[str, Callable[[str, torch.Tensor, torch.Tensor], float]] = {
    "l1": _by_linear_program,
    "linf": _by_linear_program,
    "smallest-ball": _by_quadratic_program,
}


@pytest.mark.parametrize("seed", range(8))
@every
def test_no_other_solver_finds_a_better_point(name: str, seed: int) -> None:
    x_GD, w_G = random_case(seed, groups=3 + seed % 4, dimensions=2 + seed % 2)
    best = ORACLES.get(name, _by_minimising)(name, x_GD, w_G)
    found = objective(name, x_GD, w_G, build(name).barycenter(x_GD, w_G))
    assert found <= best + TOLERANCE
    if name in ORACLES:
        assert found == pytest.approx(best, abs=1e-6)


# Properties

grid = st.integers(-3, 3).map(float)
number = st.one_of(grid, st.floats(-3, 3, width=32))


@st.composite
def cases(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor]:
    """Points that often coincide, lie on lines or on one sphere, and weights of which some are 0."""
    groups, dimensions = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    rows = draw(
        st.lists(st.lists(number, min_size=dimensions, max_size=dimensions), min_size=groups, max_size=groups)
    )
    parts = draw(st.lists(st.integers(0, 4), min_size=groups, max_size=groups).filter(any))
    return tensor(rows), tensor(parts) / sum(parts)


@every
@settings(max_examples=150, deadline=None)
@given(case=cases(), seed=st.integers(0, 10))
def test_no_other_point_is_better(name: str, case: tuple[torch.Tensor, torch.Tensor], seed: int) -> None:
    x_GD, w_G = case
    found_D = build(name).barycenter(x_GD, w_G)
    best = objective(name, x_GD, w_G, found_D)
    rng = np.random.default_rng(seed)
    others = [found_D + tensor(rng.normal(size=found_D.shape)) * 10.0**-k for k in range(6) for _ in range(4)]
    for other_D in [*others, *x_GD, w_G @ x_GD]:
        assert best <= objective(name, x_GD, w_G, other_D) + TOLERANCE


@every
@settings(max_examples=60, deadline=None)
@given(case=cases(), seed=st.integers(0, 10))
def test_order_and_absent_groups_do_not_matter(
    name: str, case: tuple[torch.Tensor, torch.Tensor], seed: int
) -> None:
    x_GD, w_G = case
    expected = build(name).barycenter(x_GD, w_G)
    order = np.random.default_rng(seed).permutation(len(x_GD))
    assert torch.allclose(build(name).barycenter(x_GD[order], w_G[order]), expected, atol=1e-5)
    with_absent = torch.cat([x_GD, torch.full_like(x_GD[:1], 1e6)]), torch.cat([w_G, w_G[:1] * 0])
    assert torch.allclose(build(name).barycenter(*with_absent), expected, atol=1e-9)


@every
@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e6])
def test_barycenters_scale_with_the_signals(name: str, factor: float) -> None:
    x_GD, w_G = random_case(0, groups=6, dimensions=20)
    expected = build(name).barycenter(x_GD, w_G)
    assert torch.allclose(build(name).barycenter(factor * x_GD, w_G) / factor, expected, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in DISCREPANCIES if n not in {"cosine", "huber"}])
def test_barycenters_move_with_the_signals(name: str) -> None:
    """Not so for cosine, which has an origin, nor Huber, whose scale is the size of the signal."""
    x_GD, w_G = random_case(1, groups=6, dimensions=20)
    shift_D = torch.linspace(-5, 5, 20, dtype=torch.float64)
    moved = build(name).barycenter(x_GD + shift_D, w_G)
    assert torch.allclose(moved, build(name).barycenter(x_GD, w_G) + shift_D, atol=1e-6)


@pytest.mark.parametrize("name", ["squared-l2", "l2", "cosine", "smallest-ball"])
def test_euclidean_barycenters_turn_with_the_signals(name: str) -> None:
    x_GD, w_G = random_case(2, groups=6, dimensions=20)
    turn = torch.linalg.qr(tensor(np.random.default_rng(0).normal(size=(20, 20)))).Q
    turned = build(name).barycenter(x_GD @ turn, w_G)
    assert torch.allclose(turned, build(name).barycenter(x_GD, w_G) @ turn, atol=1e-7)


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_many_dimensions_in_both_precisions(name: str, dtype: torch.dtype) -> None:
    x_GD, w_G = random_case(3, groups=10, dimensions=2048)
    exact = build(name).barycenter(x_GD, w_G)
    found = build(name).barycenter(x_GD.to(dtype), w_G.to(dtype))
    assert (found.dtype, found.shape) == (dtype, (2048,))
    assert torch.allclose(found.double(), exact, atol=1e-4)
    assert torch.equal(found, build(name).barycenter(x_GD.to(dtype), w_G.to(dtype))), "the same bytes again"


# Distances


@every
def test_distances_broadcast_and_are_zero_where_signals_agree(name: str) -> None:
    u, v = torch.randn((2, 4, 1, 6), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    distance = build(name)(u, v.transpose(0, 1))
    assert distance.shape == (4, 4)
    assert (distance > 0).all()
    assert build(name)(u, u) == pytest.approx(torch.zeros(4, 1), abs=1e-12)
    assert distance[1, 2].item() == pytest.approx(build(name)(u[1, 0], v[2, 0]).item())


@every
def test_gradients_agree_with_differences(name: str) -> None:
    u, v = torch.randn((2, 3, 5), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert torch.autograd.gradcheck(build(name), (u.requires_grad_(), v.requires_grad_()))


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [0.0, 1.0])
def test_gradients_are_finite_where_signals_coincide_or_vanish(
    name: str, dtype: torch.dtype, size: float
) -> None:
    u = torch.full((3, 5), size, dtype=dtype)
    v = u.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(build(name)(u, v).sum(), v)
    assert gradient == pytest.approx(torch.zeros(3, 5), abs=1e-6)
    (gradient,) = torch.autograd.grad(build(name)(u, torch.zeros_like(v) * v).sum(), v)
    assert gradient.isfinite().all()


# Alignments


def _gradients(matching: str) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    means = torch.randn((2, 3, 6), generator=generator, dtype=torch.float64)
    statistics = GroupStatistics(means, means, torch.ones(2, 3))
    gradients = {}
    for name in ("fairdd", "cobra"):
        signal = torch.ones((2, 6), dtype=torch.float64, requires_grad=True)
        targets = build_alignment(ArmSpec(name=name, alignment=name)).targets(statistics)
        loss = matching_loss(signal[:, None], targets, build(matching))
        (gradients[name],) = torch.autograd.grad(loss, signal)
    return gradients


@pytest.mark.parametrize("matching", ["l1", "l2", "linf", "cosine", "huber"])
def test_fairdd_and_cobra_pull_in_different_directions_unless_the_distance_is_squared(matching: str) -> None:
    gradients = _gradients(matching)
    assert torch.cosine_similarity(gradients["fairdd"], gradients["cobra"], dim=-1).max() < 0.999
    same = _gradients("squared-l2")
    assert torch.allclose(torch.cosine_similarity(same["fairdd"], same["cobra"], dim=-1), tensor(1.0))
