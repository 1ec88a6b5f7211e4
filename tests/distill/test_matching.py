"""One divisor for all arms, so that their steps differ by their targets alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from fairdd_core.config.spec.distill import ScheduleSpec
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.alignments.registry import arm_named, build_alignment
from fairdd_core.distill.backbones.base import Backbone, Signal, WeightedSets
from fairdd_core.distill.backbones.means import CAFE
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.discrepancies.norms import SquaredL2
from fairdd_core.distill.matching import SignalMatching
from fairdd_core.distill.real import RealSignals
from fairdd_core.distill.sampling import draw_real
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from tests.helpers import TINY_NET, tiny_distill, toy_dataset

ARMS = ("vanilla", "cobra", "uniform", "reweight", "fairdd")
CPU = torch.device("cpu")


class Given(CAFE):
    """CAFE on synthetic signals that are given instead of images."""

    def synthetic_signals(self, net: Net, sets: WeightedSets, variables: Any) -> Signal:
        return (variables["signal"],)


def test_golden_ratio_of_steps() -> None:
    """From signal 0 the steps are as long as the targets: √2.5 and √7.3, not the other way round."""
    means_CGD = torch.tensor([[[3.0, 0.0], [0.0, 1.0]]])
    pair = cast(
        Any,
        SimpleNamespace(
            net=None, statistics=[GroupStatistics(means_CGD, means_CGD, torch.tensor([[90, 10]]))]
        ),
    )
    matching = SignalMatching(Given(tiny_distill()), SquaredL2())
    gradients = {}
    for name in ("vanilla", "cobra", "fairdd"):
        signal = torch.zeros(1, 1, 2, requires_grad=True)
        targets = matching.targets(build_alignment(arm_named(name)), pair)
        loss, _ = matching.loss(pair, targets, cast(Any, None), {"signal": signal})
        (gradients[name],) = torch.autograd.grad(loss, signal)
    assert gradients["vanilla"].flatten().tolist() == pytest.approx([-2 * 2.7 / 7.3, -2 * 0.1 / 7.3])
    assert gradients["cobra"].flatten().tolist() == pytest.approx([-2 * 1.5 / 7.3, -2 * 0.5 / 7.3])
    assert torch.allclose(gradients["fairdd"], gradients["cobra"])
    ratio = gradients["cobra"].norm() / gradients["vanilla"].norm()
    assert ratio.item() == pytest.approx(np.sqrt(2.5 / 7.3))


def pair_of(backbone: Backbone) -> Any:
    """Return all the images of the toy data under one network."""
    train = toy_dataset()
    net = make_network(TINY_NET, 8, 3, torch.Generator().manual_seed(0), CPU).requires_grad_(False)
    sample = draw_real(train, ScheduleSpec(samples=99), np.random.default_rng(0), train.counts_CG())
    x_NCHW = torch.from_numpy(train.normalisation.apply(train.x_NCHW))[sample.index_N]
    sets = WeightedSets(x_NCHW, torch.from_numpy(train.y_N[sample.index_N]), sample.weights_MN)
    real = RealSignals(backbone, net, lambda: sets, torch.from_numpy(sample.counts_CG), 2)
    return SimpleNamespace(net=net, statistics=real.statistics())


@pytest.mark.parametrize("name", BACKBONES)
def test_arms_with_equal_images_differ_by_their_targets_alone(name: str) -> None:
    """Under the squared distance two gradients differ by that of ⟨signal, 2 (target − target')⟩ / scale."""
    backbone = BACKBONES[name].build(tiny_distill())
    pair = pair_of(backbone)
    matching = SignalMatching(backbone, SquaredL2())
    targets = {arm: matching.targets(build_alignment(arm_named(arm)), pair) for arm in ARMS}
    divided = [1.0] * len(pair.statistics)
    if name in {"cafe", "mtt"}:
        divided = [t.mixture(t.share_CG).square().sum(dim=1).mean().item() for t in pair.statistics]
    x_NCHW = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    y_N = torch.arange(3).repeat_interleave(2)
    mean_CN = torch.eye(3).repeat_interleave(2, dim=1) / 2
    weights_MN = mean_CN.mean(dim=0, keepdim=True) if backbone.pooled else mean_CN
    sets, variables = WeightedSets(x_NCHW, y_N, weights_MN), backbone.variables()

    def gradient(loss: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(loss, x_NCHW)[0]

    def mean(arm: str, layer: int) -> torch.Tensor:
        t = targets[arm][layer].targets
        return torch.einsum("ct,ctd->cd", t.weights_CT, t.points_CTD)

    steps = {arm: gradient(matching.loss(pair, targets[arm], sets, variables)[0]) for arm in ARMS}
    for arm in ARMS[1:]:
        signal = backbone.synthetic_signals(pair.net, sets, variables)
        pulls = [
            2 * ((mean("vanilla", k) - mean(arm, k)) * s_CRD.flatten(1)).sum() / divided[k]
            for k, s_CRD in enumerate(signal)
        ]
        expected = gradient(torch.stack(pulls).sum())
        assert expected.abs().max() > 0
        assert torch.allclose(
            steps[arm] - steps["vanilla"], expected, atol=1e-4 * float(expected.abs().max())
        )


@pytest.mark.parametrize("name", BACKBONES)
def test_the_divisor_is_the_same_whatever_the_arm(name: str) -> None:
    backbone = BACKBONES[name].build(tiny_distill())
    matching = SignalMatching(backbone, SquaredL2())
    scales = {
        arm: [t.scale for t in matching.targets(build_alignment(arm_named(arm)), pair_of(backbone))]
        for arm in (*ARMS, "cobra:l1", "cobra:cosine")
    }
    assert len({tuple(scale) for scale in scales.values()}) == 1
