"""Barycenters of clouds: known answers, other solvers and symmetries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import ot
import pytest
import torch

from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from tests.distill.clouds import barycenter, build, cloud, covariance, objective, some_clouds

every = pytest.mark.parametrize("name", CLOUD_DISCREPANCIES)


# Known answers: barycenters


@every
def test_diracs_on_either_side_meet_at_zero(name: str) -> None:
    diracs = [torch.tensor([[-1.0]]), torch.tensor([[1.0]])]
    for support in (1, 2, 5):
        assert barycenter(name, diracs, support).numpy() == pytest.approx(np.zeros((support, 1)), abs=1e-9)
    assert barycenter(name, diracs, 2, [0.25, 0.75]).numpy() == pytest.approx(np.full((2, 1), 0.5))


@every
@pytest.mark.parametrize("support", [1, 2, 7])
def test_its_mean_is_the_mean_of_the_means(name: str, support: int) -> None:
    clouds, weights = some_clouds(), [0.2, 0.5, 0.3]
    expected_D = sum(w * u_ND.mean(dim=0) for w, u_ND in zip(weights, clouds, strict=True))
    found_SD = barycenter(name, clouds, support, weights)
    assert found_SD.shape == (support, 3)
    assert torch.allclose(found_SD.mean(dim=0), torch.as_tensor(expected_D), atol=1e-9)


def test_on_a_line_the_quantiles_are_averaged() -> None:
    clouds = [cloud(12, 1, seed=1), cloud(24, 1, seed=2), cloud(60, 1, seed=3)]
    quantiles = [torch.stack([part.mean() for part in u.flatten().sort().values.chunk(6)]) for u in clouds]
    found = barycenter("wasserstein", clouds, 6).flatten().sort().values
    assert torch.allclose(found, torch.stack(quantiles).mean(dim=0), atol=1e-9)


def test_on_a_line_standard_deviations_are_averaged() -> None:
    clouds = some_clouds(dimensions=1)
    expected = np.mean([u.std(correction=0).item() for u in clouds])
    assert barycenter("bures", clouds, 5).std(correction=0).item() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["wasserstein", "bures"])
def test_translates_of_one_cloud_have_it_in_their_middle(name: str) -> None:
    u_ND, shift_D = cloud(4, 3), torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64)
    found_SD = barycenter(name, [u_ND - shift_D, u_ND + shift_D], 4)
    assert build(name)(u_ND, found_SD).item() == pytest.approx(0, abs=1e-4)


def test_bures_barycenter_is_that_of_pot_where_dimensions_are_few() -> None:
    clouds, weights = some_clouds(sizes=(12, 9, 30)), [0.2, 0.5, 0.3]
    mean_D, covariance_DD = ot.gaussian.bures_wasserstein_barycenter(
        np.stack([u.mean(dim=0).numpy() for u in clouds]),
        np.stack([covariance(u).numpy() for u in clouds]),
        np.array(weights),
        eps=1e-10,
    )
    found_SD = barycenter("bures", clouds, 10, weights)
    assert found_SD.mean(dim=0).numpy() == pytest.approx(mean_D)
    assert covariance(found_SD).numpy() == pytest.approx(covariance_DD, abs=5e-3 * np.trace(covariance_DD))


def test_few_points_take_the_main_directions() -> None:
    """The nearest covariance of rank 2 to one of rank 4 keeps its two largest eigenvalues."""
    u_ND = cloud(40, 4)
    largest = torch.linalg.eigvalsh(covariance(u_ND))[-2:]
    found = torch.linalg.eigvalsh(covariance(barycenter("bures", [u_ND, u_ND], 3)))[-2:]
    assert torch.allclose(found, largest, rtol=1e-2)


# Other solvers and symmetries: barycenters


@pytest.mark.parametrize(("name", "tolerance"), [("wasserstein", 1e-6), ("sinkhorn", 6e-3), ("bures", 6e-3)])
def test_where_it_rests_the_gradient_is_zero(name: str, tolerance: float) -> None:
    """What a point would move by until its own pull is gone, relative to the spread of all groups' points."""
    clouds = some_clouds()
    points_SD = barycenter(name, clouds, 6).requires_grad_()
    (gradient_SD,) = torch.autograd.grad(
        torch.stack([build(name)(u_ND, points_SD) for u_ND in clouds]).mean(), points_SD
    )
    mean_D = torch.stack([u_ND.mean(dim=0) for u_ND in clouds]).mean(dim=0)
    spread = torch.stack([(u_ND - mean_D).square().sum(dim=1).mean() for u_ND in clouds]).mean()
    moved = (len(points_SD) / 2 * gradient_SD).square().sum(dim=1).mean()
    assert (moved / spread).sqrt() < tolerance


