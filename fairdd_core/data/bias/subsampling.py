"""Skew for annotated groups: leaving out as few images as possible."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fairdd_core.config.spec.base import AS_FOUND
from fairdd_core.errors import UserError


def kept_sizes(counts_G: np.ndarray, skew: float) -> np.ndarray:
    """Return how many images of each group of one class to keep so that the largest has ``skew``.

    The largest group stays the largest. Of all ways to reach the share, the result keeps most images; the
    other groups lose images in proportion to their sizes, and every group that has images keeps at least one.
    The share is within one image of the skew.

    Args:
        counts_G: images of each group.
        skew: share of the largest group, within ``reachable(counts_G)``.

    Returns:
        int64 (G,).
    """
    major = int(np.argmax(counts_G))
    others_G = counts_G.copy()
    others_G[major] = 0
    total = _largest_total(int(counts_G[major]), others_G, skew)
    largest = min(int(counts_G[major]), max(1, round(skew * total)))
    kept_G = _share_out(others_G, round((1 - skew) / skew * largest), largest)
    kept_G[major] = largest
    return np.asarray(kept_G)


def reachable(counts_G: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest share that the largest group of a class can be given.

    Equal groups give the smallest; the largest keeps one image of every other group.
    """
    present = int((counts_G > 0).sum())
    if present <= 1:
        return 1.0, 1.0
    largest = int(counts_G.max())
    return 1 / present, largest / (largest + present - 1)


def subsample(
    y_N: np.ndarray,
    a_N: np.ndarray,
    groups: int,
    skew: float,
    class_names: Sequence[str],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the rows to keep, int64 in ascending order, so that each class's largest group has ``skew``.

    With the same generator a smaller cell keeps a part of what a larger one keeps.

    Args:
        y_N: int64 class indices.
        a_N: int64 group indices.
        groups: G.
        skew: share of each class's largest group.
        class_names: in index order, for messages.
        rng: decides which images of a cell stay.

    Raises:
        UserError: when a class cannot reach the skew, naming what all classes can reach.
    """
    classes = len(class_names)
    counts_CG = np.bincount(y_N * groups + a_N, minlength=classes * groups).reshape(classes, groups)
    check_reachable(counts_CG, skew, class_names)
    kept_CG = np.stack([kept_sizes(counts_G, skew) if counts_G.any() else counts_G for counts_G in counts_CG])
    order_N = rng.permutation(len(y_N))
    cell_N = y_N[order_N] * groups + a_N[order_N]
    rows = [order_N[cell_N == cell][:n] for cell, n in enumerate(kept_CG.ravel())]
    return np.sort(np.concatenate(rows))


def check_reachable(counts_CG: np.ndarray, skew: float, class_names: Sequence[str]) -> None:
    """Check that the largest group of every class can have the share ``skew``.

    Raises:
        UserError: naming what all classes can reach.
    """
    limits_C2 = np.array([reachable(counts_G) for counts_G in counts_CG if counts_G.any()])
    names = [name for name, counts_G in zip(class_names, counts_CG, strict=True) if counts_G.any()]
    low, high = limits_C2[:, 0].max(), limits_C2[:, 1].min()
    if (limits_C2[:, 0] == 1).any():
        single = names[int(np.argmax(limits_C2[:, 0] == 1))]
        raise UserError("data.skew", f"{AS_FOUND}, because class {single} has images of one group only", skew)
    # A skew is often given as rounded 1/G, as in check_skew.
    if skew > high:
        limit = math.floor(1000 * high) / 1000
        worst = names[int(np.argmin(limits_C2[:, 1]))]
        hint = f"Class {worst} has too few images in its largest group to leave one of every other group."
        raise UserError("data.skew", f"at most {limit:g} with the images that there are", skew, hint)
    if skew < low - 0.005:
        worst = names[int(np.argmax(limits_C2[:, 0]))]
        hint = f"Class {worst} has images of {round(1 / low)} groups only."
        raise UserError("data.skew", f"at least {low:.3g} with the images that there are", skew, hint)


def _largest_total(major: int, others_G: np.ndarray, skew: float) -> float:
    """Return the largest T such that skew·T of the major group and (1 − skew)·T of the others exist.

    No other group may have more than skew·T. What the others can give, Σ min(n_g, skew·T), is concave in T
    and starts at 0, so the largest T is found by bisection.
    """

    def enough(total: float) -> bool:
        return bool(np.minimum(others_G, skew * total).sum() >= (1 - skew) * total - 1e-9)

    low, high = 0.0, float(min(major / skew, others_G.sum() / (1 - skew)))
    if enough(high):
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low


def _share_out(others_G: np.ndarray, wanted: int, cap: int) -> np.ndarray:
    """Return ``wanted`` images shared among groups in proportion to their sizes, int64 (G,).

    No group gets more than ``cap`` or than it has, and every group that has images gets one at least.
    """
    most_G = np.minimum(others_G, cap)
    wanted = int(np.clip(wanted, (others_G > 0).sum(), most_G.sum()))
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        short = np.minimum(middle * others_G, most_G).sum() < wanted
        low, high = (middle, high) if short else (low, middle)
    exact_G = np.minimum(high * others_G, most_G)
    kept_G = np.maximum(np.floor(exact_G), others_G > 0).astype(np.int64)
    while (gap := wanted - int(kept_G.sum())) != 0:  # the fractions add up to a few images
        step = 1 if gap > 0 else -1
        free_G = kept_G < most_G if gap > 0 else kept_G > 1
        kept_G[np.argmax(np.where(free_G, step * (exact_G - kept_G), -np.inf))] += step
    return np.asarray(kept_G)
