"""Accuracy and fairness metrics as functions of the counts of test images.

``counts_KGCC[k, a, y, p]`` is the number of test images of group ``a`` and true class ``y`` that evaluation
network ``k`` predicts as class ``p``. What cannot be computed (an empty cell, a class that is never
predicted) is NaN, not zero, and is left out of reductions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Reduction = Callable[..., np.ndarray]


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole with NaN where the whole is empty."""
    return np.asarray(
        np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
    )


def _reduce(reduction: Reduction, values: np.ndarray, axis: int) -> np.ndarray:
    """Apply a NaN-aware reduction; a slice without any defined value stays NaN."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"(All-NaN|Mean of empty)", RuntimeWarning)
        return np.asarray(reduction(values, axis=axis))


def _range(values: np.ndarray, axis: int) -> np.ndarray:
    """Return max − min over the defined values of an axis; NaN with fewer than two of them."""
    spread = _reduce(np.nanmax, values, axis) - _reduce(np.nanmin, values, axis)
    return np.where(np.isfinite(values).sum(axis=axis) >= 2, spread, np.nan)


def mean_over_networks(values: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis, leaving out what is undefined; NaN where all is."""
    return _reduce(np.nanmean, values, axis=0)


def recall_KGC(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return r(a, y) = P(ŷ = y | Y = y, A = a) of every network, (K, G, C)."""
    return ratio(np.diagonal(counts_KGCC, axis1=-2, axis2=-1), counts_KGCC.sum(axis=-1))


def gap_KC(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return gap(y) = max_a r(a, y) − min_a r(a, y) of every network, (K, C)."""
    return _range(recall_KGC(counts_KGCC), axis=-2)


def accuracy_K(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the share of test images that are classified correctly, (K,)."""
    hits = np.trace(counts_KGCC, axis1=-2, axis2=-1).sum(axis=-1)
    return ratio(hits, counts_KGCC.sum(axis=(-3, -2, -1)))


def group_accuracy_KG(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the accuracy within every group, (K, G)."""
    return ratio(np.trace(counts_KGCC, axis1=-2, axis2=-1), counts_KGCC.sum(axis=(-2, -1)))


def worst_group_accuracy_K(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the accuracy of the group with the lowest accuracy, (K,)."""
    return _reduce(np.nanmin, group_accuracy_KG(counts_KGCC), axis=-1)


def deo_max_K(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return DEO_M = max over classes of gap(y), (K,). FairDD (arXiv 2411.19623)."""
    return _reduce(np.nanmax, gap_KC(counts_KGCC), axis=-1)


def deo_mean_K(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return DEO_A = mean over classes of gap(y), (K,). FairDD (arXiv 2411.19623)."""
    return _reduce(np.nanmean, gap_KC(counts_KGCC), axis=-1)


def demographic_parity_K(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the demographic parity difference, max over y of the range over a of P(ŷ = y | A = a), (K,)."""
    predicted_KGC = counts_KGCC.sum(axis=-2)
    rate_KGC = ratio(predicted_KGC, predicted_KGC.sum(axis=-1, keepdims=True))
    return _reduce(np.nanmax, _range(rate_KGC, axis=-2), axis=-1)


def sufficiency_gap_KC(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the range over a of P(Y = y | ŷ = y, A = a) for every class, (K, C)."""
    precision_KGC = ratio(np.diagonal(counts_KGCC, axis1=-2, axis2=-1), counts_KGCC.sum(axis=-2))
    return _range(precision_KGC, axis=-2)


def sufficiency_gap_K(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the sufficiency gap's maximum over classes, (K,)."""
    return _reduce(np.nanmax, sufficiency_gap_KC(counts_KGCC), axis=-1)


def sufficiency_gap_mean_K(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the sufficiency gap's mean over classes, (K,)."""
    return _reduce(np.nanmean, sufficiency_gap_KC(counts_KGCC), axis=-1)


def mean_recalls(counts_KGCC: np.ndarray, cells_CG: np.ndarray) -> tuple[float, float]:
    """Return the mean recall over some (class, group) cells, bool (C, G), and over all others."""
    recall_GC = recall_KGC(counts_KGCC).mean(axis=0)
    return float(recall_GC[cells_CG.T].mean()), float(recall_GC[~cells_CG.T].mean())


def spread(values_K: np.ndarray) -> float:
    """Return the sample standard deviation over networks; NaN for fewer than two."""
    return float(values_K.std(ddof=1)) if len(values_K) > 1 else float("nan")


@dataclass(frozen=True)
class Metric:
    """A metric and its description.

    Attributes:
        title: short name.
        formula: definition in plain text.
        sentence: one plain sentence.
        higher_is_better: direction.
        is_gap: whether it compares groups, and has an interval over test images.
        of: ``counts_KGCC -> values_K``.
    """

    title: str
    formula: str
    sentence: str
    higher_is_better: bool
    is_gap: bool
    of: Callable[[np.ndarray], np.ndarray]


METRICS: dict[str, Metric] = {
    "accuracy": Metric(
        "Accuracy", "P(ŷ = y)", "Share of test images that are classified correctly.", True, False, accuracy_K
    ),
    "worst_group_accuracy": Metric(
        "Worst-group accuracy",
        "min over a of P(ŷ = y | A = a)",
        "Accuracy of the group with the lowest accuracy.",
        True,
        True,
        worst_group_accuracy_K,
    ),
    "deo_mean": Metric(
        "DEO_A (mean gap)",
        "mean over y of [max over a − min over a of P(ŷ = y | Y = y, A = a)]",
        "Range of the groups' recalls, averaged over the classes.",
        False,
        True,
        deo_mean_K,
    ),
    "deo_max": Metric(
        "DEO_M (largest gap)",
        "max over y of [max over a − min over a of P(ŷ = y | Y = y, A = a)]",
        "Range of the groups' recalls in the worst class.",
        False,
        True,
        deo_max_K,
    ),
    "demographic_parity": Metric(
        "Demographic parity difference",
        "max over y of [max over a − min over a of P(ŷ = y | A = a)]",
        "Largest difference between groups in how often a class is predicted.",
        False,
        True,
        demographic_parity_K,
    ),
    "sufficiency_gap": Metric(
        "Sufficiency gap (largest)",
        "max over y of [max over a − min over a of P(Y = y | ŷ = y, A = a)]",
        "Range over groups of the precision of the predictions, in the worst class.",
        False,
        True,
        sufficiency_gap_K,
    ),
    "sufficiency_gap_mean": Metric(
        "Sufficiency gap (mean)",
        "mean over y of [max over a − min over a of P(Y = y | ŷ = y, A = a)]",
        "Range over groups of the precision of the predictions, averaged over the classes.",
        False,
        True,
        sufficiency_gap_mean_K,
    ),
}
"""Adding a metric is one function and one entry here."""
