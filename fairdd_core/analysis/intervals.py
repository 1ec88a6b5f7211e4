"""Confidence intervals over the choice of test images, from counts alone."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from fairdd_core.analysis.metrics import Metric, ratio, smallest

CHUNK_BYTES = 64 * 2**20
MIN_IMAGES = 5
"""Cells with fewer test images than this say nothing about a rate."""
_Z95 = 1.959963984540054


def metric_interval(
    counts_KGCC: np.ndarray, metric: Metric, resamples: int, rng: np.random.Generator, level: float = 0.95
) -> tuple[float, float]:
    """Return a confidence interval of the true value of a metric over the choice of test images.

    Noise enlarges a range over groups, so a percentile bootstrap around the observed gap nearly always misses
    a small true gap. Let r = p + e be observed rates, true rates and noise. Every gap ρ is a mean or maximum
    of ranges and so sublinear: ρ(r) ≤ ρ(p) + ρ(e). The observed gap minus the upper quantile of ρ(e), the gap
    of pure noise, is therefore a lower bound whatever the true rates are. ρ is convex and so biased upwards
    only: the observed gap plus a normal margin for its own spread is an upper bound. For a smallest rate both
    are mirrored, and a linear metric fits either. The noise is simulated by resampling images within each
    (group, class) cell from smoothed shares.

    The interval contains the observed value. It covers the truth at least as often as it says, and more often
    where groups differ or where every image is shown in every group, since cells count as independent. The
    variance across distillations and trainings is not in it.

    Args:
        counts_KGCC: int counts (network, group, true class, predicted class).
        metric: an entry of ``METRICS``.
        resamples: B.
        rng: source of the draws.
        level: coverage aimed at.

    Returns:
        Lower and upper bound within [0, 1], the mean of the networks' own bounds, since all see the same
        images. NaN where the metric is undefined or a rate is known from fewer than ``MIN_IMAGES`` images.
    """
    bounds = [_bounds(counts_GCC, metric, resamples, rng, level) for counts_GCC in counts_KGCC]
    low, high = np.mean(bounds, axis=0)
    return float(low), float(high)


def _bounds(
    counts_GCC: np.ndarray, metric: Metric, resamples: int, rng: np.random.Generator, level: float
) -> tuple[float, float]:
    observed, (_, images) = float(metric.of(counts_GCC)), metric.shares(counts_GCC)
    if not np.isfinite(observed) or images[images > 0].min() < MIN_IMAGES:
        return (np.nan, np.nan)
    centre = ratio(*metric.shares(_smoothed(counts_GCC) * counts_GCC.sum(axis=-1, keepdims=True)))
    drawn = np.concatenate([ratio(*metric.shares(draw)) for draw in resample(counts_GCC, resamples, rng)])
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


def _smoothed(counts_GCC: np.ndarray) -> np.ndarray:
    """Return shares over predicted classes with a pseudo-image per cell, so that no cell is free of noise."""
    share_GCC: np.ndarray = counts_GCC + 1 / counts_GCC.shape[-1]
    share_GCC /= share_GCC.sum(axis=-1, keepdims=True)
    return share_GCC


def resample(counts_GCC: np.ndarray, resamples: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return resampled counts, in chunks of (B', G, C, C) that stay small in memory."""
    n_GC = counts_GCC.sum(axis=-1)
    chunk = max(1, CHUNK_BYTES // (8 * counts_GCC.size))
    sizes = [min(chunk, resamples - start) for start in range(0, resamples, chunk)]
    return [rng.multinomial(n_GC, _smoothed(counts_GCC), size=(size, *n_GC.shape)) for size in sizes]


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
