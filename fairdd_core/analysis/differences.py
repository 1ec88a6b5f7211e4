"""How far two results are apart, and how sure that is, from counts alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairdd_core.analysis.intervals import resample
from fairdd_core.analysis.metrics import METRICS

Metric = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Difference:
    """How much larger a metric is in one result than in another.

    Attributes:
        value: the difference of the means over networks; NaN when either is undefined.
        low, high: its interval.
        by_network: the differences of network 0, 1, …; empty when the networks are no pairs.
    """

    value: float
    low: float
    high: float
    by_network: tuple[float, ...]

    @property
    def clear(self) -> bool:
        """Whether the interval leaves no doubt about the sign."""
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

    Two sources of luck are drawn anew: the networks and the test images. Networks that are pairs (same first
    weights, same order of training, same test images) are drawn as pairs, so that what they have in common
    cancels; otherwise each side is drawn by itself. A draw of K networks is spread a little too narrowly, so
    its deviation is multiplied by sqrt(K / (K - 1)); with a single network only the images count. Test images
    are drawn within every (group, class) cell. Counts do not say which images were right, so
    both sides draw their images by themselves even where they are the same, which makes the interval wider
    than it need be, never narrower, as long as what is hard for one is not easy for the other.

    Args:
        one_KGCC: counts (network, group, true class, predicted class).
        other_KGCC: likewise; with ``paired``, only networks that both have are used.
        metric: maps counts (..., G, C, C) to values (...).
        resamples: number of draws.
        rng: source of the draws.
        paired: whether network k of one is to be compared with network k of the other.
        level: coverage aimed at.
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
        drawn_B = value + _network_luck(one_K - other_K, resamples, rng)
    else:
        drawn_B = value + _network_luck(one_K, resamples, rng) - _network_luck(other_K, resamples, rng)
    drawn_B = drawn_B + _image_luck(one_KGCC, metric, resamples, rng)
    drawn_B = drawn_B - _image_luck(other_KGCC, metric, resamples, rng)
    tail = 100 * (1 - level) / 2
    low, high = np.clip(np.percentile(drawn_B, [tail, 100 - tail]), -1, 1)
    return Difference(value, float(low), float(high), by_network)


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
        resamples: number of draws.
        paired: whether network k of one is to be compared with network k of the other.
    """
    rows = []
    for arm in (arm for arm in one if arm in other):
        for name in metrics:
            found = difference(
                one[arm], other[arm], METRICS[name].of, resamples, stream(arm, name), paired=paired
            )
            rows.append((arm, name, found.value, found.low, found.high, paired, found.by_network))
    return pd.DataFrame(rows, columns=["arm", "metric", "difference", "low", "high", "paired", "by_network"])


def _network_luck(values_K: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return how far the mean would be off with other networks, (B,)."""
    count = len(values_K)
    if count < 2:
        return np.zeros(resamples)
    drawn_B = values_K[rng.integers(0, count, (resamples, count))].mean(axis=1)
    spread: np.ndarray = (drawn_B - values_K.mean()) * np.sqrt(count / (count - 1))
    return spread


def _image_luck(
    counts_KGCC: np.ndarray, metric: Metric, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return how far the metric would be off with other test images, (B,).

    All networks see the same images, so averaging them does not make the images' luck smaller: every draw
    is of one network.
    """
    share = -(-resamples // len(counts_KGCC))
    parts = []
    for counts_GCC in counts_KGCC:
        values_B = np.concatenate([metric(draw) for draw in resample(counts_GCC, share, rng)])
        # A range over groups grows under resampling, so the draws are brought back to their middle.
        parts.append(values_B - np.nanmean(values_B))
    luck_B = np.concatenate(parts)
    luck_B = luck_B[np.isfinite(luck_B)]
    return rng.choice(luck_B, resamples, replace=len(luck_B) < resamples)
