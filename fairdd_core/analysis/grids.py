"""One metric of a sweep over its grid of skews and separations."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from fairdd_core.analysis.metrics import METRICS

Place = tuple[float, float]
"""Skew and separation."""


def grid_table(table: pd.DataFrame, arm: str, metric: str) -> pd.DataFrame:
    """Return one row per place of a sweep for one arm and metric.

    Args:
        table: from ``runs.storage.sweeps.sweep_table``.
        arm: name of the arm.
        metric: a name in ``METRICS``.

    Returns:
        ``skew``, ``separation``, ``value`` (mean over the seeds that have one; NaN where none has), ``seeds``
        (how many have one), ``of`` (how many there are), ``state`` (of the first that has none, else done).
    """
    part = table[table["arm"] == arm]
    waiting = part["state"].where(part["state"] != "done")
    grid = part.assign(waiting=waiting).groupby(["skew", "separation"])
    columns = {"value": (metric, "mean"), "seeds": (metric, "count"), "of": ("state", "size")}
    found = grid.agg(**columns, state=("waiting", "first")).reset_index()
    return found.assign(state=found["state"].fillna("done"))


def gain_table(table: pd.DataFrame, arm: str, reference: str, metric: str) -> pd.DataFrame:
    """Return ``grid_table`` of ``arm`` with how much better it is than ``reference`` as its value."""
    own, other = grid_table(table, arm, metric), grid_table(table, reference, metric)
    sign = 1 if METRICS[metric].higher_is_better else -1
    return own.assign(value=sign * (own["value"] - other["value"]))


def worst_place(
    table: pd.DataFrame, arms: Sequence[str], metric: str
) -> tuple[Place, dict[str, float]] | None:
    """Return where the first arm has its worst mean over seeds, and the means of the arms there.

    Args:
        table: from ``runs.storage.sweeps.sweep_table``.
        arms: names; those without a result at the place are left out.
        metric: a name in ``METRICS``.

    Returns:
        None when the first arm has no result.
    """
    mean = table.groupby(["arm", "skew", "separation"])[metric].mean().dropna().unstack("arm")
    if arms[0] not in mean:
        return None
    skew, separation = mean[arms[0]].idxmin() if METRICS[metric].higher_is_better else mean[arms[0]].idxmax()
    values = mean.loc[(skew, separation)].dropna()
    return (skew, separation), {arm: float(values[arm]) for arm in arms if arm in values}
