"""Differences between the results of two runs or two methods, with confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairdd_core.analysis.intervals import MIN_IMAGES, metric_intervals
from fairdd_core.analysis.metrics import METRICS, Metric
from fairdd_core.analysis.pairs import Pair
from fairdd_core.analysis.sampling import Cells, Sample, crossed_samples, is_crossed


@dataclass(frozen=True)
class Difference:
    """How much larger a metric is in one result than in another.

    Attributes:
        value: the difference of the means over networks; NaN when either is undefined.
        low, high: its interval.
        by_network: the differences of network 0, 1, …; empty when the networks are not paired.
        networks: how many networks the side with fewer has.
        by_image: whether test images were drawn together for both sides.
    """

    value: float
    low: float
    high: float
    by_network: tuple[float, ...]
    networks: int = 1
    by_image: bool = False

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
    pairs: Sequence[Pair] = (),
    level: float = 0.95,
) -> Difference:
    """Return ``metric(one) - metric(other)`` with its interval.

    Networks and test images are both resampled. Paired networks (same initial weights, order of batches and
    test images) are resampled as pairs, so that the variance they share cancels. Resampling K networks
    underestimates the spread, so deviations are multiplied by sqrt(K / (K - 1)); with one network only the
    test images count. Test images are drawn once for both sides where their predictions for the same images
    are given; else independently, which widens the interval as long as images that are hard for one are not
    easy for the other. Noise enlarges gaps, which resampling does not undo: see ``_gap_margins``. There is no
    interval where a rate is known from fewer than ``MIN_IMAGES`` test images.

    Args:
        one_KGCC: counts (network, group, true class, predicted class).
        other_KGCC: likewise; with ``paired``, only networks that both have are used.
        metric: an entry of ``METRICS``.
        resamples: B.
        rng: source of the draws.
        paired: whether network k of one is compared with network k of the other.
        pairs: the predictions of the networks k for the same test images; only with ``paired``.
        level: nominal coverage.
    """
    if paired:
        both = min(len(one_KGCC), len(other_KGCC))
        one_KGCC, other_KGCC = one_KGCC[:both], other_KGCC[:both]
    one_K, other_K = metric.of(one_KGCC), metric.of(other_KGCC)
    value = float(one_K.mean() - other_K.mean())
    by_network = tuple((one_K - other_K).tolist()) if paired else ()
    networks, by_image = min(len(one_K), len(other_K)), paired and bool(pairs)
    if not np.isfinite(value) or any(_too_small(counts, metric) for counts in (one_KGCC, other_KGCC)):
        return Difference(value, float("nan"), float("nan"), by_network, networks, by_image)
    sides = [one_K - other_K] if paired else [one_K, -other_K]
    drawn_B = value + sum(_network_noise(values_K, resamples, rng) for values_K in sides)
    tails, together = [(1 - level) / 2, (1 + level) / 2], pairs[:networks] if by_image else ()
    if metric.is_gap:
        samples = _samples(one_KGCC, other_KGCC, together)
        low, high = np.quantile(drawn_B, tails) + _gap_margins(samples, metric, resamples, rng, level)
    else:
        drawn_B = drawn_B + _images_noise(one_KGCC, other_KGCC, together, metric, resamples, rng)
        low, high = np.quantile(drawn_B, tails)
    return Difference(value, float(max(low, -1)), float(min(high, 1)), by_network, networks, by_image)


def _images_noise(
    one_KGCC: np.ndarray,
    other_KGCC: np.ndarray,
    pairs: Sequence[Pair],
    metric: Metric,
    resamples: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return deviations of the difference under resampled test images, (B,)."""
    if pairs:
        return _joint_noise(pairs, metric, resamples, rng)
    one_B, other_B = (_image_noise(counts, metric, resamples, rng) for counts in (one_KGCC, other_KGCC))
    return np.asarray(one_B - other_B)


