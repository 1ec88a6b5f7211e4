"""Pairs of networks on the same test images: known answers, and how often the interval is right."""

from __future__ import annotations

import numpy as np
import pytest

from fairdd_core.analysis.differences import difference
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.pairs import Pair
from fairdd_core.evaluate.counts import count

GROUPS, CLASSES = 2, 2


def pair(rng: np.random.Generator, n: int, rates: tuple[float, float], *, crossed: bool = False) -> Pair:
    """Two networks with these recalls that fail on the same hard images, n images per cell."""
    pictures = n * CLASSES
    y_P = np.repeat(np.arange(CLASSES), n)
    y_N = np.repeat(y_P, GROUPS)
    a_N = np.tile(np.arange(GROUPS), pictures)
    hard_N = np.repeat(rng.random(pictures), GROUPS) if crossed else rng.random(pictures * GROUPS)
    one_N, other_N = (np.where(hard_N < rate, y_N, 1 - y_N) for rate in rates)
    if not crossed:  # not one after another, so that it is no crossed test
        order = np.argsort(a_N, kind="stable")
        one_N, other_N, y_N, a_N = one_N[order], other_N[order], y_N[order], a_N[order]
    return Pair(one_N, other_N, y_N, a_N, GROUPS, CLASSES)


def counts(of: Pair) -> tuple[np.ndarray, np.ndarray]:
    shape = (of.groups, of.classes)
    first, second = (count(side, of.y_N, of.a_N, shape)[None] for side in (of.one_N, of.other_N))
    return first, second


@pytest.mark.parametrize("crossed", [False, True])
def test_draws_keep_the_images_of_every_cell(crossed: bool) -> None:
    rng = np.random.default_rng(0)
    some = pair(rng, 30, (0.8, 0.6), crossed=crossed)
    (first, second), (one, other) = counts(some), next(some.resampled(500, rng))
    assert one.shape == (500, GROUPS, CLASSES, CLASSES)
    for drawn, given in ((one, first), (other, second)):
        assert (drawn.sum(axis=-1) == given[0].sum(axis=-1)).all()
        assert drawn.mean(axis=0) == pytest.approx(given[0], abs=1.5)


def test_networks_that_fail_on_the_same_images_differ_precisely() -> None:
    rng = np.random.default_rng(0)
    some = pair(rng, 400, (0.7, 0.65))
    first, second = counts(some)
    metric = METRICS["accuracy"]
    joint = difference(first, second, metric, 1000, rng, paired=True, pairs=[some])
    apart = difference(first, second, metric, 1000, rng, paired=True)
    assert joint.value == apart.value
    assert joint.by_image
    assert not apart.by_image
    assert joint.high - joint.low < 0.6 * (apart.high - apart.low)
    # McNemar: only the images that are right under one side alone vary.
    share = 0.05
    half = 1.96 * np.sqrt((share - share**2) / (400 * GROUPS * CLASSES))
    assert (joint.high - joint.low) / 2 == pytest.approx(half, rel=0.35)


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("name", ["accuracy", "deo_mean"])
def test_intervals_cover_the_true_difference(name: str, crossed: bool) -> None:
    """The true gaps are 0 for both, the true accuracies differ by 10 points."""
    truth = {"accuracy": 0.1, "deo_mean": 0.0}[name]
    rng, covered, tries = np.random.default_rng(1), 0, 150
    for _ in range(tries):
        some = pair(rng, 60, (0.8, 0.7), crossed=crossed)
        first, second = counts(some)
        found = difference(first, second, METRICS[name], 200, rng, paired=True, pairs=[some])
        covered += found.low <= truth <= found.high
    assert covered / tries >= 0.9


def test_equal_networks_do_not_differ_for_certain() -> None:
    rng = np.random.default_rng(0)
    some = pair(rng, 20, (0.8, 0.8))
    found = difference(*counts(some), METRICS["accuracy"], 400, rng, paired=True, pairs=[some])
    assert found.value == 0
    assert found.low < 0 < found.high


def test_too_few_images_give_no_interval() -> None:
    rng = np.random.default_rng(0)
    some = pair(rng, 4, (0.8, 0.5))
    found = difference(*counts(some), METRICS["deo_mean"], 400, rng, paired=True, pairs=[some])
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()
