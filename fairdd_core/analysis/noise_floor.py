"""The gap that chance alone opens between groups that a classifier treats alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairdd_core.analysis.metrics import Metric, recalls
from fairdd_core.analysis.sampling import Cells, Sample

DEALS = 200
SAME_SHARE = 0.05
"""Shares of a class in two groups that differ by less count as the same: the published deal is random."""


@dataclass(frozen=True)
class NoiseFloor:
    """What a gap would be if group made no difference.

    Attributes:
        mean: expected gap, averaged over networks; NaN where the gap is undefined.
        std: its standard deviation over deals.
    """

    mean: float
    std: float


def noise_floors(
    samples: Sequence[Sample],
    metrics: Mapping[str, Metric],
    rng: np.random.Generator,
    deals: int = DEALS,
) -> dict[str, NoiseFloor]:
    """Return the gaps that are left when predictions are dealt to the groups at random.

    A range over groups is never negative, so with few test images per cell it is large even for a classifier
    that cannot see the groups. Dealing gives the permutation distribution of a gap under equal treatment. It
    keeps the images of every cell and the predictions of every class, and so the accuracy; where every
    picture is shown in every group, it keeps the predictions of every picture.

    Args:
        samples: the test of every network.
        metrics: name -> a gap.
        rng: source of the deals.
        deals: number of deals per network.

    Returns:
        Name -> its floor; empty where predictions of a crossed test are unknown (see ``sampling.Cells``).
        Where groups have other shares of the classes, dealing within classes leaves gaps of rates other than
        recalls that are not chance: they have no floor.
    """
    if not all(_same_shares(sample.counts_GCC) for sample in samples):
        metrics = {name: metric for name, metric in metrics.items() if metric.shares is recalls}
    if any(isinstance(sample, Cells) and not sample.independent for sample in samples):
        return {}
    draws = [sample.dealt(deals, rng) for sample in samples]
    values_KB = {name: np.stack([metric.of(draw) for draw in draws]) for name, metric in metrics.items()}
    # All networks see the same test images, so averaging networks does not shrink the standard deviation.
    return {
        name: NoiseFloor(float(values.mean()), float(values.std(axis=1).mean()))
        for name, values in values_KB.items()
    }


def _same_shares(counts_GCC: np.ndarray) -> bool:
    """Return whether the classes have about the same shares of the test images in every group."""
    n_GC = counts_GCC.sum(axis=-1)
    share_GC = n_GC / np.maximum(n_GC.sum(axis=-1, keepdims=True), 1)
    return bool(np.ptp(share_GC, axis=0).max() < SAME_SHARE)
