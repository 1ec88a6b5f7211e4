"""The gap of every class, and the groups with the smallest and the largest recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairdd_core.analysis.metrics import gap_KC, mean_over_networks, recall_KGC

ROUNDING = 1e-9
"""Means over networks that differ by less are equal: the order of summation is all that differs."""


@dataclass(frozen=True)
class Gap:
    """The gap of a class, and the groups at its ends.

    Attributes:
        class_id: of the class.
        worst, best: groups with the smallest and the largest recall (mean over networks); never the same one.
        worst_recall, best_recall: theirs, in [0, 1].
        size: mean over networks of the largest minus the smallest recall, in [0, 1].
        also_worst, also_best: how many other groups have the same recall.
    """

    class_id: int
    worst: int
    best: int
    worst_recall: float
    best_recall: float
    size: float
    also_worst: int = 0
    also_best: int = 0

    @property
    def alike(self) -> bool:
        """Whether the mean recall is the same in all groups."""
        return self.best_recall - self.worst_recall <= ROUNDING

    def describe(self, class_names: Sequence[str], group_names: Sequence[str]) -> str:
        """Return the gap in words: ``class 3, 98% for red against 4% for green``."""
        name = class_names[self.class_id]
        if self.alike:
            on_average = " on average" if self.size > 0 else ""  # the networks' gaps cancel
            return f"class {name}, {self.best_recall:.0%} for every group{on_average}"
        best = group_names[self.best] + (f" and {self.also_best} more" if self.also_best else "")
        worst = group_names[self.worst] + (f" and {self.also_worst} more" if self.also_worst else "")
        return f"class {name}, {self.best_recall:.0%} for {best} against {self.worst_recall:.0%} for {worst}"


def tied(recall_G: np.ndarray, end: float) -> int:
    """Return how many other groups have the recall of the group at one end of a gap."""
    return int(np.isclose(recall_G, end, rtol=0, atol=ROUNDING).sum()) - 1


def gaps(counts_KGCC: np.ndarray) -> list[Gap | None]:
    """Return the gap of every class; None where fewer than two groups have test images of it.

    Args:
        counts_KGCC: of one arm (network, group, true class, predicted class).
    """
    recall_GC = mean_over_networks(recall_KGC(counts_KGCC))
    size_C = mean_over_networks(gap_KC(counts_KGCC))
    found: list[Gap | None] = []
    for c, recall_G in enumerate(recall_GC.T):
        if np.isfinite(recall_G).sum() < 2 or not np.isfinite(size_C[c]):
            found.append(None)
            continue
        worst, best = int(np.nanargmin(recall_G)), int(np.nanargmax(recall_G))
        if worst == best:  # all are alike
            best = int(np.flatnonzero(np.isfinite(recall_G))[-1])
        low, high = float(recall_G[worst]), float(recall_G[best])
        ties = tied(recall_G, low), tied(recall_G, high)
        found.append(Gap(c, worst, best, low, high, float(size_C[c]), *ties))
    return found


def largest_gap(counts_KGCC: np.ndarray) -> Gap | None:
    """Return the largest of the gaps, the first of equal ones; None where none is defined."""
    return max((gap for gap in gaps(counts_KGCC) if gap), key=lambda gap: gap.size, default=None)


def gap_table(
    counts: Mapping[str, np.ndarray], class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return one row per (arm, class): the gap and the groups at its ends, the largest gap first.

    Columns: ``arm``, ``class``, ``gap``, ``worst group``, ``its recall``, ``best group``, ``recall of the
    best``; undefined gaps come last, as NaN.

    Args:
        counts: arm -> counts (network, group, true class, predicted class).
        class_names: in index order.
        group_names: in index order.
    """
    rows: list[dict[str, object]] = []
    for arm, counts_KGCC in counts.items():
        for name, gap in zip(class_names, gaps(counts_KGCC), strict=True):
            rows.append({"arm": arm, "class": name, "worst group": "", "best group": ""})
            if gap is not None:
                worst, best = group_names[gap.worst], group_names[gap.best]
                rows[-1] |= {"gap": gap.size, "worst group": worst, "its recall": gap.worst_recall}
                rows[-1] |= {"best group": best, "recall of the best": gap.best_recall}
    columns = ["arm", "class", "gap", "worst group", "its recall", "best group", "recall of the best"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("gap", ascending=False, kind="stable", ignore_index=True)
