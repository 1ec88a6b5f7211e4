"""Tables behind the figures of one run or several: counts, recalls, confusions, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fairdd_core.analysis.intervals import wilson
from fairdd_core.analysis.metrics import (
    METRICS,
    gap_KC,
    group_accuracy_KG,
    mean_over_networks,
    ratio,
    recall_KGC,
)
from fairdd_core.analysis.results import HEADLINE

Counts = Mapping[str, np.ndarray]
"""Arm name -> counts_KGCC (network, group, true class, predicted class)."""


def _cells(names: Mapping[str, Sequence[str]], columns: Mapping[str, object]) -> pd.DataFrame:
    """Return one row per combination of names, with columns from arrays that broadcast to their grid."""
    index = pd.MultiIndex.from_product([list(values) for values in names.values()], names=list(names))
    shape = tuple(map(len, names.values()))
    flat = {name: np.broadcast_to(np.asarray(values), shape).ravel() for name, values in columns.items()}
    return pd.DataFrame(flat, index=index).reset_index()


def _stacked(tables: Mapping[str, pd.DataFrame], name: str = "arm") -> pd.DataFrame:
    """Return tables below each other, with their keys as the first column, which is called ``name``."""
    return pd.concat(tables, names=[name, None]).reset_index(name).reset_index(drop=True)


def _rates(rate: np.ndarray, n: np.ndarray, networks: int, name: str) -> dict[str, object]:
    """Return the columns of a rate, its mean over networks: with its Wilson interval, ``n``, ``networks``."""
    low, high = wilson(rate, n)
    return {name: rate, "low": low, "high": high, "n": n, "networks": networks}


def counts_table(
    counts_CG: np.ndarray, class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return one row per (class, group): ``class``, ``group``, ``images`` and ``share`` of the class.

    The share of a class without images is undefined (NaN).
    """
    share_CG = ratio(counts_CG, counts_CG.sum(axis=1, keepdims=True))
    return _cells({"class": class_names, "group": group_names}, {"images": counts_CG, "share": share_CG})


def recall_table(counts: Counts, class_names: Sequence[str], group_names: Sequence[str]) -> pd.DataFrame:
    """Return one row per (arm, class, group).

    Columns: ``arm``, ``class``, ``group``, ``recall`` (mean over networks, NaN where there are no test
    images), ``low`` and ``high`` (95 % Wilson interval over the test images), ``n`` (test images),
    ``networks``, ``gap`` (of the class: mean over networks of the largest minus the smallest recall, so
    that its mean over classes is DEO_A).
    """

    def of_arm(counts_KGCC: np.ndarray) -> pd.DataFrame:
        recall_CG = mean_over_networks(recall_KGC(counts_KGCC)).T
        columns = _rates(recall_CG, counts_KGCC[0].sum(axis=-1).T, len(counts_KGCC), "recall")
        gap_C1 = mean_over_networks(gap_KC(counts_KGCC))[:, None]
        return _cells({"class": class_names, "group": group_names}, {**columns, "gap": gap_C1})

    return _stacked({arm: of_arm(counts_KGCC) for arm, counts_KGCC in counts.items()})


def group_table(counts: Counts, group_names: Sequence[str]) -> pd.DataFrame:
    """Return one row per (arm, group): ``accuracy`` (mean), ``low``, ``high``, ``n``, ``networks``."""

    def of_arm(counts_KGCC: np.ndarray) -> pd.DataFrame:
        accuracy_G = mean_over_networks(group_accuracy_KG(counts_KGCC))
        columns = _rates(accuracy_G, counts_KGCC[0].sum(axis=(-2, -1)), len(counts_KGCC), "accuracy")
        return _cells({"group": group_names}, columns)

    return _stacked({arm: of_arm(counts_KGCC) for arm, counts_KGCC in counts.items()})


def network_table(counts: Counts) -> pd.DataFrame:
    """Return one row per (arm, network) with every metric, and ``n`` test images."""
    tables = {
        arm: pd.DataFrame(
            {"network": range(len(counts_KGCC)), "n": counts_KGCC.sum(axis=(1, 2, 3))}
            | {name: metric.of(counts_KGCC) for name, metric in METRICS.items()}
        )
        for arm, counts_KGCC in counts.items()
    }
    return _stacked(tables)


def confusion_table(counts_KGCC: np.ndarray, group: int | None, class_names: Sequence[str]) -> pd.DataFrame:
    """Return one row per (true class, predicted class), summed over networks.

    Columns: ``true``, ``predicted``, ``answers`` (predictions of all networks), ``share`` of the true class's
    predictions (NaN where it has none) and ``n`` (predictions for the true class).

    Args:
        counts_KGCC: of one arm.
        group: index of the group, or None for all groups together.
        class_names: in index order.
    """
    counts_GCC = counts_KGCC.sum(axis=0)
    counts_CC = counts_GCC.sum(axis=0) if group is None else counts_GCC[group]
    n_C1 = counts_CC.sum(axis=1, keepdims=True)
    columns = {"answers": counts_CC, "share": ratio(counts_CC, n_C1), "n": n_C1}
    return _cells({"true": class_names, "predicted": class_names}, columns)


def architecture_table(counts: Mapping[str, Counts]) -> pd.DataFrame:
    """Return one row per (architecture, arm).

    Columns: ``architecture``, ``arm``, the means over networks of ``HEADLINE``, and ``networks``.

    Args:
        counts: name of the architecture -> its counts; one without counts is left out.
    """
    table = _stacked(
        {name: network_table(of_arms) for name, of_arms in counts.items() if of_arms}, "architecture"
    )
    groups = table.groupby(["architecture", "arm"], sort=False)
    return groups[list(HEADLINE)].mean().assign(networks=groups.size()).reset_index()


def curves_table(steps: pd.DataFrame) -> pd.DataFrame:
    """Return the logged steps, by iteration: ``arm``, ``iteration``, ``loss``, ``worst_residual``."""
    columns = ["arm", "iteration", "loss", "worst_residual"]
    if steps.empty:
        return pd.DataFrame(columns=columns)
    return steps[columns].sort_values("iteration", kind="stable").reset_index(drop=True)
