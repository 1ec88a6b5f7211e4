"""Squared distance with a diagonal Q that comes from the groups."""

from __future__ import annotations

import pytest
import torch
from scipy.optimize import minimize

from fairdd_core.distill.discrepancies.base import Fitted
from fairdd_core.distill.discrepancies.diagonal_l2 import FLOOR, DiagonalL2
from fairdd_core.distill.discrepancies.norms import L1, SquaredL2

PRESENT_CG = torch.tensor([[1.0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1]], dtype=torch.float64)


def signals(seed: int = 0) -> torch.Tensor:
    """Return signals (3, 4, 5) whose groups differ the more the later the coordinate."""
    generator = torch.Generator().manual_seed(seed)
    means_C1D = 3 * torch.randn((3, 1, 5), generator=generator, dtype=torch.float64)
    offsets_CGD = torch.randn((3, 4, 5), generator=generator, dtype=torch.float64)
    return means_C1D + offsets_CGD * torch.tensor([0, 0.1, 1, 10, 100], dtype=torch.float64)


def weights_of(distance: DiagonalL2, dimensions: int = 5) -> torch.Tensor:
    """Return q, read off the distance."""
    unit_DD = torch.eye(dimensions, dtype=torch.float64)
    return distance(unit_DD * 0, unit_DD)


def test_known_weights() -> None:
    """Variances 0, 1 and 4 over two groups of one class."""
    signals_CGD = torch.tensor([[[5.0, 1.0, -2.0], [5.0, -1.0, 2.0]]], dtype=torch.float64)
    q_D = weights_of(DiagonalL2().fitted(signals_CGD, torch.ones(1, 2, dtype=torch.float64)), 3)
    share_D = torch.tensor([0, 1, 4], dtype=torch.float64) / (5 / 3)
    assert torch.allclose(q_D / q_D[0], FLOOR / (share_D + FLOOR))
    assert (q_D @ share_D).item() == pytest.approx(3), "the groups stay as far apart as without Q"


def test_what_sets_the_groups_apart_counts_less() -> None:
    q_D = weights_of(DiagonalL2().fitted(signals(), PRESENT_CG))
    assert (q_D.diff() < 0).all()


def test_groups_lie_as_far_from_their_mean_as_without_q() -> None:
    signals_CGD = signals()
    distance = DiagonalL2().fitted(signals_CGD, torch.ones(3, 4, dtype=torch.float64))
    mean_C1D = signals_CGD.mean(dim=1, keepdim=True)
    assert distance(signals_CGD, mean_C1D).sum().item() == pytest.approx(
        SquaredL2()(signals_CGD, mean_C1D).sum().item()
    )


def test_the_barycenter_is_the_mean_whatever_q_is() -> None:
    signals_GD, weights_G = signals()[0], torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    distance = DiagonalL2().fitted(signals(), PRESENT_CG)

    def value(m: list[float]) -> float:
        return (weights_G @ distance(signals_GD, torch.tensor(m, dtype=torch.float64))).item()

    best = minimize(value, [0.0] * 5, tol=1e-12)
    found_D = distance.barycenter(signals_GD, weights_G)
    assert found_D.numpy() == pytest.approx(best.x, abs=1e-4)
    assert torch.equal(found_D, SquaredL2().barycenter(signals_GD, weights_G))


def test_neither_order_nor_absent_groups_nor_scale_matter() -> None:
    signals_CGD = signals()
    expected_D = weights_of(DiagonalL2().fitted(signals_CGD, PRESENT_CG))
    turned = DiagonalL2().fitted(signals_CGD.flip(0, 1), PRESENT_CG.flip(0, 1))
    assert torch.allclose(weights_of(turned), expected_D)
    signals_CGD[1, 1] = 1e6
    assert torch.allclose(weights_of(DiagonalL2().fitted(signals_CGD, PRESENT_CG)), expected_D)
    signals_CGD[1, 1] = 0
    tiny = DiagonalL2().fitted((1e-15 * signals_CGD).float(), PRESENT_CG.float())
    assert torch.allclose(weights_of(tiny).double(), expected_D, rtol=1e-4)


def test_groups_that_agree_leave_q_alone() -> None:
    same = DiagonalL2().fitted(torch.ones(3, 4, 5, dtype=torch.float64), PRESENT_CG)
    assert torch.equal(weights_of(same), torch.ones(5, dtype=torch.float64))


def test_only_distances_that_take_something_from_the_signals_are_fitted() -> None:
    assert not isinstance(L1(), Fitted)
    assert isinstance(DiagonalL2(), Fitted)
    one, same = (DiagonalL2().fitted(signals(), PRESENT_CG) for _ in range(2))
    assert torch.equal(weights_of(one), weights_of(same))
