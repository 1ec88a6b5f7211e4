"""The algebra of the method, on real networks."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import torch

from fairdd_core.config.spec.distill import ArmSpec, ScheduleSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.alignments.registry import build_alignment, check_arm
from fairdd_core.distill.backbones.base import WeightedSets
from fairdd_core.distill.backbones.means import DistributionMatching
from fairdd_core.distill.discrepancies.norms import SquaredL2
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.matching import matching_loss
from fairdd_core.distill.sampling import draw_real
from fairdd_core.errors import UserError
from fairdd_core.nets.build import make_network
from tests.helpers import TINY_NET, tiny_distill, toy_dataset

CPU = torch.device("cpu")


def statistics(seed: int = 0, empty: bool = False) -> GroupStatistics:
    """Return random statistics of 3 classes, 4 groups and 6 features; optionally with an empty cell."""
    generator = torch.Generator().manual_seed(seed)
    means, resampled = torch.randn((2, 3, 4, 6), generator=generator, dtype=torch.float64)
    counts = torch.randint(1, 50, (3, 4), generator=generator)
    if empty:
        means[1, 2], resampled[1, 2], counts[1, 2] = 0, 0, 0
    return GroupStatistics(means, resampled, counts)


def labels(train: GroupedDataset) -> torch.Tensor:
    return torch.from_numpy(train.y_N)


def target(name: str, stats: GroupStatistics) -> torch.Tensor:
    targets = build_alignment(ArmSpec(name=name, alignment=name)).targets(stats)
    weights = targets.weights_CT / targets.weights_CT.sum(dim=1, keepdim=True)
    return torch.einsum("ct,ctd->cd", weights, targets.points_CTD)


def test_count_weighted_group_signals_are_the_pooled_signal() -> None:
    train = toy_dataset()
    net = make_network(TINY_NET, 8, 3, torch.Generator().manual_seed(0), CPU)
    sample = draw_real(train, ScheduleSpec(samples=4096), np.random.default_rng(0), train.counts_CG())
    x_NCHW = torch.from_numpy(train.normalisation.apply(train.x_NCHW))
    with torch.no_grad():
        (layer,) = DistributionMatching(tiny_distill()).signals(
            net, WeightedSets(x_NCHW[sample.index_N], labels(train)[sample.index_N], sample.weights_MN)
        )
        pooled_CD = torch.stack([net.embed(x_NCHW[train.y_N == c]).mean(dim=0) for c in range(3)])
    means, resampled = layer.reshape(2, 3, 2, -1)
    stats = GroupStatistics(means, resampled, torch.from_numpy(sample.counts_CG))
    assert torch.allclose(target("vanilla", stats), pooled_CD, atol=1e-5)


def test_the_barycenter_is_one_weighted_mean_of_the_samples() -> None:
    train = toy_dataset()
    net = make_network(TINY_NET, 8, 3, torch.Generator().manual_seed(0), CPU)
    x_NCHW = torch.from_numpy(train.normalisation.apply(train.x_NCHW))
    cell_size_N = train.counts_CG()[train.y_N, train.a_N]
    weights_CN = (train.y_N == np.arange(3)[:, None]) / (train.num_groups * cell_size_N)
    sample = draw_real(train, ScheduleSpec(samples=99), np.random.default_rng(0), train.counts_CG())
    with torch.no_grad():
        sets = WeightedSets(x_NCHW, labels(train), torch.from_numpy(weights_CN.astype(np.float32)))
        one_pass = DistributionMatching(tiny_distill()).signals(net, sets)[0][:, 0]
        (layer,) = DistributionMatching(tiny_distill()).signals(
            net, WeightedSets(x_NCHW[sample.index_N], labels(train)[sample.index_N], sample.weights_MN)
        )
    means, resampled = layer.reshape(2, 3, 2, -1)
    stats = GroupStatistics(means, resampled, torch.from_numpy(sample.counts_CG))
    assert torch.allclose(target("cobra", stats), one_pass, atol=1e-5)


@pytest.mark.parametrize("name", DISCREPANCIES)
def test_cobra_aims_at_the_barycenter_of_its_own_distance(name: str) -> None:
    """One weighted pass may stand in for the groups' signals only where the barycenter is their mean."""
    stats = statistics(empty=True)
    cells = zip(stats.means_CGD, stats.uniform_CG.double(), strict=True)
    expected_CD = torch.stack([DISCREPANCIES[name].build().barycenter(*cell) for cell in cells])
    alignment = build_alignment(ArmSpec(name="arm", alignment="cobra", discrepancy=name))
    assert torch.allclose(alignment.targets(stats).points_CTD[:, 0], expected_CD, atol=1e-6)
    averaging = {"squared-l2", "diagonal-l2"}
    assert torch.allclose(expected_CD, target("cobra", stats), atol=1e-2) == (name in averaging)


@pytest.mark.parametrize("empty", [False, True])
def test_cobra_does_not_see_group_sizes_and_vanilla_does(empty: bool) -> None:
    stats = statistics(empty=empty)
    other = GroupStatistics(
        stats.means_CGD, stats.resampled_CGD, stats.counts_CG * torch.tensor([1, 7, 1, 3])
    )
    assert torch.equal(target("cobra", stats), target("cobra", other))
    assert not torch.allclose(target("vanilla", stats), target("vanilla", other))


def test_groups_that_are_absent_do_not_pull() -> None:
    stats = statistics(empty=True)
    present = [0, 1, 3]
    expected = stats.means_CGD[1, present].mean(dim=0)
    assert torch.allclose(target("cobra", stats)[1], expected)
    assert torch.allclose(target("fairdd", stats)[1], expected)


