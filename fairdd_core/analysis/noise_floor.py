"""The gap that chance alone opens between groups that a classifier treats alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fairdd_core.analysis.metrics import Metric

DEALS = 200


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
    counts_KGCC: np.ndarray, metrics: Mapping[str, Metric], rng: np.random.Generator, deals: int = DEALS
) -> dict[str, NoiseFloor]:
    """Return the gaps that are left when the predictions of each class are dealt to its groups at random.

    A range over groups is never negative, so with few test images per cell it is large even for a classifier
    that cannot see the groups. Dealing keeps the images of every cell and the predictions of every class, and
    so the accuracy: it gives the permutation distribution of a gap under equal treatment.

    Args:
        counts_KGCC: counts (network, group, true class, predicted class).
        metrics: name -> a gap.
        rng: source of the deals.
        deals: number of deals per network.

    Returns:
        Name -> its floor.
    """
    draws = [dealt(counts_GCC, deals, rng) for counts_GCC in counts_KGCC]
    values_KB = {name: np.stack([metric.of(draw) for draw in draws]) for name, metric in metrics.items()}
    # All networks see the same test images, so averaging networks does not shrink the standard deviation.
    return {
        name: NoiseFloor(float(values.mean()), float(values.std(axis=1).mean()))
        for name, values in values_KB.items()
    }


def dealt(counts_GCC: np.ndarray, deals: int, rng: np.random.Generator) -> np.ndarray:
    """Return counts (B, G, C, C) with the predictions of each true class dealt to the groups at random.

    Args:
        counts_GCC: counts (group, true class, predicted class) of one network.
        deals: B.
        rng: source of the deals.
    """
    groups, _, classes = counts_GCC.shape
    left_BCC = np.repeat(counts_GCC.sum(axis=0)[None], deals, axis=0)
    result_BGCC = np.zeros((deals, *counts_GCC.shape), np.int64)
    for g in range(groups):
        wanted_BC = np.repeat(counts_GCC[g].sum(axis=-1)[None], deals, axis=0)
        pool_BC = left_BCC.sum(axis=-1)
        for p in range(classes):
            good_BC = left_BCC[:, :, p]
            pool_BC = pool_BC - good_BC
            drawn_BC = rng.hypergeometric(good_BC, pool_BC, wanted_BC)
            result_BGCC[:, g, :, p] = drawn_BC
            wanted_BC = wanted_BC - drawn_BC
        left_BCC = left_BCC - result_BGCC[:, g]
    return result_BGCC
