"""Draws of real images: their sizes, and how noisy they make the targets of the methods."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.config.presets import preset_named, quick, standard
from fairdd_core.config.spec.distill import ScheduleSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.alignments.registry import arm_named, build_alignment
from fairdd_core.distill.allocation import TOLERATED, class_weights, mean_variance, stratified_sizes
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.loop import distill
from fairdd_core.distill.sampling import RealSample, draw_real
from fairdd_core.events import Diagnosed
from tests.helpers import tiny_distill, toy_dataset

ARMS = ("vanilla", "cobra", "fairdd", "reweight", "uniform")
DRAWS = 200
CASES = {
    (groups, skew, size)
    for groups, skews in ((2, (0.5, 0.9, 0.99)), (10, (0.1, 0.5, 0.9, 0.99)))
    for skew in skews
    for size in (2000, 700)
}
"""Groups, share of the largest and images of a class. The nine smaller groups of ten have 8 or 22 images at
0.9 and one or two at 0.99: fewer than an even division of the budget gives them."""
EARLIER: dict[str, tuple[list[int], list[float]]] = {
    "per-cell": (
        [3, 5, 7, 6, 12, 13, 14, 15, 23, 16, 22, 27, 28, 29, 37, 38, 41, 36, 42, 43, 44],
        [1.5, 5.25, 8.5, 12.25],
    ),
    "per-class": ([4, 7, 10, 8, 15, 26, 17, 24, 39, 41, 44, 38], [1.5, 0.0, 5.5, 0.0]),
}
"""Rows and resampled positions that the version before ``stratified`` drew under seed 0."""


def noise(sizes: tuple[int, ...], known: float = 1.0) -> GroupedDataset:
    """Return one class of images without any content, so that a cell's images differ by the same variance."""
    rng = np.random.default_rng(0)
    x_NCHW = rng.integers(0, 256, (sum(sizes), 3, 8, 8)).astype(np.uint8)
    a_N = np.repeat(np.arange(len(sizes)), sizes)
    names = tuple(f"group {g}" for g in range(len(sizes)))
    known_N = None if known == 1 else rng.random(len(a_N)) < known
    return GroupedDataset(x_NCHW, np.zeros(len(a_N), int), a_N, ("class",), names, known_N=known_N)


def skewed(groups: int, skew: float, size: int) -> tuple[int, ...]:
    small = max(1, round(size * (1 - skew) / (groups - 1)))
    return (round(size * skew), *[small] * (groups - 1))


def draws(train: GroupedDataset, **changes: object) -> list[RealSample]:
    spec, counts_CG = ScheduleSpec.model_validate(changes), train.counts_CG(unknown=True)
    return [draw_real(train, spec, np.random.default_rng(seed), counts_CG) for seed in range(DRAWS)]


def simulated(train: GroupedDataset, samples: list[RealSample]) -> dict[str, float]:
    """Return the variance of every arm's target over the draws, where that of one image is 1."""
    x_ND = torch.from_numpy(train.x_NCHW.reshape(len(train), -1).astype(np.float32))
    shape = (2, train.num_classes, train.columns, -1)
    layers = []
    for s in samples:
        means, resampled = (s.weights_MN @ x_ND[s.index_N]).reshape(shape)
        layers.append(GroupStatistics(means, resampled, torch.from_numpy(s.counts_CG), s.groups))
    unit = x_ND.var(dim=0).mean()
    targets = {
        arm: torch.stack([build_alignment(arm_named(arm)).targets(layer).mean_CD for layer in layers])
        for arm in ARMS
    }
    return {arm: float(drawn.var(dim=0).mean() / unit) for arm, drawn in targets.items()}


def reported(samples: list[RealSample]) -> dict[str, float]:
    """Return the mean variance that the draws themselves give, for a single class."""
    sums = dict.fromkeys(ARMS, 0.0)
    for s in samples:
        share_G, uniform_G = class_weights(s.counts_CG[0], s.groups)
        for arm in ARMS:
            weights_G = share_G if arm == "vanilla" else uniform_G
            sums[arm] += float(weights_G**2 @ s.variances_2CG[int(arm == "uniform"), 0]) / len(samples)
    return sums