def _samples(
    one_KGCC: np.ndarray, other_KGCC: np.ndarray, pairs: Sequence[Pair]
) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Return the tests of both sides: pictures where every one is shown in every group, else cells."""
    if pairs and is_crossed(pairs[0].y_N, pairs[0].a_N, pairs[0].groups):
        first, second = np.stack([p.one_N for p in pairs]), np.stack([p.other_N for p in pairs])
        y_N = pairs[0].y_N
        return crossed_samples(one_KGCC, first, y_N), crossed_samples(other_KGCC, second, y_N)
    return [Cells(counts) for counts in one_KGCC], [Cells(counts) for counts in other_KGCC]


def _gap_margins(
    samples: tuple[Sequence[Sample], Sequence[Sample]],
    metric: Metric,
    resamples: int,
    rng: np.random.Generator,
    level: float,
) -> np.ndarray:
    """Return how far the interval of a difference of gaps reaches below and above it, for test images.

    Noise enlarges either gap, and the noisier one more, so resampling the difference would centre it on
    the wrong value. The margins are the sums of those of both gaps, each at half of the error
    (Bonferroni): conservative, whatever the true gaps are.
    """
    below, above = np.zeros((2, 2))
    for side, tests in enumerate(samples):
        observed = float(np.mean([metric.of(test.counts_GCC) for test in tests]))
        bounds = metric_intervals(tests, {"gap": metric}, resamples, rng, (1 + level) / 2)["gap"]
        below[side], above[side] = observed - bounds[0], bounds[1] - observed
    return np.array([-below[0] - above[1], above[0] + below[1]])


def _too_small(counts_KGCC: np.ndarray, metric: Metric) -> bool:
    """Return whether a rate is known from too few test images for an interval."""
    images = metric.shares(counts_KGCC)[1]
    return bool(images[images > 0].min() < MIN_IMAGES)


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
    values = [
        np.concatenate([metric.of(draw) for draw in Cells(counts_GCC).resampled(share, rng)])
        for counts_GCC in counts_KGCC
    ]
    return _centred(values, resamples, rng)


def _joint_noise(
    pairs: Sequence[Pair], metric: Metric, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return deviations of the difference of a metric under test images resampled for both sides, (B,)."""
    share = -(-resamples // len(pairs))
    values = [
        np.concatenate([metric.of(one) - metric.of(other) for one, other in pair.resampled(share, rng)])
        for pair in pairs
    ]
    return _centred(values, resamples, rng)


def _centred(values: Sequence[np.ndarray], resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return the deviations of some draws from the mean of their network, (B,).

    They are centred because a range over groups grows under resampling.
    """
    noise_B = np.concatenate([values_B - np.nanmean(values_B) for values_B in values])
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
    pairs: Mapping[str, Sequence[Pair]] | None = None,
) -> pd.DataFrame:
    """Return one row per metric of every arm that both results have.

    Columns: ``arm``, ``metric``, ``difference`` (one minus other), ``low``, ``high``, ``paired``,
    ``by_image``, ``networks`` and ``by_network`` (see ``Difference``).

    Args:
        one: arm -> counts (network, group, true class, predicted class).
        other: likewise.
        metrics: names in ``METRICS``.
        stream: returns the source of the draws for an arm and a metric.
        resamples: B.
        paired: whether network k of one is compared with network k of the other.
        pairs: arm -> the predictions of networks k for the same test images, as far as they are known.
    """
    rows = []
    for arm in (arm for arm in one if arm in other):
        for name in metrics:
            found = difference(
                one[arm],
                other[arm],
                METRICS[name],
                resamples,
                stream(arm, name),
                paired=paired,
                pairs=(pairs or {}).get(arm, ()),
            )
            values = (found.value, found.low, found.high, paired, found.by_image, found.networks)
            rows.append((arm, name, *values, found.by_network))
    kinds = ["paired", "by_image", "networks", "by_network"]
    return pd.DataFrame(rows, columns=["arm", "metric", "difference", "low", "high", *kinds])
