"""The tables behind the fairness figures, from counts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fairdd_core.analysis.intervals import wilson
from fairdd_core.analysis.metrics import METRICS, gap_KC, group_accuracy_KG, recall_KGC
from fairdd_core.analysis.results import HEADLINE

Counts = Mapping[str, np.ndarray]
"""Arm name -> counts_KGCC (network, group, true class, predicted class)."""


def mean_over_networks(values: np.ndarray) -> np.ndarray:
    """Mean over networks; what no network defines stays NaN."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty", RuntimeWarning)
        return np.asarray(np.nanmean(values, axis=0))


def recall_table(counts: Counts, class_names: Sequence[str], group_names: Sequence[str]) -> pd.DataFrame:
    """Return one row per (arm, class, group).

    Columns: ``arm``, ``class``, ``group``, ``recall`` (mean over networks, NaN where there are no test
    images), ``low`` and ``high`` (95 % Wilson interval over the test images), ``n`` (test images),
    ``networks``, ``gap`` (of the class: mean over networks of the largest minus the smallest recall, so
    that its mean over classes is DEO_A).
    """
    frames = []
    for arm, counts_KGCC in counts.items():
        recall_CG = mean_over_networks(recall_KGC(counts_KGCC)).T
        n_CG = counts_KGCC[0].sum(axis=-1).T
        low, high = wilson(recall_CG, n_CG)
        c, g = np.indices(recall_CG.shape)
        frames.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "class": np.array(class_names, object)[c.ravel()],
                    "group": np.array(group_names, object)[g.ravel()],
                    "recall": recall_CG.ravel(),
                    "low": low.ravel(),
                    "high": high.ravel(),
                    "n": n_CG.ravel(),
                    "networks": len(counts_KGCC),
                    "gap": mean_over_networks(gap_KC(counts_KGCC))[c.ravel()],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def group_table(counts: Counts, group_names: Sequence[str]) -> pd.DataFrame:
    """Return one row per (arm, group): ``accuracy`` (mean), ``low``, ``high``, ``n``, ``networks``."""
    frames = []
    for arm, counts_KGCC in counts.items():
        accuracy_G = mean_over_networks(group_accuracy_KG(counts_KGCC))
        n_G = counts_KGCC[0].sum(axis=(-2, -1))
        low, high = wilson(accuracy_G, n_G)
        frames.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "group": list(group_names),
                    "accuracy": accuracy_G,
                    "low": low,
                    "high": high,
                    "n": n_G,
                    "networks": len(counts_KGCC),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def network_table(counts: Counts) -> pd.DataFrame:
    """Return one row per (arm, network) with every metric, and ``n`` test images."""
    rows = []
    for arm, counts_KGCC in counts.items():
        values = {name: metric.of(counts_KGCC) for name, metric in METRICS.items()}
        for k in range(len(counts_KGCC)):
            row = {"arm": arm, "network": k, "n": int(counts_KGCC[k].sum())}
            rows.append(row | {name: float(values_K[k]) for name, values_K in values.items()})
    return pd.DataFrame(rows)


def confusion_table(counts_KGCC: np.ndarray, group: int | None, class_names: Sequence[str]) -> pd.DataFrame:
    """Return one row per (true class, predicted class), summed over networks.

    Columns: ``true``, ``predicted``, ``answers`` (of all networks), ``share`` of the true class's answers
    (NaN where it has none) and ``n`` (answers for the true class).

    Args:
        counts_KGCC: of one arm.
        group: index of the group, or None for all groups together.
        class_names: in index order.
    """
    counts = counts_KGCC.sum(axis=0)
    counts_CC = counts.sum(axis=0) if group is None else counts[group]
    n_C = counts_CC.sum(axis=1, keepdims=True)
    share = np.divide(counts_CC, n_C, out=np.full(counts_CC.shape, np.nan), where=n_C > 0)
    t, p = np.indices(counts_CC.shape)
    names = np.array(class_names, object)
    return pd.DataFrame(
        {
            "true": names[t.ravel()],
            "predicted": names[p.ravel()],
            "answers": counts_CC.ravel(),
            "share": share.ravel(),
            "n": np.broadcast_to(n_C, counts_CC.shape).ravel(),
        }
    )


def counts_table(
    counts_CG: np.ndarray, class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return one row per (class, group): ``class``, ``group``, ``images`` and ``share`` of the class.

    The share of a class without images is undefined (NaN).
    """
    counts = np.asarray(counts_CG)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    c, g = np.indices(counts.shape)
    return pd.DataFrame(
        {
            "class": np.array(class_names, object)[c.ravel()],
            "group": np.array(group_names, object)[g.ravel()],
            "images": counts.ravel(),
            "share": share.ravel(),
        }
    )


def architecture_table(counts: Mapping[str, Counts]) -> pd.DataFrame:
    """Return one row per (architecture, arm).

    Columns: ``architecture``, ``arm``, the means over networks of ``HEADLINE``, and ``networks``.

    Args:
        counts: name of the architecture -> its counts; one without counts is left out.
    """
    frames = []
    for name, of_arms in counts.items():
        if not of_arms:
            continue
        groups = network_table(of_arms).groupby("arm", sort=False)
        table = groups[list(HEADLINE)].mean().assign(networks=groups.size()).reset_index()
        frames.append(table.assign(architecture=name))
    table = pd.concat(frames, ignore_index=True)
    return table[["architecture", "arm", *HEADLINE, "networks"]]


def overview_table(runs: Mapping[str, Counts]) -> pd.DataFrame:
    """Return ``network_table`` of every run, with the run's letter as a first column ``run``."""
    frames = [network_table(counts).assign(run=letter) for letter, counts in runs.items() if counts]
    if not frames:
        return pd.DataFrame(columns=["run", "arm", "network", "n", *METRICS])
    table = pd.concat(frames, ignore_index=True)
    return table[["run", *(name for name in table.columns if name != "run")]]


def curves_table(steps: pd.DataFrame) -> pd.DataFrame:
    """Return the logged steps, by iteration: ``arm``, ``iteration``, ``loss``, ``worst_residual``."""
    columns = ["arm", "iteration", "loss", "worst_residual"]
    if steps.empty:
        return pd.DataFrame(columns=columns)
    return steps[columns].sort_values("iteration", kind="stable").reset_index(drop=True)
