"""Unknown groups: their images count in their class, form no group, and their hidden labels are not used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fairdd_core.config.spec.distill import ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.alignments.registry import ALIGNMENTS, arm_named, build_alignment
from fairdd_core.distill.backbones.base import WeightedSets
from fairdd_core.distill.backbones.means import DistributionMatching
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.distill.loop import distill
from fairdd_core.distill.sampling import draw_real
from fairdd_core.embed.stage import EmbeddingInput, embed
from fairdd_core.events import Distilled, Embedded
from fairdd_core.nets.build import make_network
from fairdd_core.nets.fair import PENALTY, fair_network
from tests.helpers import TINY_NET, tiny_distill, toy_dataset

CPU = torch.device("cpu")
ARMS = tuple(ALIGNMENTS)


def hidden(swap: bool = False) -> GroupedDataset:
    """Return a set in which every third group is unknown, and for ``swap`` another one than before."""
    train = toy_dataset(per_cell=(20, 10))
    known_N = np.arange(len(train)) % 3 > 0
    a_N = np.where(known_N, train.a_N, 1 - train.a_N) if swap else train.a_N
    return replace(train, a_N=a_N, known_N=known_N)


def test_vanilla_matches_all_images_and_the_others_the_known_groups() -> None:
    train = hidden()
    net = make_network(TINY_NET, 8, 3, torch.Generator().manual_seed(0), CPU).requires_grad_(False)
    counts_CG = train.counts_CG(unknown=True)
    sample = draw_real(train, ScheduleSpec(samples=4096), np.random.default_rng(0), counts_CG)
    x_NCHW = torch.from_numpy(train.normalisation.apply(train.x_NCHW))
    sets = WeightedSets(
        x_NCHW[sample.index_N], torch.from_numpy(train.y_N[sample.index_N]), sample.weights_MN
    )
    (layer,) = DistributionMatching(tiny_distill()).signals(net, sets)
    means, resampled = layer.reshape(2, 3, 3, -1)
    statistics = GroupStatistics(means, resampled, torch.from_numpy(sample.counts_CG), sample.groups)
    features_ND = net.embed(x_NCHW)

    def mean(c: int, a: int | None) -> torch.Tensor:
        known = (train.a_N == a) & train.known_N if a is not None else np.ones(len(train), bool)
        return features_ND[torch.from_numpy((train.y_N == c) & known)].mean(dim=0)

    targets = {name: build_alignment(arm_named(name)).targets(statistics) for name in ARMS}
    pooled_CD = torch.stack([mean(c, None) for c in range(3)])
    groups_CGD = torch.stack([torch.stack([mean(c, a) for a in range(2)]) for c in range(3)])
    assert torch.allclose(targets["vanilla"].points_CTD[:, 0], pooled_CD, atol=1e-5)
    for name in ("cobra", "reweight"):
        assert torch.allclose(targets[name].points_CTD[:, 0], groups_CGD.mean(dim=1), atol=1e-5), name
    assert torch.allclose(targets["fairdd"].points_CTD[:, :2], groups_CGD, atol=1e-5)
    assert (targets["fairdd"].weights_CT[:, 2] == 0).all()


@pytest.mark.parametrize(
    ("backbone", "sampling"), [("dm", "per-class"), ("dc", "per-cell"), ("dm", "stratified")]
)
def test_no_arm_learns_what_is_hidden(backbone: str, sampling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_network, "__defaults__", (2, PENALTY))
    arms = [*ARMS, *(f"vanilla+{name}" for name in INTERVENTIONS if name != "none")]
    spec = tiny_distill(
        *arms,
        backbone=backbone,
        iterations=2,
        schedule=ScheduleSpec(pairs=1, samples=6, sampling=sampling),
    )
    one, other = (
        {e.arm: e.x_NCHW for e in distill(train, spec, 0, CPU) if isinstance(e, Distilled)}
        for train in (hidden(), hidden(swap=True))
    )
    for arm in arms:
        assert torch.equal(one[arm], other[arm]), arm
        assert one[arm].isfinite().all(), arm


@pytest.mark.parametrize("backbone", BACKBONES)
def test_fairdd_and_cobra_coincide_under_the_squared_distance(backbone: str) -> None:
    """Also where a column holds no group, and where the loss is divided by the size of the signals."""
    spec = tiny_distill("fairdd", "cobra", "vanilla", backbone=backbone, lr=1.0, iterations=2)
    done = {e.arm: e.x_NCHW for e in distill(hidden(), spec, 0, CPU) if isinstance(e, Distilled)}
    apart, moved = ((done["cobra"] - done[name]).abs().max().item() for name in ("fairdd", "vanilla"))
    assert apart < 1e-3 * moved


def test_the_map_does_not_show_what_is_hidden() -> None:
    arms = tuple(arm_named(name) for name in ("vanilla", "cobra"))
    net = make_network(TINY_NET, 8, 3, torch.Generator().manual_seed(0), CPU).requires_grad_(False)
    x_NCHW, y_N = torch.randn(6, 3, 8, 8), torch.arange(3).repeat_interleave(2)
    synthetic = {arm.name: (x_NCHW, y_N) for arm in arms}
    spec = EmbeddingSpec(samples_per_cell=3, umap=False)
    (one,), (other,) = (
        [
            e
            for e in embed(net, EmbeddingInput(Split(train, train), synthetic, arms, 9), spec, 0, CPU)
            if isinstance(e, Embedded)
        ]
        for train in (hidden(), hidden(swap=True))
    )
    assert one.points.equals(other.points)
    assert one.residuals.equals(other.residuals)
    real = one.points[one.points.kind == "real"]
    assert set(real.group_id) == {-1, 0, 1}
    assert set(one.points[one.points.kind == "group_mean"].group_id) == {0, 1}
    assert set(one.residuals.group_id) == {0, 1}
    assert one.residuals.groupby(["arm", "class_id"]).share.sum().max() < 1, "the unknown have a share too"