def test_balanced_counts_make_vanilla_and_cobra_one() -> None:
    stats = statistics()
    balanced = GroupStatistics(stats.means_CGD, stats.resampled_CGD, torch.full((3, 4), 5))
    assert torch.allclose(target("vanilla", balanced), target("cobra", balanced))


@pytest.mark.parametrize("empty", [False, True])
def test_published_fairdd_gradient_is_the_number_of_groups_times_cobras(empty: bool) -> None:
    stats = statistics(empty=empty)
    gradients = {}
    for name in ("fairdd", "cobra"):
        signal = torch.ones((3, 6), dtype=torch.float64, requires_grad=True)
        targets = build_alignment(ArmSpec(name=name, alignment=name)).targets(stats)
        loss = matching_loss(signal[:, None], targets, SquaredL2())
        (gradients[name],) = torch.autograd.grad(loss, signal)
    published = torch.ones((3, 6), dtype=torch.float64, requires_grad=True)
    distance_CG = SquaredL2()(published[:, None], stats.means_CGD) * stats.present_CG
    (gradients["published sum"],) = torch.autograd.grad(distance_CG.sum(), published)
    groups_C1 = stats.present_CG.sum(dim=1, keepdim=True)
    assert torch.allclose(gradients["published sum"], groups_C1 * gradients["cobra"])
    assert torch.allclose(gradients["fairdd"], gradients["cobra"]), "ours is the mean, not the sum"


def test_vanilla_residual_is_bounded_by_imbalance_times_separation() -> None:
    for seed in range(20):
        stats = statistics(seed)
        residual_CG = (stats.means_CGD - target("vanilla", stats)[:, None]).norm(dim=-1)
        separation_CGG = torch.cdist(stats.means_CGD, stats.means_CGD)
        bound_CG = torch.einsum("ch,cgh->cg", stats.share_CG.double(), separation_CGG)
        assert (residual_CG <= bound_CG + 1e-9).all()


def test_theorem_4_1() -> None:
    """When the worst group's COBRA residual points against the shift, COBRA's worst residual is no larger."""
    held = 0
    for seed in range(50):
        stats = statistics(seed)
        vanilla, cobra = target("vanilla", stats), target("cobra", stats)
        residual_CGD = stats.means_CGD - cobra[:, None]
        worst_C = residual_CGD.norm(dim=-1).argmax(dim=1)
        delta_CD = residual_CGD[torch.arange(3), worst_C]
        condition_C = (delta_CD * (vanilla - cobra)).sum(dim=-1) <= 0
        vanilla_worst_C = (stats.means_CGD - vanilla[:, None]).norm(dim=-1).amax(dim=1)
        better_C = delta_CD.norm(dim=-1) <= vanilla_worst_C + 1e-12
        assert better_C[condition_C].all()
        held += int(condition_C.sum())
    assert held > 10, "the condition must hold often enough for the test to say something"


def test_uniform_sampling_aims_at_the_barycenter() -> None:
    train = toy_dataset(per_cell=(40, 5))
    x_ND = torch.from_numpy(train.normalisation.apply(train.x_NCHW)).flatten(1)
    aims, aim = [], torch.zeros(())
    for seed in range(400):
        sample = draw_real(train, ScheduleSpec(samples=40), np.random.default_rng(seed), train.counts_CG())
        means, resampled = (sample.weights_MN @ x_ND[sample.index_N]).reshape(2, 3, 2, -1)
        stats = GroupStatistics(means, resampled, torch.from_numpy(sample.counts_CG))
        aims.append(target("uniform", stats))
        aim = target("cobra", stats)
    drawn = torch.stack(aims)
    error = (drawn.mean(dim=0) - aim).abs()
    assert (error < 5 * drawn.std(dim=0) / 20 + 1e-6).all(), "unbiased within five standard errors"
    assert drawn.std(dim=0).mean() > 0.01, "but not without variance"


def test_a_wasserstein_barycenters_mean_is_the_mean_of_the_group_means() -> None:
    rng = np.random.default_rng(0)
    clouds = [rng.normal(size=(30, 2)) + shift for shift in ([0, 0], [4, 1], [-2, 5])]
    masses = [np.full(30, 1 / 30)] * 3
    points = ot.lp.free_support_barycenter(clouds, masses, rng.normal(size=(30, 2)), numItermax=200)
    aim = SquaredL2().barycenter(
        torch.tensor(np.stack([cloud.mean(axis=0) for cloud in clouds])), torch.full((3,), 1 / 3).double()
    )
    assert points.mean(axis=0) == pytest.approx(aim.numpy(), abs=1e-6)


@pytest.mark.parametrize("empty", [False, True])
def test_fairdds_sum_is_the_number_of_groups_times_its_mean(empty: bool) -> None:
    stats = statistics(empty=empty)
    mean, total = (
        build_alignment(ArmSpec(name="f", alignment="fairdd", weighting=weighting)).targets(stats)
        for weighting in ("mean", "sum")
    )
    assert torch.equal(mean.points_CTD, total.points_CTD)
    groups_C1 = stats.present_CG.sum(dim=1, keepdim=True)
    assert torch.allclose(total.weights_CT, groups_C1 * mean.weights_CT)
    assert torch.allclose(total.mean_CD, mean.mean_CD)


def test_a_sum_is_refused_where_groups_are_not_matched_separately() -> None:
    with pytest.raises(UserError, match=r"weighting.*fairdd"):
        check_arm(ArmSpec(name="c", alignment="cobra", weighting="sum"))