@pytest.mark.parametrize("name", ["wasserstein", "bures"])
def test_a_general_minimiser_goes_no_lower_on_average(name: str) -> None:
    """The problem is not convex: each finds a local minimum, and one that depends on the start."""
    clouds = some_clouds()
    found, others = [], []
    for k in range(4):
        points_SD = torch.cat([u_ND[k : k + 2] for u_ND in clouds]).requires_grad_()
        optimiser = torch.optim.LBFGS([points_SD], max_iter=15, max_eval=30, line_search_fn="strong_wolfe")

        def loss(optimiser: torch.optim.LBFGS = optimiser, points_SD: torch.Tensor = points_SD) -> float:
            optimiser.zero_grad()
            value = torch.stack([build(name)(u_ND, points_SD) for u_ND in clouds]).mean()
            value.backward()
            return value.item()

        optimiser.step(loss)
        others.append(objective(name, clouds, points_SD.detach()))
        found.append(objective(name, clouds, barycenter(name, clouds, 6, seed=k)))
    spread = np.mean([covariance(u_ND).trace().item() for u_ND in clouds])
    assert np.mean(found) <= np.mean(others) + 0.02 * spread


@every
def test_order_sizes_and_absent_groups_do_not_matter(name: str) -> None:
    clouds = some_clouds()
    expected_SD = barycenter(name, clouds, 6)
    assert torch.allclose(barycenter(name, clouds[::-1], 6), expected_SD, atol=1e-6)
    shuffled = [
        u_ND[torch.randperm(len(u_ND), generator=torch.Generator().manual_seed(0))] for u_ND in clouds
    ]
    assert torch.allclose(barycenter(name, shuffled, 6), expected_SD, atol=1e-6)
    majority = [clouds[0].repeat(3, 1), *clouds[1:]]
    # Sinkhorn's iteration ends where the masses are nearly right, which repeated points reach elsewhere.
    tolerance = 1e-3 if name == "sinkhorn" else 1e-6
    assert torch.allclose(barycenter(name, majority, 6), expected_SD, atol=tolerance)
    third = 1 / 3
    absent = [*clouds, torch.empty((0, 3), dtype=torch.float64)]
    assert torch.allclose(barycenter(name, absent, 6, [third, third, third, 0.0]), expected_SD, atol=1e-9)


@every
def test_the_generator_decides_and_nothing_else(name: str) -> None:
    clouds = some_clouds()
    assert torch.equal(barycenter(name, clouds, 6), barycenter(name, clouds, 6))
    assert not torch.allclose(barycenter(name, clouds, 6, seed=1), barycenter(name, clouds, 6))
    one, other = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    build(name).barycenter(clouds, torch.ones(3), 4, one)
    build(name).barycenter([u_ND[:1] for u_ND in clouds], torch.ones(3), 4, other)
    assert torch.equal(one.get_state(), other.get_state()), "as many numbers are drawn, whatever the clouds"


def _shifted(u_ND: torch.Tensor) -> torch.Tensor:
    return u_ND + torch.tensor([5.0, -3.0, 50.0], dtype=torch.float64)


@every
@pytest.mark.parametrize(
    "change", [_shifted, lambda u: 1e-4 * u, lambda u: 1e4 * u], ids=["shift", "small", "big"]
)
def test_barycenters_move_and_scale_with_the_clouds(
    name: str, change: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    clouds = some_clouds()
    expected_SD = change(barycenter(name, clouds, 6))
    found_SD = barycenter(name, [change(u_ND) for u_ND in clouds], 6)
    assert torch.allclose(found_SD, expected_SD, rtol=1e-5, atol=1e-9)


@every
def test_many_dimensions_and_few_points(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    clouds = [torch.randn((n, 2048), generator=generator).relu() + g for g, n in enumerate((16, 1, 8))]
    found_SD = barycenter(name, clouds, 4)
    assert (found_SD.dtype, found_SD.shape) == (torch.float32, (4, 2048))
    assert found_SD.isfinite().all()
    mean_SD = found_SD.mean(dim=0, keepdim=True).expand(4, -1)
    assert objective(name, clouds, found_SD) < objective(name, clouds, mean_SD), "four points say more"
