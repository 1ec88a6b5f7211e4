"""Confidence intervals over the choice of test images, from counts alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

CHUNK_BYTES = 64 * 2**20
_Z95 = 1.959963984540054


def bootstrap_interval(
    counts_KGCC: np.ndarray,
    metric: Callable[[np.ndarray], np.ndarray],
    resamples: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the bootstrap interval of a metric over the choice of test images.

    Images are resampled within each (group, class) cell, which for counts is a multinomial draw, from shares
    smoothed by one pseudo-image per cell so that a cell without any error can still vary. A range over groups
    grows under resampling, so the resampled values are shifted by their mean excess over the observed
    value before percentiles are taken. All networks see the same test images, so averaging them does not
    narrow the interval: it is the mean of the networks' own bounds.

    Limits: a range over many small cells overstates a small gap, and the interval lies around the observed
    value, not around the gap without that noise. Images count as independent, so where each test image is
    shown in every group (Colored Digits) the interval is too wide. The variance of distillation and of
    training is not covered; see the standard deviation over networks for the latter.

    Args:
        counts_KGCC: int counts (network, group, true class, predicted class).
        metric: maps counts (..., G, C, C) to values (...).
        resamples: B.
        rng: source of the draws.
        level: coverage aimed at.

    Returns:
        Lower and upper bound, within [0, 1]; NaN where the metric is undefined.
    """
    tail = 100 * (1 - level) / 2
    bounds = [_bounds(counts_GCC, metric, resamples, rng, tail) for counts_GCC in counts_KGCC]
    low, high = np.mean(bounds, axis=0)
    return float(low), float(high)


def _bounds(
    counts_GCC: np.ndarray,
    metric: Callable[[np.ndarray], np.ndarray],
    resamples: int,
    rng: np.random.Generator,
    tail: float,
) -> tuple[float, float]:
    observed = float(metric(counts_GCC[None])[0])
    if not np.isfinite(observed):
        return (np.nan, np.nan)
    values_B = np.concatenate([metric(draw) for draw in resample(counts_GCC, resamples, rng)])
    values_B = values_B[np.isfinite(values_B)]
    low, high = np.percentile(values_B - (values_B.mean() - observed), [tail, 100 - tail])
    return float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))


def resample(counts_GCC: np.ndarray, resamples: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return resampled counts, in chunks of (B', G, C, C) that stay small in memory."""
    n_GC = counts_GCC.sum(axis=-1)
    share_GCC = (counts_GCC + 1 / counts_GCC.shape[-1]) / (n_GC + 1)[..., None]
    chunk = max(1, CHUNK_BYTES // (8 * counts_GCC.size))
    sizes = [min(chunk, resamples - start) for start in range(0, resamples, chunk)]
    return [rng.multinomial(n_GC, share_GCC, size=(size, *n_GC.shape)) for size in sizes]


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
