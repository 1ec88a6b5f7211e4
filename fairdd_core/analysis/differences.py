"""Differences between the results of two runs, with confidence intervals, from counts alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.sampling import Cells

Metric = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Difference:
    """How much larger a metric is in one result than in another.

    Attributes:
        value: the difference of the means over networks; NaN when either is undefined.
        low, high: its interval.
        by_network: the differences of network 0, 1, …; empty when the networks are not paired.
    """

    value: float
    low: float
    high: float
    by_network: tuple[float, ...]

    @property
    def clear(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


def difference(
    one_KGCC: np.ndarray,
    other_KGCC: np.ndarray,
    metric: Metric,
    resamples: int,
    rng: np.random.Generator,
    *,
    paired: bool,
    level: float = 0.95,
) -> Difference:
    """Return ``metric(one) - metric(other)`` with its bootstrap interval.

    Networks and test images are both resampled. Paired networks (same initial weights, order of batches and
    test images) are resampled as pairs, so that the variance they share cancels; otherwise each side is
    resampled by itself. Resampling K networks underestimates the spread, so deviations are multiplied by
    sqrt(K / (K - 1)); with one network only the test images count. Test images are resampled within every
    (group, class) cell. Counts do not tell which images were right, so both sides are resampled
    independently even where the images are the same; this widens the interval as long as images that are
    hard for one are not easy for the other.

    Args:
        one_KGCC: counts (network, group, true class, predicted class).
        other_KGCC: likewise; with ``paired``, only networks that both have are used.
        metric: maps counts (..., G, C, C) to values (...).
        resamples: B.
        rng: source of the draws.
        paired: whether network k of one is compared with network k of the other.
        level: nominal coverage.
    """
    if paired:
        both = min(len(one_KGCC), len(other_KGCC))
        one_KGCC, other_KGCC = one_KGCC[:both], other_KGCC[:both]
    one_K, other_K = metric(one_KGCC), metric(other_KGCC)
    value = float(one_K.mean() - other_K.mean())
    by_network = tuple(float(d) for d in one_K - other_K) if paired else ()
    if not np.isfinite(value):
        return Difference(float("nan"), float("nan"), float("nan"), by_network)
    if paired:
        drawn_B = value + _network_noise(one_K - other_K, resamples, rng)
    else:
        drawn_B = value + _network_noise(one_K, resamples, rng) - _network_noise(other_K, resamples, rng)
    drawn_B = drawn_B + _image_noise(one_KGCC, metric, resamples, rng)
    drawn_B = drawn_B - _image_noise(other_KGCC, metric, resamples, rng)
    tail = 100 * (1 - level) / 2
    low, high = np.clip(np.percentile(drawn_B, [tail, 100 - tail]), -1, 1)
    return Difference(value, float(low), float(high), by_network)


def _network_noise(values_K: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return deviations of the mean under resampled networks, (B,)."""
    count = len(values_K)
    if count < 2:
        return np.zeros(resamples)
    drawn_B = values_K[rng.integers(0, count, (resamples, count))].mean(axis=1)
    return np.asarray((drawn_B - values_K.mean()) * np.sqrt(count / (count - 1)))


def _image_noise(
    counts_KGCC: np.ndarray, metric: Metric, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return deviations of the metric under resampled test images, (B,).

    All networks see the same images, so their mean is as noisy as one of them: every draw is of one network.
    """
    share = -(-resamples // len(counts_KGCC))
    parts = []
    for counts_GCC in counts_KGCC:
        values_B = np.concatenate([metric(draw) for draw in Cells(counts_GCC).resampled(share, rng)])
        # A range over groups grows under resampling, so the draws are centred.
        parts.append(values_B - np.nanmean(values_B))
    noise_B = np.concatenate(parts)
    noise_B = noise_B[np.isfinite(noise_B)]
    return rng.choice(noise_B, resamples, replace=len(noise_B) < resamples)


def difference_table(
    one: Mapping[str, np.ndarray],
    other: Mapping[str, np.ndarray],
    metrics: Sequence[str],
    stream: Callable[[str, str], np.random.Generator],
    resamples: int,
    *,
    paired: bool,
) -> pd.DataFrame:
    """Return one row per metric of every arm that both results have.

    Columns: ``arm``, ``metric``, ``difference`` (one minus other), ``low``, ``high``, ``paired`` and
    ``by_network`` (see ``Difference``).

    Args:
        one: arm -> counts (network, group, true class, predicted class).
        other: likewise.
        metrics: names in ``METRICS``.
        stream: returns the source of the draws for an arm and a metric.
        resamples: B.
        paired: whether network k of one is compared with network k of the other.
    """
    rows = []
    for arm in (arm for arm in one if arm in other):
        for name in metrics:
            found = difference(
                one[arm], other[arm], METRICS[name].of, resamples, stream(arm, name), paired=paired
            )
            rows.append((arm, name, found.value, found.low, found.high, paired, found.by_network))
    return pd.DataFrame(rows, columns=["arm", "metric", "difference", "low", "high", "paired", "by_network"])
