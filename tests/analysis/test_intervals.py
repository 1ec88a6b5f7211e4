"""Intervals: they cover the truth, contain what was observed, and are silent where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from fairdd_core.analysis.intervals import MIN_IMAGES, metric_intervals, wilson
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.sampling import Cells, Pictures

TRIALS, RESAMPLES, CLASSES = 100, 150, 10
GAPS = ("deo_mean", "deo_max")


def draw(recall_GC: np.ndarray, images: int, rng: np.random.Generator) -> np.ndarray:
    """Return counts (1, G, C, C) of a classifier with these recalls and evenly spread errors."""
    classes = recall_GC.shape[1]
    share_GCC = np.repeat(((1 - recall_GC) / (classes - 1))[..., None], classes, axis=-1)
    share_GCC[:, np.arange(classes), np.arange(classes)] = recall_GC
    return rng.multinomial(images, share_GCC)[None]


def intervals(
    counts_KGCC: np.ndarray, rng: np.random.Generator, *names: str
) -> dict[str, tuple[float, float]]:
    samples = [Cells(counts_GCC) for counts_GCC in counts_KGCC]
    return metric_intervals(samples, {name: METRICS[name] for name in names or METRICS}, RESAMPLES, rng)


def shown(recall_GC: np.ndarray, pictures: int, sharing: float, rng: np.random.Generator) -> Pictures:
    """Return a crossed test with these recalls.

    A share of the pictures is as difficult in every group: it is answered alike but where the recalls differ.
    """
    groups, classes = recall_GC.shape
    y_P = np.repeat(np.arange(classes), pictures)
    own_PG = rng.random((len(y_P), groups))
    difficulty_PG = np.where(rng.random((len(y_P), 1)) < sharing, own_PG[:, :1], own_PG)
    wrong_P1 = (y_P[:, None] + rng.integers(1, classes, (len(y_P), 1))) % classes
    right_PG = difficulty_PG < recall_GC[:, y_P].T
    return Pictures(np.where(right_PG, y_P[:, None], wrong_P1), y_P, classes)


@pytest.mark.parametrize("images", [10, 50, 100])
@pytest.mark.parametrize("groups", [2, 4, 10])
@pytest.mark.parametrize("gap", [0.0, 0.03, 0.1, 0.2])
def test_the_true_gap_is_covered(gap: float, groups: int, images: int) -> None:
    """At least 93 % of the time; recalls of 0.85 but for one group, so that many cells are near the top."""
    rng = np.random.default_rng([groups, images, round(100 * gap)])
    recall_GC = np.full((groups, CLASSES), 0.85)
    recall_GC[0] -= gap
    covered = dict.fromkeys(GAPS, 0.0)
    for _ in range(TRIALS):
        counts = draw(recall_GC, images, rng)
        bounds = intervals(counts, rng, *GAPS)
        for name, (low, high) in bounds.items():
            assert low <= METRICS[name].of(counts)[0] <= high
            covered[name] += float(low <= METRICS[name].reduce(recall_GC) + 1e-9 <= high + 2e-9)
        assert bounds["deo_max"][1] >= bounds["deo_mean"][1] - 0.01
    assert min(covered.values()) >= 0.93 * TRIALS, covered


@pytest.mark.parametrize("sharing", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("pictures", [10, 50])
@pytest.mark.parametrize("groups", [2, 10])
@pytest.mark.parametrize("gap", [0.0, 0.03, 0.2])
def test_the_true_gap_is_covered_where_pictures_are_shown_in_every_group(
    gap: float, groups: int, pictures: int, sharing: float
) -> None:
    """At least 93 % of the time, whether pictures are as difficult in every group or not."""
    rng = np.random.default_rng([groups, pictures, round(100 * gap), round(10 * sharing)])
    recall_GC = np.full((groups, CLASSES), 0.85)
    recall_GC[0] -= gap
    covered = dict.fromkeys(GAPS, 0)
    for _ in range(TRIALS):
        sample = shown(recall_GC, pictures, sharing, rng)
        found = metric_intervals([sample], {name: METRICS[name] for name in GAPS}, RESAMPLES, rng)
        for name, (low, high) in found.items():
            assert low <= METRICS[name].of(sample.counts_GCC) <= high
            covered[name] += low <= gap + 1e-9 <= high + 2e-9
    assert min(covered.values()) >= 0.93 * TRIALS, covered


def test_the_pairing_of_pictures_narrows_the_interval() -> None:
    rng = np.random.default_rng(6)
    recall_GC = np.array([[0.6], [0.8]]).repeat(5, axis=1)
    sample = shown(recall_GC, 100, 1.0, rng)
    name = "deo_mean"
    (low, high) = metric_intervals([sample], {name: METRICS[name]}, 500, rng)[name]
    (low_of_cells, high_of_cells) = intervals(sample.counts_GCC[None], rng, name)[name]
    assert high - low < 0.8 * (high_of_cells - low_of_cells)


def test_identical_copies_have_no_gap_and_no_interval_around_it() -> None:
    sample = shown(np.full((4, CLASSES), 0.8), 30, 1.0, np.random.default_rng(7))
    found = metric_intervals([sample], METRICS, 200, np.random.default_rng(0))
    for name in ("deo_mean", "deo_max", "demographic_parity", "sufficiency_gap", "sufficiency_gap_mean"):
        assert found[name] == (0, 0)
    low, high = found["accuracy"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 300), rel=0.2)


@pytest.mark.parametrize("name", ["accuracy", "worst_group_accuracy"])
@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_accuracies_are_covered(name: str, spread: float) -> None:
    rng, covered = np.random.default_rng(3), 0
    recall_GC = np.full((4, 5), 0.8)
    recall_GC[0] -= spread
    truth = {"accuracy": recall_GC.mean(), "worst_group_accuracy": recall_GC.mean(axis=1).min()}[name]
    for _ in range(TRIALS):
        low, high = intervals(draw(recall_GC, 20, rng), rng, name)[name]
        covered += low <= truth <= high
    assert covered >= 0.9 * TRIALS


def test_ten_images_of_equal_groups_do_not_prove_a_gap() -> None:
    rng = np.random.default_rng(4)
    counts = draw(np.full((10, CLASSES), 0.5), 10, rng)
    low, high = intervals(counts, rng, "deo_mean")["deo_mean"]
    assert METRICS["deo_mean"].of(counts)[0] > 0.4
    assert low <= 0.05
    assert high < 1


def test_perfect_answers_on_few_images_say_nothing() -> None:
    counts = np.zeros((1, 10, 2, 2), np.int64)
    counts[..., [0, 1], [0, 1]] = 1
    assert np.isnan(intervals(counts, np.random.default_rng(0))["deo_max"]).all()
    enough = intervals(counts * MIN_IMAGES, np.random.default_rng(0))["deo_max"]
    assert enough[0] == 0
    assert enough[1] > 0.1, "five perfect answers a cell leave room for a gap"


def test_it_narrows_with_more_images_but_not_with_more_networks() -> None:
    rng = np.random.default_rng(5)
    one = draw(np.array([[0.9, 0.8], [0.6, 0.8]]), 100, rng)

    def width(counts: np.ndarray) -> float:
        low, high = intervals(counts, rng, "deo_mean")["deo_mean"]
        return high - low

    assert width(one * 25) == pytest.approx(width(one) / 5, rel=0.3)
    assert width(np.repeat(one, 5, axis=0)) == pytest.approx(width(one), rel=0.2)


def test_what_is_undefined_has_no_interval() -> None:
    empty = np.zeros((1, 2, 2, 2), np.int64)
    for bounds in intervals(empty, np.random.default_rng(0)).values():
        assert np.isnan(bounds).all()


def test_wilson_has_width_at_the_ends_and_is_undefined_without_images() -> None:
    low, high = wilson(np.array([0.0, 1.0, 0.5, np.nan]), np.array([50, 50, 0, 10]))
    assert low[0] == 0 < high[0] < 0.1
    assert 0.9 < low[1] < high[1] == 1
    assert np.isnan(low[2:]).all()
    # The bound that R gives for 15 of 50 without continuity correction.
    assert wilson(np.array([0.3]), np.array([50]))[0][0] == pytest.approx(0.1910, abs=1e-3)


@pytest.mark.parametrize("n", [1, 7, 500])
def test_wilson_agrees_with_scipy(n: int) -> None:
    hits = np.unique(np.linspace(0, n, 8).astype(int))
    expected = [binomtest(int(k), n).proportion_ci(method="wilson") for k in hits]
    np.testing.assert_allclose(np.transpose(wilson(hits / n, np.full(len(hits), n))), expected, atol=1e-12)
