"""What each backbone matches: against autograd, optimisers and formulas written out by hand."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.config.spec.distill import ArmSpec, ScheduleSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.alignments.registry import build_alignment
from fairdd_core.distill.backbones.base import Backbone, WeightedSets
from fairdd_core.distill.backbones.gradient import GradientMatching
from fairdd_core.distill.backbones.means import CAFE
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.backbones.trajectory import TrajectoryMatching
from fairdd_core.distill.discrepancies.norms import SquaredL2
from fairdd_core.distill.matching import SignalMatching
from fairdd_core.distill.real import LazyStatistics, RealSignals
from fairdd_core.distill.sampling import draw_real
from fairdd_core.distill.schedules import MatchingPair
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from tests.helpers import TINY_NET, tiny_distill, toy_dataset

CPU = torch.device("cpu")
CLASSES, GROUPS = 3, 2


def network() -> Net:
    return make_network(TINY_NET, 8, CLASSES, torch.Generator().manual_seed(0), CPU).requires_grad_(False)


def images(train: GroupedDataset) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(train.normalisation.apply(train.x_NCHW)), torch.from_numpy(train.y_N)


def real_signals(backbone: Backbone, net: Net) -> tuple[RealSignals, GroupedDataset]:
    """Return all the images of the toy data as a pair sees them."""
    train = toy_dataset()
    sample = draw_real(train, ScheduleSpec(samples=99), np.random.default_rng(0), train.counts_CG())
    x_NCHW, y_N = images(train)
    sets = WeightedSets(x_NCHW[sample.index_N], y_N[sample.index_N], sample.weights_MN)
    counts_CG = torch.from_numpy(sample.counts_CG)
    return RealSignals(backbone, net, lambda: sets, counts_CG, GROUPS), train


def class_gradient(net: Net, x_NCHW: torch.Tensor, y_N: torch.Tensor) -> list[torch.Tensor]:
    """Return the gradient of a mean loss in the weight matrices, by plain autograd."""
    net = net.requires_grad_(True)
    matrices = [p for p in net.parameters() if p.ndim > 1]
    gradients = torch.autograd.grad(F.cross_entropy(net(x_NCHW), y_N), matrices)
    net.requires_grad_(False)
    return [gradient.flatten(1) for gradient in gradients]


def test_gradients_of_sets_are_those_of_autograd() -> None:
    net, train = network(), toy_dataset()
    x_NCHW, y_N = images(train)
    mean_CN = F.one_hot(y_N, CLASSES).T / F.one_hot(y_N, CLASSES).sum(dim=0)[:, None]
    layers = GradientMatching(tiny_distill()).signals(net, WeightedSets(x_NCHW, y_N, mean_CN))
    for c in range(CLASSES):
        expected = class_gradient(net, x_NCHW[y_N == c], y_N[y_N == c])
        assert len(expected) == len(layers)
        assert all(torch.allclose(layer[c], e, atol=1e-6) for layer, e in zip(layers, expected, strict=True))


@pytest.mark.parametrize("name", BACKBONES)
def test_a_card_says_what_its_backbone_is(name: str) -> None:
    """The screens read the card, for the backbone needs torch."""
    assert BACKBONES[name].linear == BACKBONES[name].build(tiny_distill()).linear


@pytest.mark.parametrize("name", BACKBONES)
def test_a_set_without_images_has_signal_zero(name: str) -> None:
    net, train = network(), toy_dataset()
    sets = WeightedSets(*images(train), torch.zeros(2, len(train)))
    layers = BACKBONES[name].build(tiny_distill()).signals(net, sets)
    assert all((layer == 0).all() for layer in layers)


@pytest.mark.parametrize("name", [name for name, card in BACKBONES.items() if card.linear])
def test_mixtures_of_linear_signals_are_one_weighted_pass(name: str) -> None:
    """Identities 1 and 2: vanilla is the pooled signal; the squared barycenter is the mean of the groups."""
    backbone, net = BACKBONES[name].build(tiny_distill()), network()
    real, train = real_signals(backbone, net)
    x_NCHW, y_N = images(train)
    pooled_CN = F.one_hot(y_N, CLASSES).T / F.one_hot(y_N, CLASSES).sum(dim=0)[:, None]
    pooled = backbone.signals(net, WeightedSets(x_NCHW, y_N, pooled_CN))
    groups = real.group_signals()
    for layer, statistics in enumerate(real.statistics()):
        vanilla = build_alignment(ArmSpec(name="v", alignment="vanilla")).targets(statistics)
        assert torch.allclose(vanilla.points_CTD[:, 0], pooled[layer].flatten(1), atol=1e-5)
        for alignment in ("cobra", "reweight"):
            targets = build_alignment(ArmSpec(name="a", alignment=alignment)).targets(statistics)
            assert torch.allclose(targets.points_CTD[:, 0], groups[layer].mean(dim=1), atol=1e-5)


def test_the_barycenter_of_gradients_costs_one_backward_pass_for_each_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes: list[int] = []
    inner = GradientMatching._gradient

    def counted(self: GradientMatching, *given: Any) -> list[torch.Tensor]:
        passes.append(1)
        return inner(self, *given)

    monkeypatch.setattr(GradientMatching, "_gradient", counted)
    real, _ = real_signals(GradientMatching(tiny_distill()), network())
    statistics = real.statistics()
    cobra = build_alignment(ArmSpec(name="c", alignment="cobra"))
    [cobra.targets(layer) for layer in statistics]
    assert len(passes) == CLASSES, "shared by all layers, whatever the number of groups"
    [build_alignment(ArmSpec(name="m", alignment="cobra", discrepancy="l1")).targets(s) for s in statistics]
    assert len(passes) == CLASSES + CLASSES * GROUPS, "a median needs every group, once for all layers"


def test_displacements_are_those_of_sgd_and_average_into_cobras_target() -> None:
    spec = tiny_distill(trajectory={"expert_steps": 4, "expert_lr": 0.1})
    backbone, net = TrajectoryMatching(spec), network()
    real, train = real_signals(backbone, net)
    x_NCHW, y_N = images(train)
    moved = []
    for group in range(GROUPS):
        copy = network().requires_grad_(True)
        optimiser = torch.optim.SGD(copy.parameters(), lr=0.1)
        kept = torch.from_numpy(train.a_N == group)
        for _ in range(4):
            optimiser.zero_grad()
            # Every class has as many images of a group, so the plain mean counts the classes equally.
            F.cross_entropy(copy(x_NCHW[kept]), y_N[kept]).backward()
            optimiser.step()
        pairs = zip(copy.parameters(), net.parameters(), strict=True)
        moved.append(torch.cat([(p.detach() - q).flatten() for p, q in pairs]))
    (statistics,) = real.statistics()
    assert isinstance(statistics, LazyStatistics)
    assert torch.allclose(statistics.means_CGD[0], torch.stack(moved), atol=1e-5)
    (cobra,) = build_alignment(ArmSpec(name="c", alignment="cobra")).targets(statistics).points_CTD[0]
    assert torch.allclose(cobra, torch.stack(moved).mean(dim=0), atol=1e-5)
    (vanilla,) = build_alignment(ArmSpec(name="v", alignment="vanilla")).targets(statistics).points_CTD[0]
    majority = torch.stack([(vanilla - group).norm() for group in moved])
    assert majority[0] < majority[1], "vanilla follows the larger group"


def test_the_student_learns_its_step_size() -> None:
    backbone = TrajectoryMatching(tiny_distill(trajectory={"student_lr": 0.05}))
    variables = {name: value.requires_grad_() for name, value in backbone.variables().items()}
    assert variables["log_lr"].exp().item() == pytest.approx(0.05)
    train = toy_dataset()
    x_NCHW, y_N = images(train)
    sets = WeightedSets(x_NCHW.requires_grad_(), y_N, torch.full((1, len(train)), 1 / len(train)))
    (layer,) = backbone.synthetic_signals(network(), sets, variables)
    by_lr, by_image = torch.autograd.grad(layer.square().sum(), [variables["log_lr"], sets.x_NCHW])
    assert by_lr > 0, "a longer step goes further"
    assert by_image.abs().sum() > 0


def test_cafe_matches_every_block_and_tells_real_images_by_synthetic_means() -> None:
    backbone, net = CAFE(tiny_distill()), network()
    real, train = real_signals(backbone, net)
    assert backbone.layers(net) == len(real.statistics()) == TINY_NET.depth
    features = real.features()
    signal = (torch.randn(CLASSES, 1, net.features, generator=torch.Generator().manual_seed(1)),)
    weights_CG = torch.tensor([[0.5, 0.5]] * CLASSES)
    expected = 0.0
    for c in range(CLASSES):
        for g in range(GROUPS):
            kept = features.cells_CGN[c, g] > 0
            logits = F.normalize(features.features_ND[kept], dim=1) @ signal[0][:, 0].T
            expected += 0.5 * F.cross_entropy(logits, features.y_N[kept]).item() / CLASSES
    penalty = backbone.penalty(signal, features, weights_CG).item()
    assert penalty == pytest.approx(expected, rel=1e-5)
    assert train.num_groups == GROUPS


def test_cafes_published_loss_is_that_of_its_authors() -> None:
    """Squared distances before pooling and of the representation, weighted; a summed discrimination."""
    backbone, net = CAFE(tiny_distill(feature_loss="published")), network()
    real, train = real_signals(backbone, net)
    x_NCHW, y_N = images(train)
    synthetic_NCHW, labels_N = x_NCHW[::3] + 0.1, y_N[::3]
    mean_CN = F.one_hot(labels_N, CLASSES).T / F.one_hot(labels_N, CLASSES).sum(dim=0)[:, None]
    sets = WeightedSets(synthetic_NCHW, labels_N, mean_CN)
    pair = MatchingPair(net, [], real, np.zeros((2, CLASSES, GROUPS)))
    matching = SignalMatching(backbone, SquaredL2())
    vanilla = build_alignment(ArmSpec(name="v", alignment="vanilla"))
    loss, signal = matching.loss(pair, matching.targets(vanilla, pair), sets, {})
    expected = torch.zeros(())
    shown = {"real": (x_NCHW, y_N), "synthetic": (synthetic_NCHW, labels_N)}
    maps = {name: (layers_by_hand(net, x), y) for name, (x, y) in shown.items()}
    for layer, weight in enumerate(
        (0.1, 1.0, 1.0)
    ):  # of two blocks before pooling, and of the representation
        for c in range(CLASSES):
            means = [layers[layer][y == c].mean(dim=0) for layers, y in maps.values()]
            expected += weight * (means[0] - means[1]).square().sum()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    means_CD = torch.stack([net.embed(synthetic_NCHW[labels_N == c]).mean(dim=0) for c in range(CLASSES)])
    summed = F.cross_entropy(net.embed(x_NCHW) @ means_CD.T, y_N, reduction="sum").item()
    penalty = backbone.penalty(signal, real.features(), torch.full((CLASSES, GROUPS), 0.5)).item()
    assert penalty == pytest.approx(summed, rel=1e-4)


def layers_by_hand(net: Net, x_NCHW: torch.Tensor) -> list[torch.Tensor]:
    layers: list[torch.Tensor] = []
    for convolution, norm, activation, pool in cast(Any, net.blocks):
        x_NCHW = activation(norm(convolution(x_NCHW)))
        layers.append(x_NCHW.flatten(1))
        x_NCHW = pool(x_NCHW)
    return [*layers, x_NCHW.flatten(1)]
