"""How many real images of each group to draw, so that targets under different weights are equally noisy."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

TOLERATED = 1.5
"""Ratio of the variances of two targets that is accepted."""


def mean_variance(weights_G: np.ndarray, drawn_G: np.ndarray, counts_G: np.ndarray) -> float:
    """Return the variance of a weighted mean of group means, where that of one image in its group is 1.

    Σ_g w_g² (1/n_g − 1/N_g), for n_g images drawn from N_g without replacement; 0 once all are drawn.

    Args:
        weights_G: of the groups; 0 where there are no images.
        drawn_G: n_g.
        counts_G: N_g.
    """
    return float((np.square(weights_G) * (_inverse(drawn_G) - _inverse(counts_G))).sum())


def class_weights(counts_G: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of the groups of a class and equal weights of those that it has.

    Args:
        counts_G: images of every group; further columns are images of unknown group, which count towards the
            shares only.
        groups: number of columns that are groups.
    """
    share_G = counts_G / counts_G.sum()
    present_G = (counts_G > 0) & (np.arange(len(counts_G)) < groups)
    return share_G, present_G / present_G.sum() if present_G.any() else share_G


@lru_cache(maxsize=4096)
def stratified_sizes(counts: tuple[int, ...], groups: int, budget: int) -> tuple[int, ...]:
    """Return how many images of each group of a class to draw: at least 1, and ``budget`` in all if possible.

    Every image goes to the group where it lowers most the larger of two variances: that of the mean under the
    groups' shares (vanilla) and that of the mean under equal weights (COBRA). In large groups this ends at
    n_g ∝ max(π_g, c) with both variances equal. Small groups are not drawn as a whole where that would leave
    shares alone with noise. Groups of a few images cannot be divided that finely: then the two may differ.

    Args:
        counts: images of every group of the class, and last those of unknown group, if there are any.
        groups: number of columns that are groups.
        budget: images to draw from the class.
    """
    counts_G = np.array(counts)
    if counts_G.sum() <= budget:
        return counts
    squared_2G = np.square(class_weights(counts_G, groups))
    drawn_G = np.minimum(counts_G, 1)
    variance_2 = np.array([mean_variance(w_G, drawn_G, counts_G) for w_G in np.sqrt(squared_2G)])
    for _ in range(budget - drawn_G.sum()):
        gain_G = np.where(drawn_G < counts_G, _inverse(drawn_G) - _inverse(drawn_G + 1), -1.0)
        chosen = int((squared_2G[variance_2.argmax()] * gain_G).argmax())
        variance_2 = variance_2 - squared_2G[:, chosen] * gain_G[chosen]
        drawn_G[chosen] += 1
    return tuple(_balanced(drawn_G, counts_G, squared_2G).tolist())


def _balanced(drawn_G: np.ndarray, counts_G: np.ndarray, squared_2G: np.ndarray) -> np.ndarray:
    """Return the sizes after moving single images from group to group for as long as that helps.

    It helps if the ratio of the two variances comes closer to 1: in small groups one image is a large step.
    """

    def imbalance(drawn_G: np.ndarray) -> float:
        variance_2 = squared_2G @ (_inverse(drawn_G) - _inverse(counts_G))
        return float(np.abs(np.diff(np.log(variance_2.clip(min=1e-15))))[0])

    at = imbalance(drawn_G)
    while at > np.log(TOLERATED):
        unit_GG = np.eye(len(drawn_G), dtype=int)
        moves = [
            drawn_G - unit_GG[source] + unit_GG[sink]
            for source in np.flatnonzero(drawn_G > 1)
            for sink in np.flatnonzero(drawn_G < counts_G)
        ]
        best = min(moves, key=imbalance, default=drawn_G)
        if (reached := imbalance(best)) >= at:
            break
        drawn_G, at = best, reached
    return drawn_G


def equal_repeats(counts_G: np.ndarray, drawn_G: np.ndarray, groups: int, most: int) -> int:
    """Return how often to draw every group with replacement for a mean that is as noisy as the others.

    At most ``most`` times; then its variance is larger, for an image that is drawn twice adds nothing.
    """
    weights_2G = class_weights(counts_G, groups)
    variance = max(mean_variance(w_G, drawn_G, counts_G) for w_G in weights_2G)
    present = np.count_nonzero(weights_2G[1])
    return int(np.clip(round(1 / (present * variance)), 1, most)) if variance > 1e-12 else most


def _inverse(number_G: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(1.0, number_G, out=np.zeros(len(number_G)), where=number_G > 0))
