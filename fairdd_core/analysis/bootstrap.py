"""How much a number would move with another draw of test images, from counts alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

CHUNK_BYTES = 64 * 2**20


def interval(
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

    What it is not: a range over many small cells overstates a small gap, and the interval lies around the
    observed value, not around the gap without that noise. It holds images to be independent, so where each
    test image is shown in every group (Colored Digits) it is wider than it need be. It does not cover the
    randomness of distilling or training; the standard deviation over networks speaks of the latter.

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
    values_B = np.concatenate([metric(draw) for draw in resampled(counts_GCC, resamples, rng)])
    values_B = values_B[np.isfinite(values_B)]
    low, high = np.percentile(values_B - (values_B.mean() - observed), [tail, 100 - tail])
    return float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))


def resampled(counts_GCC: np.ndarray, resamples: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return resampled counts, in chunks of (B', G, C, C) that stay small in memory."""
    n_GC = counts_GCC.sum(axis=-1)
    share_GCC = (counts_GCC + 1 / counts_GCC.shape[-1]) / (n_GC + 1)[..., None]
    chunk = max(1, CHUNK_BYTES // (8 * counts_GCC.size))
    sizes = [min(chunk, resamples - start) for start in range(0, resamples, chunk)]
    return [rng.multinomial(n_GC, share_GCC, size=(size, *n_GC.shape)) for size in sizes]
