"""Distances of every group from the synthetic images and from the targets of the methods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fairdd_core.analysis.theorem import measured_verdict

ALL_CLASSES = "all classes"
SETTLED = 0.75
"""Share of a run after which the images hardly change."""
NO_VARIANCE = 1e-6


def last_moment(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a run's diagnostics that were logged last."""
    return cells[cells["iteration"] == cells["iteration"].max()]


def residual_table(cells: pd.DataFrame, classes: Sequence[str], groups: Sequence[str]) -> pd.DataFrame:
    """Return the residuals at one iteration in units of the spread of the class.

    Args:
        cells: rows of one iteration of a run's diagnostics (see ``events.Diagnosed``).
        classes: names.
        groups: names.

    Returns:
        ``arm``, ``class``, ``group``, ``share`` and ``residual``: 1 is the mean distance of the class's
        groups from their common centre, so that classes and networks can be compared.
    """
    unit = cells.groupby(["arm", "class_id"])["uniform"].transform("mean").clip(lower=1e-12)
    named = {
        "arm": cells["arm"],
        "class": [_class_name(c, classes) for c in cells["class_id"]],
        "group": [groups[g] for g in cells["group_id"]],
        "share": cells["share"],
        "residual": cells["residual"] / unit,
    }
    return pd.DataFrame(named).reset_index(drop=True)


def theorem_table(cells: pd.DataFrame, classes: Sequence[str], groups: Sequence[str]) -> pd.DataFrame:
    """Return, for every class, what Theorem 4.1 (COBRA, arXiv 2605.00185) says at one iteration.

    Args:
        cells: rows of one iteration.
        classes: names.
        groups: names.

    Returns:
        ``class``, ``worst group`` (the one farthest from the groups' common centre), ``vanilla target`` and
        ``common centre`` (the largest distance of a group from either), ``shift`` (between the two), all in
        units of the class's spread, ``condition`` (whether the theorem guarantees that the common centre has
        no larger distance than vanilla's target) and ``not exceeded`` (whether it has none).
    """
    rows = []
    for class_id, of_class in cells[cells["arm"] == cells["arm"].iloc[0]].groupby("class_id"):
        verdict, unit = measured_verdict(of_class), max(float(of_class["uniform"].mean()), 1e-12)
        rows.append(
            {
                "class": _class_name(int(str(class_id)), classes),
                "worst group": groups[int(of_class["group_id"].iloc[verdict.worst])],
                "vanilla target": verdict.worst_vanilla / unit,
                "common centre": verdict.worst_aligned / unit,
                "shift": verdict.shift / unit,
                "condition": verdict.holds,
                "not exceeded": verdict.kept,
            }
        )
    return pd.DataFrame(rows)


def target_variances(cells: pd.DataFrame) -> pd.Series:
    """Return the variance of the mean that each method aims at, where that of one real image is 1.

    It comes from the draw of the real images; below ``NO_VARIANCE`` it is rounding, since all were used.

    Args:
        cells: rows of one iteration of a run's diagnostics.

    Returns:
        The mean over classes, by arm; empty for runs of earlier versions, which did not measure it.
    """
    if "target_variance" not in cells:
        return pd.Series(dtype=float)
    return cells.groupby("arm", sort=False)["target_variance"].mean().dropna()


def _class_name(class_id: int, classes: Sequence[str]) -> str:
    return ALL_CLASSES if class_id < 0 else classes[class_id]


def distance_table(
    residuals: pd.DataFrame, class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return the rows of ``events.Embedded.residuals`` with the names of classes and groups."""
    return pd.DataFrame(
        {
            "arm": residuals["arm"],
            "class": np.array(class_names, object)[residuals["class_id"].to_numpy(int)],
            "group": np.array(group_names, object)[residuals["group_id"].to_numpy(int)],
            "images": residuals["n"],
            "share": residuals["share"],
            "to target": residuals["to_target"],
            "to synthetic": residuals["to_synthetic"],
        }
    )


def distance_matrix(residuals: pd.DataFrame, focus: int, group_names: Sequence[str]) -> pd.DataFrame:
    """Return the distances of one class, a row per group.

    Args:
        residuals: see ``events.Embedded``.
        focus: index of the class.
        group_names: in index order.

    Returns:
        A table indexed by group with the columns ``(arm, "target")`` and ``(arm, "images")`` for every arm,
        and before them ``("", "n")`` and ``("", "share")``; NaN where a group has no image of the class.
    """
    rows = residuals[residuals["class_id"] == focus]
    columns: dict[tuple[str, str], pd.Series] = {}
    for arm in dict.fromkeys(rows["arm"]):
        own = rows[rows["arm"] == arm].set_index("group_id").reindex(range(len(group_names)))
        columns |= {("", "n"): own["n"].fillna(0).astype(int), ("", "share"): own["share"].fillna(0.0)}
        columns |= {(arm, "target"): own["to_target"], (arm, "images"): own["to_synthetic"]}
    table = pd.DataFrame(columns)
    table.index = pd.Index(list(group_names), name="group")
    return table


def settled_residual(steps: pd.DataFrame) -> float:
    """Return the median of the worst residual over the last quarter of the iterations.

    Every iteration uses another random network, so unlike distances in the features of one network the
    median can be compared across runs.

    Args:
        steps: of one arm, with ``iteration`` and ``worst_residual``.
    """
    late = steps[steps["iteration"] >= SETTLED * steps["iteration"].max()]
    return float(late["worst_residual"].median())
