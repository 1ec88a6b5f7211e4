"""Distances between clouds: known answers, other solvers and gradients."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import torch
from scipy.optimize import linear_sum_assignment, linprog

from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from fairdd_core.distill.discrepancies.clouds.sinkhorn import REGULARISATION
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from tests.distill.clouds import barycenter, build, cloud, covariance

every = pytest.mark.parametrize("name", CLOUD_DISCREPANCIES)


def test_names_are_not_those_of_distances_between_signals() -> None:
    assert not CLOUD_DISCREPANCIES.keys() & DISCREPANCIES.keys()


# Known answers: distances


@every
def test_a_cloud_is_at_no_distance_from_itself(name: str) -> None:
    u_ND = cloud(9, 4)
    v_ND = u_ND.clone().requires_grad_()
    distance = build(name)(u_ND, v_ND)
    (gradient,) = torch.autograd.grad(distance, v_ND)
    assert distance.item() == pytest.approx(0, abs=1e-9)
    assert gradient.abs().max() < 1e-4


@every
def test_a_shift_costs_its_squared_length(name: str) -> None:
    u_ND, shift_D = cloud(9, 4), torch.tensor([3.0, -1.0, 0.5, 100.0], dtype=torch.float64)
    assert build(name)(u_ND, u_ND + shift_D).item() == pytest.approx(shift_D.square().sum().item())


@every
def test_single_points_are_at_their_squared_distance(name: str) -> None:
    u_1D, v_MD = cloud(1, 4), cloud(6, 4, seed=1)
    assert build(name)(u_1D, v_MD[:1]).item() == pytest.approx((u_1D - v_MD[:1]).square().sum().item())
    mean_squared = (u_1D - v_MD).square().sum(dim=1).mean().item()
    assert build(name)(u_1D, v_MD).item() == pytest.approx(mean_squared), "all of a point is carried to all"


def test_normal_distributions_on_a_line() -> None:
    u_N1, v_M1 = cloud(9, 1), cloud(14, 1, seed=3, shift=4.0)
    expected = (u_N1.mean() - v_M1.mean()) ** 2 + (u_N1.std(correction=0) - v_M1.std(correction=0)) ** 2
    assert build("bures")(u_N1, v_M1).item() == pytest.approx(expected.item())


def test_sinkhorn_lies_below_exact_transport_and_above_the_means() -> None:
    for seed in range(5):
        u_ND, v_MD = cloud(12, 3, seed), cloud(8, 3, seed + 10)
        lowest = (u_ND.mean(dim=0) - v_MD.mean(dim=0)).square().sum().item()
        highest = build("wasserstein")(u_ND, v_MD).item() + REGULARISATION * covariance(u_ND).trace().item()
        assert lowest <= build("sinkhorn")(u_ND, v_MD).item() <= highest


# Other solvers: distances


@pytest.mark.parametrize("seed", range(5))
def test_the_hungarian_method_finds_no_shorter_way(seed: int) -> None:
    u_ND, v_ND = cloud(15, 3, seed), cloud(15, 3, seed + 10)
    cost_NN = (u_ND[:, None] - v_ND).square().sum(dim=-1).numpy()
    rows, columns = linear_sum_assignment(cost_NN)
    assert build("wasserstein")(u_ND, v_ND).item() == pytest.approx(cost_NN[rows, columns].mean(), rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_a_linear_program_finds_no_shorter_way(seed: int) -> None:
    u_ND, v_MD = cloud(7, 3, seed), cloud(4, 3, seed + 10)
    mass_N = torch.arange(7, dtype=torch.float64)  # one point weighs nothing
    cost_NM = (u_ND[:, None] - v_MD).square().sum(dim=-1).numpy()
    rows = np.concatenate([np.kron(np.eye(7), np.ones(4)), np.kron(np.ones(7), np.eye(4))])
    limits = np.concatenate([mass_N.numpy() / 21, np.full(4, 1 / 4)])
    best = linprog(cost_NM.ravel(), A_eq=rows, b_eq=limits).fun
    assert build("wasserstein")(u_ND, v_MD, mass_N).item() == pytest.approx(best, rel=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_bures_is_that_of_pot_where_dimensions_are_few(seed: int) -> None:
    u_ND, v_MD = cloud(20, 4, seed), cloud(11, 4, seed + 10)
    expected = ot.gaussian.bures_wasserstein_distance(
        u_ND.mean(dim=0).numpy(),
        v_MD.mean(dim=0).numpy(),
        covariance(u_ND).numpy(),
        covariance(v_MD).numpy(),
    )
    assert build("bures")(u_ND, v_MD).item() == pytest.approx(expected**2, rel=1e-8)


@pytest.mark.parametrize("seed", range(2))
def test_sinkhorn_is_that_of_pot(seed: int) -> None:
    """POT's loss is the transport without what its entropy costs, so that is added to both sides."""
    u_ND, v_MD = cloud(8, 3, seed), cloud(6, 3, seed + 10, shift=1.0)
    epsilon = REGULARISATION * covariance(u_ND).trace().item()

    def regularised(x: torch.Tensor, y: torch.Tensor) -> float:
        cost = ot.dist(x.numpy(), y.numpy())
        plan = ot.bregman.sinkhorn_log([], [], cost, epsilon, stopThr=1e-8, numItermax=5_000, warn=False)
        return float((plan * cost).sum() + epsilon * (plan * np.log(plan * len(x) * len(y))).sum())

    expected = regularised(u_ND, v_MD) - (regularised(u_ND, u_ND) + regularised(v_MD, v_MD)) / 2
    assert build("sinkhorn")(u_ND, v_MD).item() == pytest.approx(expected, rel=1e-4)


# Gradients, masses, precision


@every
def test_gradients_agree_with_differences(name: str) -> None:
    u_ND, v_MD = cloud(9, 3), cloud(4, 2, seed=1) @ cloud(2, 3, seed=2)
    v_MD.requires_grad_()
    weighed = torch.linspace(1, 2, 9, dtype=torch.float64)
    for mass_N in (None, weighed):
        assert torch.autograd.gradcheck(
            lambda v, m=mass_N: build(name)(u_ND, v, m), v_MD, rtol=1e-4, atol=1e-4
        )


@every
def test_repeated_points_are_points_of_more_mass(name: str) -> None:
    u_ND, v_MD = cloud(6, 3), cloud(5, 3, seed=1)
    times = torch.tensor([1, 1, 3, 1, 2, 4])
    expected = build(name)(u_ND.repeat_interleave(times, dim=0), v_MD).item()
    assert build(name)(u_ND, v_MD, times).item() == pytest.approx(expected, rel=1e-5)
    assert build(name)(u_ND.repeat(3, 1), v_MD).item() == pytest.approx(
        build(name)(u_ND, v_MD).item(), rel=1e-5
    )


@every
def test_single_precision_does_not_suffer_far_from_zero(name: str) -> None:
    u_ND, v_MD = cloud(20, 6), cloud(8, 6, seed=1)
    found = build(name)((u_ND + 100).float(), (v_MD + 100).float())
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(build(name)(u_ND, v_MD).item(), rel=1e-4)


@every
def test_what_is_not_a_number_comes_back_as_such(name: str) -> None:
    v_MD = cloud(5, 3)
    v_MD[2, 1] = torch.nan
    assert not build(name)(cloud(6, 3), v_MD).isfinite()
    assert not barycenter(name, [cloud(6, 3), v_MD], 3).isfinite().any()
