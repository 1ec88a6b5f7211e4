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
Shares = tuple[np.ndarray, np.ndarray]
"""Numerators and denominators of rates, of one shape."""


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole with NaN where the whole is empty."""
    return np.asarray(
        np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
    )


def _reduce(reduction: Reduction, values: np.ndarray, axis: int) -> np.ndarray:
    """Apply a nan-aware reduction; a slice without any defined value stays NaN, quietly."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"(All-NaN|Mean of empty)", RuntimeWarning)
        return np.asarray(reduction(values, axis=axis))


def mean_over_networks(values: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis, leaving out what is undefined; NaN where all is."""
    return _reduce(np.nanmean, values, axis=0)


def recalls(counts_KGCC: np.ndarray) -> Shares:
    """Return r(a, y) = P(ŷ = y | Y = y, A = a), (..., G, C)."""
    return np.diagonal(counts_KGCC, axis1=-2, axis2=-1), counts_KGCC.sum(axis=-1)


def precisions(counts_KGCC: np.ndarray) -> Shares:
    """Return P(Y = y | ŷ = y, A = a), (..., G, C)."""
    return np.diagonal(counts_KGCC, axis1=-2, axis2=-1), counts_KGCC.sum(axis=-2)


def selections(counts_KGCC: np.ndarray) -> Shares:
    """Return P(ŷ = y | A = a), (..., G, C)."""
    predicted_KGC = counts_KGCC.sum(axis=-2)
    return predicted_KGC, np.broadcast_to(predicted_KGC.sum(axis=-1, keepdims=True), predicted_KGC.shape)


def group_accuracies(counts_KGCC: np.ndarray) -> Shares:
    """Return P(ŷ = Y | A = a), (..., G)."""
    return np.trace(counts_KGCC, axis1=-2, axis2=-1), counts_KGCC.sum(axis=(-2, -1))


def accuracies(counts_KGCC: np.ndarray) -> Shares:
    """Return P(ŷ = Y), (..., 1)."""
    hits_KG, images_KG = group_accuracies(counts_KGCC)
    return hits_KG.sum(axis=-1, keepdims=True), images_KG.sum(axis=-1, keepdims=True)


def gaps(rates_KGC: np.ndarray) -> np.ndarray:
    """Return max − min over the defined groups for every class, (..., C); NaN with fewer than two of them."""
    spread = _reduce(np.nanmax, rates_KGC, -2) - _reduce(np.nanmin, rates_KGC, -2)
    return np.where(np.isfinite(rates_KGC).sum(axis=-2) >= 2, spread, np.nan)


def mean_gap(rates_KGC: np.ndarray) -> np.ndarray:
    """Return the mean of the gaps over the classes, (...)."""
    return _reduce(np.nanmean, gaps(rates_KGC), -1)


def largest_gap(rates_KGC: np.ndarray) -> np.ndarray:
    """Return the largest of the gaps over the classes, (...)."""
    return _reduce(np.nanmax, gaps(rates_KGC), -1)


def smallest(rates_KG: np.ndarray) -> np.ndarray:
    """Return the smallest defined rate, (...)."""
    return _reduce(np.nanmin, rates_KG, -1)


def recall_KGC(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the recall of every network, group and class, (K, G, C)."""
    return ratio(*recalls(counts_KGCC))


def gap_KC(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return gap(y) = max_a r(a, y) − min_a r(a, y) of every network, (K, C)."""
    return gaps(recall_KGC(counts_KGCC))


def sufficiency_gap_KC(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the range over a of P(Y = y | ŷ = y, A = a) of every network, (K, C)."""
    return gaps(ratio(*precisions(counts_KGCC)))


def group_accuracy_KG(counts_KGCC: np.ndarray) -> np.ndarray:
    """Return the accuracy within every group, (K, G)."""
    return ratio(*group_accuracies(counts_KGCC))


def mean_recalls(counts_KGCC: np.ndarray, cells_CG: np.ndarray) -> tuple[float, float]:
    """Return the mean recall over some (class, group) cells, bool (C, G), and over all others."""
    recall_GC = recall_KGC(counts_KGCC).mean(axis=0)
    return float(recall_GC[cells_CG.T].mean()), float(recall_GC[~cells_CG.T].mean())


def spread(values_K: np.ndarray) -> float:
    """Return the sample standard deviation over networks; NaN for fewer than two."""
    return float(values_K.std(ddof=1)) if len(values_K) > 1 else float("nan")


@dataclass(frozen=True)
class Metric:
    """A number, and what a reader must know to read it.

    Attributes:
        title: short name.
        formula: definition in plain text.
        sentence: one plain sentence.
        shares: counts (..., G, C, C) -> the rates that are compared, as numerators and denominators.
        reduce: rates -> values (...): linear, ``smallest``, or a gap (mean or maximum of ranges). The
            intervals rely on it; see ``analysis.intervals``.
        higher_is_better: direction.
        is_gap: whether it is a gap between groups, which chance alone opens; see ``analysis.noise_floor``.
    """

    title: str
    formula: str
    sentence: str
    shares: Callable[[np.ndarray], Shares]
    reduce: Callable[[np.ndarray], np.ndarray]
    higher_is_better: bool = False
    is_gap: bool = True

    def of(self, counts_KGCC: np.ndarray) -> np.ndarray:
        """Return the metric of every network, (K,); of counts (..., G, C, C) values (...)."""
        return self.reduce(ratio(*self.shares(counts_KGCC)))


METRICS: dict[str, Metric] = {
    "accuracy": Metric(
        "Accuracy",
        "P(ŷ = y)",
        "Share of test images that are classified correctly.",
        accuracies,
        lambda rates_K1: rates_K1[..., 0],
        higher_is_better=True,
        is_gap=False,
    ),
    "worst_group_accuracy": Metric(
        "Worst-group accuracy",
        "min over a of P(ŷ = y | A = a)",
        "Accuracy of the group with the lowest accuracy.",
        group_accuracies,
        smallest,
        higher_is_better=True,
        is_gap=False,
    ),
    "deo_mean": Metric(
        "DEO_A (mean gap)",
        "mean over y of [max over a − min over a of P(ŷ = y | Y = y, A = a)]",
        "How far apart the recalls of the groups are, averaged over the classes.",
        recalls,
        mean_gap,
    ),
    "deo_max": Metric(
        "DEO_M (largest gap)",
        "max over y of [max over a − min over a of P(ŷ = y | Y = y, A = a)]",
        "How far apart the recalls of the groups are in the worst class.",
        recalls,
        largest_gap,
    ),
    "demographic_parity": Metric(
        "Demographic parity difference",
        "max over y of [max over a − min over a of P(ŷ = y | A = a)]",
        "How much more often one group than another is predicted as the same class.",
        selections,
        largest_gap,
    ),
    "sufficiency_gap": Metric(
        "Sufficiency gap (largest)",
        "max over y of [max over a − min over a of P(Y = y | ŷ = y, A = a)]",
        "How far apart the precisions of the groups are in the worst class.",
        precisions,
        largest_gap,
    ),
    "sufficiency_gap_mean": Metric(
        "Sufficiency gap (mean)",
        "mean over y of [max over a − min over a of P(Y = y | ŷ = y, A = a)]",
        "How far apart the precisions of the groups are, averaged over the classes.",
        precisions,
        mean_gap,
    ),
}
"""Adding a metric is one entry here, with a function for rates that none of the above gives.

DEO_M and DEO_A are those of FairDD (arXiv 2411.19623).
"""
GAPS = {name: metric for name, metric in METRICS.items() if metric.is_gap}
"""The metrics that compare groups by a range."""