def least_ratio(sizes: tuple[int, ...], budget: int) -> float:
    """Return the smallest possible ratio of vanilla's and COBRA's variance, by trying all even divisions."""
    counts_G, best = np.array(sizes), np.inf
    weights_2G = class_weights(counts_G, len(sizes))
    for level in range(1, max(sizes[1:]) + 1):
        for more in range(len(sizes) - 1):
            small_G = np.minimum(level + (np.arange(len(sizes) - 1) < more), counts_G[1:])
            large = min(budget - small_G.sum(), counts_G[0])
            if large > 0:
                drawn_G = np.array([large, *small_G])
                one, other = (mean_variance(w_G, drawn_G, counts_G) for w_G in weights_2G)
                best = min(best, max(one, other) / min(one, other) if min(one, other) > 0 else np.inf)
    return best


def ratio(variances: dict[str, float], *arms: str) -> float:
    of_arms = [variances[arm] for arm in arms or ARMS]
    return max(of_arms) / min(of_arms)


@pytest.mark.parametrize("samples", [8, 32])
@pytest.mark.parametrize(("groups", "skew", "size"), sorted(CASES))
def test_no_arms_target_is_noisier_than_anothers(groups: int, skew: float, size: int, samples: int) -> None:
    sizes = skewed(groups, skew, size)
    train = noise(sizes)
    drawn = draws(train, sampling="stratified", samples=samples)
    assert all(len(s.index_N) == min(samples * groups, sum(sizes)) for s in drawn), "the budget of all kinds"
    variances = simulated(train, drawn)
    # A cell of two images has a variance of its own, which only a wide margin allows for.
    rel = 0.15 if min(sizes) == 2 else 0.06
    assert reported(drawn) == pytest.approx(variances, rel=rel), "what a run says is what happens"
    if least_ratio(sizes, samples * groups) > TOLERATED:
        assert min(sizes) <= 2, "impossible only where a group cannot be divided"
        assert ratio(reported(drawn), "vanilla", "cobra") > TOLERATED, "and then the run says so"
        return
    assert ratio(variances, "vanilla", "cobra", "fairdd", "reweight") < TOLERATED
    if min(sizes) > 4 * samples:  # elsewhere a draw with replacement repeats what the others draw once
        assert ratio(variances) < TOLERATED


@pytest.mark.parametrize(
    ("sampling", "noisy"), [("per-cell", "vanilla"), ("per-class", "cobra"), ("stratified", "")]
)
def test_the_other_kinds_favour_one_side_and_say_so(sampling: str, noisy: str) -> None:
    """Per cell COBRA's target is the steadier one, as a tenth; per class it is vanilla's."""
    train = noise(skewed(10, 0.9, 3000))
    per_draw = 320 if sampling == "per-class" else 32
    drawn = draws(train, sampling=sampling, samples=per_draw)
    variances = reported(drawn)
    assert variances == pytest.approx(simulated(train, drawn), rel=0.1)
    worst = max(("vanilla", "cobra"), key=lambda arm: variances[arm])
    assert ratio(variances, "vanilla", "cobra") < TOLERATED if not noisy else worst == noisy
    if noisy:
        assert ratio(variances, "vanilla", "cobra") > 5


def test_images_of_unknown_group_count_towards_the_shares_only() -> None:
    train = noise(skewed(4, 0.8, 2000), known=0.5)
    drawn = draws(train, sampling="stratified", samples=16)
    assert all(len(s.index_N) == 2 * 16 * 4 for s in drawn), "as much for them as for all groups"
    variances = simulated(train, drawn)
    assert ratio(variances, "vanilla", "cobra", "fairdd", "reweight") < TOLERATED
    assert reported(drawn) == pytest.approx(variances, rel=0.1)


