"""One metric of a sweep over its grid of skews and separations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.repeats import over_seeds

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
        (how many have one), ``of`` (how many there are), ``state`` (of the first that has none, else done),
        ``low`` and ``high`` (95 % interval: over test images for one seed, else the t-interval of the mean
        over seeds), ``floor`` (mean noise floor of a gap) and ``left_out`` (what the first seed's gap leaves
        out).
    """
    part = table[table["arm"] == arm]
    waiting = part["state"].where(part["state"] != "done")
    grid = part.assign(waiting=waiting).groupby(["skew", "separation"])
    columns = {"value": (metric, "mean"), "seeds": (metric, "count"), "of": ("state", "size")}
    columns |= {"low": (f"{metric}_low", "first"), "high": (f"{metric}_high", "first")}
    columns |= {"floor": (f"{metric}_floor", "mean"), "left_out": (f"{metric}_left_out", "first")}
    found = grid.agg(**columns, state=("waiting", "first")).reset_index()
    return _over_seeds(found.assign(state=found["state"].fillna("done")), part, metric)


def _over_seeds(grid: pd.DataFrame, part: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return a grid with t-intervals of a column of ``part`` where it has several seeds."""
    groups = {place: rows[value].to_numpy(float) for place, rows in part.groupby(["skew", "separation"])}
    found = [over_seeds(groups[place]) for place in zip(grid["skew"], grid["separation"], strict=True)]
    one = grid["seeds"] < 2
    return grid.assign(
        low=grid["low"].astype(float).where(one, [seeds.low for seeds in found]),
        high=grid["high"].astype(float).where(one, [seeds.high for seeds in found]),
    )


def gain_table(table: pd.DataFrame, arm: str, reference: str, metric: str) -> pd.DataFrame:
    """Return ``grid_table`` of ``arm`` with how much better it is than ``reference`` as its value.

    The interval is that of the differences seed by seed.
    """
    sides = [
        table[table["arm"] == name].set_index(["skew", "separation", "seed"]) for name in (arm, reference)
    ]
    sign = 1 if METRICS[metric].higher_is_better else -1
    gain = sign * (sides[0][metric] - sides[1][metric])
    # Intervals over test images, floors and what is left out are those of a method, not of a difference.
    own = {f"{metric}_{part}": np.nan for part in ("low", "high", "floor")} | {f"{metric}_left_out": ""}
    return grid_table(sides[0].assign(**{metric: gain}, **own).reset_index(), arm, metric)


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
