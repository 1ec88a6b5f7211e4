"""Confidence intervals over the choice of test images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import norm

from fairdd_core.analysis.metrics import Metric, ratio, smallest
from fairdd_core.analysis.sampling import Sample, smoothed

MIN_IMAGES = 5
"""Cells with fewer test images than this say nothing about a rate."""
_Z95 = 1.959963984540054


def metric_intervals(
    samples: Sequence[Sample],
    metrics: Mapping[str, Metric],
    resamples: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Return confidence intervals of the true values of metrics over the choice of test images.

    Noise enlarges a range over groups, so a percentile bootstrap around the observed gap nearly always misses
    a small true gap. Let r = p + e be observed rates, true rates and noise. Every gap ρ is a mean or maximum
    of ranges and so sublinear: ρ(r) ≤ ρ(p) + ρ(e). The observed gap minus the upper quantile of ρ(e), the gap
    of pure noise, is therefore a lower bound whatever the true rates are. ρ is convex and so biased upwards
    only: the observed gap plus a normal margin for its own spread is an upper bound. For a smallest rate both
    are mirrored, and a linear metric fits either. The noise is simulated by drawing smoothed tests again (see
    ``sampling``): images within each (group, class) cell, or, where every picture is shown in every group,
    pictures within each class. All metrics share the draws.

    An interval contains the observed value. It covers the truth at least as often as it says, and more often
    where groups differ or where pictures are shown in every group but their predictions are
    unknown. The variance across distillations and trainings is not in it.

    Args:
        samples: the test of every network.
        metrics: name -> an entry of ``METRICS``.
        resamples: B.
        rng: source of the draws.
        level: coverage aimed at.

    Returns:
        Name -> lower and upper bound within [0, 1], the mean of the networks' own bounds, since all see the
        same images. NaN where the metric is undefined or a rate is known from fewer than ``MIN_IMAGES``
        images.
    """
    bounds = [_bounds(sample, metrics, resamples, rng, level) for sample in samples]
    means = {name: np.mean([found[name] for found in bounds], axis=0) for name in metrics}
    return {name: (float(low), float(high)) for name, (low, high) in means.items()}


def _bounds(
    sample: Sample, metrics: Mapping[str, Metric], resamples: int, rng: np.random.Generator, level: float
) -> dict[str, tuple[float, float]]:
    """Return the bounds of every metric of one network."""
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for draw_BGCC in sample.resampled(resamples, rng):
        for name, metric in metrics.items():
            drawn[name].append(ratio(*metric.shares(draw_BGCC)))
    counts_GCC = sample.counts_GCC
    return {
        name: _bound(counts_GCC, metric, np.concatenate(drawn[name]), level)
        for name, metric in metrics.items()
    }


def _bound(counts_GCC: np.ndarray, metric: Metric, drawn: np.ndarray, level: float) -> tuple[float, float]:
    """Return the bounds of a metric, given its rates (B, ...) in drawn tests."""
    observed, (_, images) = float(metric.of(counts_GCC)), metric.shares(counts_GCC)
    if not np.isfinite(observed) or images[images > 0].min() < MIN_IMAGES:
        return (np.nan, np.nan)
    centre = ratio(*metric.shares(smoothed(counts_GCC) * counts_GCC.sum(axis=-1, keepdims=True)))
    # The variance of a bootstrap draw is too small by (n - 1) / n.
    noise = (drawn - centre) * np.sqrt(images / np.maximum(images - 1, 1))
    noise_B, spread = metric.reduce(noise), np.nanstd(metric.reduce(centre + noise))
    tail = (1 - level) / 2
    margin = float(norm.isf(tail)) * spread
    if metric.reduce is smallest:
        low, high = observed - margin, observed - np.nanquantile(noise_B, tail)
    else:
        low, high = observed - np.nanquantile(noise_B, 1 - tail), observed + margin
    return float(np.clip(min(low, observed), 0, 1)), float(np.clip(max(high, observed), 0, 1))


def wilson(rate: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's 95 % interval of a rate over ``n`` test images.

    It stays within [0, 1] and has width at rates of 0 and 1, unlike the normal approximation
    (E. B. Wilson, JASA 1927). The rates are means over networks, so ``scipy.stats.binomtest``, which takes
    whole numbers of successes, does not apply.

    Args:
        rate: any shape, in [0, 1]; NaN is undefined.
        n: number of test images behind each rate.

    Returns:
        Lower and upper bounds; NaN where the rate is undefined or n is 0.
    """
    rate, n = np.asarray(rate, float), np.asarray(n, float)
    n = np.where(n > 0, n, np.nan)
    centre = (rate + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 / (1 + _Z95**2 / n) * np.sqrt(rate * (1 - rate) / n + _Z95**2 / (4 * n**2))
    # Rounding must not put a rate of 0 or 1 outside its own interval.
    return np.clip(centre - half, 0, rate), np.clip(centre + half, rate, 1)