@settings(max_examples=200, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=8).filter(any),
    samples=st.integers(1, 20),
    unknown=st.booleans(),
)
def test_sizes_spend_the_budget_within_the_cells(counts: list[int], samples: int, unknown: bool) -> None:
    groups = len(counts) - 1 if unknown and len(counts) > 1 else len(counts)
    budget = samples * len(counts)
    sizes = stratified_sizes(tuple(counts), groups, budget)
    assert sum(sizes) == min(budget, sum(counts))
    assert all(min(n, 1) <= size <= n for size, n in zip(sizes, counts, strict=True))


def test_known_sizes() -> None:
    """In large groups n ∝ max(π, 1/G): here 0.9 and nine times 0.1, of 18 · 100 images."""
    assert stratified_sizes((9_000_000, *[111_111] * 9), 10, 1800) == (900, *[100] * 9)
    assert stratified_sizes((500, 500), 2, 64) == (32, 32)
    assert stratified_sizes((5, 3), 2, 64) == (5, 3)
    counts_G = np.array([990, 10])
    sizes_G = np.array(stratified_sizes((990, 10), 2, 128))
    assert sizes_G[1] < 10, "drawn as a whole, the small group would leave vanilla with all the noise"
    share, uniform = (mean_variance(w, sizes_G, counts_G) for w in class_weights(counts_G, 2))
    assert max(share, uniform) < TOLERATED * min(share, uniform)


def test_a_draw_with_replacement_is_from_the_whole_cell() -> None:
    """Every image is drawn equally often over draws, in whole multiples."""
    train = noise((400, 20))
    drawn = draws(train, sampling="stratified", samples=12)
    weight_N = np.zeros(len(train))
    for s in drawn:
        row_N = s.weights_MN[3].numpy()
        np.add.at(weight_N, s.index_N, row_N)
        repeats = round(1 / row_N[row_N > 0].min())
        assert np.allclose(row_N * repeats, np.rint(row_N * repeats), atol=1e-4)
    expected, spread = DRAWS / 20, np.sqrt(DRAWS / 20 / 8)  # of 8 draws or more
    assert np.abs(weight_N[400:] - expected).max() < 5 * spread


@pytest.mark.parametrize("sampling", EARLIER)
def test_earlier_kinds_draw_what_they_drew(sampling: str) -> None:
    train = toy_dataset(per_cell=(12, 3))
    spec = ScheduleSpec.model_validate({"sampling": sampling, "samples": 4})
    sample = draw_real(train, spec, np.random.default_rng(0), train.counts_CG())
    repeated_M = sample.weights_MN[6:] @ torch.arange(len(sample.index_N)).float()
    assert (sample.index_N.tolist(), repeated_M[:4].tolist()) == EARLIER[sampling]


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_run_gives_the_variance_of_every_arms_target(backbone: str) -> None:
    """Groups of one image: equal weights are steadier whatever is drawn, and the diagnostics have it."""
    train = toy_dataset(per_cell=(60, 1))
    spec = tiny_distill(
        *ARMS,
        backbone=backbone,
        iterations=1,
        schedule=ScheduleSpec(pairs=1, samples=8, sampling="stratified"),
    )
    (event,) = (e for e in distill(train, spec, 0, torch.device("cpu")) if isinstance(e, Diagnosed))
    variance = event.cells.groupby("arm")["target_variance"].mean()
    one = 1 / 15 - 1 / 60
    assert variance["vanilla"] == pytest.approx((60 / 61) ** 2 * one)
    for arm in ("cobra", "fairdd", "reweight"):
        assert variance[arm] == pytest.approx(one / 4)
    assert variance["uniform"] > one / 4


def test_presets_divide_their_budget_by_variance() -> None:
    controlled = [preset_named(f"controlled-{name}") for name in BACKBONES]
    assert all(spec.distill.schedule.sampling == "stratified" for spec in (quick(), standard(), *controlled))
