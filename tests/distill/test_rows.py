"""Signals of many rows: every row has a barycenter of its own, because distances are summed over rows."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.alignments.registry import arm_named, build_alignment
from fairdd_core.distill.backbones.gradient import GradientMatching
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from tests.distill.test_matching import pair_of
from tests.helpers import tiny_distill

every = pytest.mark.parametrize("name", DISCREPANCIES)
number = st.one_of(st.integers(-3, 3).map(float), st.floats(-3, 3, width=32))


class Rows(GroupStatistics):
    """Statistics of one class whose signals have rows."""

    def __init__(self, signals_GRD: torch.Tensor) -> None:
        means_CGD = signals_GRD.flatten(1)[None]
        super().__init__(means_CGD, means_CGD, torch.ones(1, len(signals_GRD), dtype=torch.int64))
        self._shape = signals_GRD.shape

    @property
    def rows(self) -> int:
        return self._shape[1]


def target(name: str, signals_GRD: torch.Tensor) -> torch.Tensor:
    targets = build_alignment(arm_named(f"cobra:{name}")).targets(Rows(signals_GRD))
    return targets.points_CTD[0, 0].reshape(signals_GRD.shape[1:])


def cost(name: str, signals_GRD: torch.Tensor, point_RD: torch.Tensor) -> float:
    """Return Σ_a w_a Σ_r d(Φ_{a,r}, m_r), or the largest Σ_r d for the smallest ball."""
    distance_G = DISCREPANCIES[name].build()(signals_GRD, point_RD).sum(dim=-1)
    return float(distance_G.max() if name == "smallest-ball" else distance_G.mean())


@st.composite
def signals(draw: st.DrawFn) -> torch.Tensor:
    """Return signals of groups that often coincide or vanish in single rows, (G, R, D)."""
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    size = shape[0] * shape[1] * shape[2]
    values = draw(st.lists(number, min_size=size, max_size=size))
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


@every
@settings(max_examples=100, deadline=None)
@given(signals_GRD=signals())
def test_no_simple_point_costs_less_than_the_target(name: str, signals_GRD: torch.Tensor) -> None:
    reached = cost(name, signals_GRD, target(name, signals_GRD))
    for other_RD in (signals_GRD.mean(dim=0), *signals_GRD):
        assert reached <= cost(name, signals_GRD, other_RD) + 1e-6


@pytest.mark.parametrize("name", ["linf", "l2", "cosine", "huber"])
def test_rows_are_solved_one_by_one(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    signals_GRD = torch.randn((4, 6, 5), generator=generator, dtype=torch.float64)
    signals_GRD[0] *= torch.linspace(0.1, 8, 6)[:, None]  # rows of different lengths
    distance, uniform = DISCREPANCIES[name].build(), torch.full((4,), 0.25, dtype=torch.float64)
    rows_RD = torch.stack([distance.barycenter(signals_GRD[:, r], uniform) for r in range(6)])
    assert torch.allclose(target(name, signals_GRD), rows_RD, atol=1e-7)
    whole_RD = distance.barycenter(signals_GRD.flatten(1), uniform).reshape(6, 5)
    assert cost(name, signals_GRD, rows_RD) < cost(name, signals_GRD, whole_RD)


def test_the_layer_as_a_whole_was_worse_than_the_mean() -> None:
    """ℓ∞ looks at one coordinate of the layer; what is summed is one for every row."""
    signals_GRD = torch.zeros(5, 41, 5, dtype=torch.float64)
    signals_GRD[:, 0] = 10 * torch.eye(5)  # of a length that lets the other rows lie anywhere
    signals_GRD[0, 1:, 0] = 1.0  # one group of five is apart
    uniform = torch.full((5,), 0.2, dtype=torch.float64)
    whole_RD = DISCREPANCIES["linf"].build().barycenter(signals_GRD.flatten(1), uniform).reshape(41, 5)
    mean = cost("linf", signals_GRD, signals_GRD.mean(dim=0))
    assert cost("linf", signals_GRD, whole_RD) > mean
    assert cost("linf", signals_GRD, target("linf", signals_GRD)) < mean


@every
def test_gradients_are_matched_row_by_row(name: str) -> None:
    """Under DC the target's cost is at most the mean's, on the gradients of a network."""
    backbone = GradientMatching(tiny_distill())
    pair = pair_of(backbone)
    alignment = build_alignment(arm_named(f"cobra:{name}"))
    shapes = [p.flatten(1).shape for p in pair.net.parameters() if p.ndim > 1]
    for layer, shape in zip(pair.statistics, shapes, strict=True):
        assert layer.rows == shape[0]
        points_CRD = alignment.targets(layer).points_CTD[:, 0].reshape(-1, *shape)
        for signals_GD, point_RD in zip(layer.means_CGD, points_CRD, strict=True):
            signals_GRD = signals_GD.reshape(-1, *shape).double()
            mean = cost(name, signals_GRD, signals_GRD.mean(dim=0))
            assert cost(name, signals_GRD, point_RD.double()) <= mean * (1 + 1e-5)
