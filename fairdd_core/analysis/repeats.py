"""Results over repeats: means, standard deviations and t-intervals over seeds, and paired differences.

The value of a seed is the mean over its test networks, so that a seed with many networks counts no more than
one with few. Seeds are independent draws of everything that chance decides: groups of the training images,
initial images and networks, batches. Their spread is that of the whole procedure, test images aside where
all seeds have the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from fairdd_core.analysis.metrics import METRICS

QUANTITIES = {"mean": "value", "floor": "noise floor", "excess": "above the floor"}
"""Column of ``results_table`` -> what it is; each is aggregated over seeds."""
LEVEL = 0.95


@dataclass(frozen=True)
class OverSeeds:
    """A number over several seeds.

    Attributes:
        mean: over the seeds that have it; NaN where none has.
        std: sample standard deviation; NaN for fewer than two seeds.
        low, high: t-interval of the mean; NaN for fewer than two seeds, and where all seeds agree exactly,
            for then their spread says nothing.
        seeds: how many have it.
    """

    mean: float
    std: float
    low: float
    high: float
    seeds: int


_NAN = float("nan")
_UNDEFINED = OverSeeds(_NAN, _NAN, _NAN, _NAN, 0)


def over_seeds(values_R: np.ndarray, level: float = LEVEL) -> OverSeeds:
    """Return mean, standard deviation and t-interval of the values of R seeds; NaN are left out."""
    values_R = np.asarray(values_R, float)
    values_R = values_R[np.isfinite(values_R)]
    count = len(values_R)
    if count == 0:
        return _UNDEFINED
    mean = float(values_R.mean())
    if count == 1:
        return OverSeeds(mean, _NAN, _NAN, _NAN, 1)
    if np.ptp(values_R) == 0:
        return OverSeeds(float(values_R[0]), 0.0, _NAN, _NAN, count)
    std = float(values_R.std(ddof=1))
    low, high = stats.t.interval(level, count - 1, loc=mean, scale=std / np.sqrt(count))
    return OverSeeds(mean, std, float(low), float(high), count)


def unpaired_over_seeds(one_R: np.ndarray, other_R: np.ndarray, level: float = LEVEL) -> OverSeeds:
    """Return the difference of two means over different seeds with Welch's t-interval.

    ``std`` is undefined and ``seeds`` that of the smaller side. There is no interval where a side has fewer
    than two seeds or no spread at all.
    """
    one, other = (np.asarray(side, float) for side in (one_R, other_R))
    one, other = one[np.isfinite(one)], other[np.isfinite(other)]
    count = min(len(one), len(other))
    if count == 0:
        return _UNDEFINED
    value = float(one.mean() - other.mean())
    if count < 2 or (np.ptp(one) == 0 and np.ptp(other) == 0):
        return OverSeeds(value, _NAN, _NAN, _NAN, count)
    found = stats.ttest_ind(one, other, equal_var=False).confidence_interval(level)
    return OverSeeds(value, _NAN, float(found.low), float(found.high), count)


def seed_table(results: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per (seed, arm, metric).

    Columns: ``seed``, ``arm``, ``metric``, ``title``, ``mean`` (over the test networks), ``floor`` and
    ``excess``; NaN is undefined.

    Args:
        results: seed -> ``results_table`` of its run.
    """
    columns = ["arm", "metric", "title", *QUANTITIES]
    parts = [table[columns].assign(seed=seed) for seed, table in sorted(results.items()) if len(table)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*columns, "seed"])
    return table[["seed", *columns]]


def repeats_table(seeds: pd.DataFrame) -> pd.DataFrame:
    """Return one row per (arm, metric), with what ``analysis.results`` needs to write it.

    Columns: ``arm``, ``metric``, ``title``; ``mean``, ``std``, ``low``, ``high``, ``seeds`` (see
    ``OverSeeds``); ``floor`` and ``excess``, each also with ``_std``, ``_low``, ``_high`` and ``_seeds``.
    Intervals of rates, gaps and floors end at 0 and 1.

    Args:
        seeds: from ``seed_table``.
    """
    rows = []
    for (arm, name, title), part in seeds.groupby(["arm", "metric", "title"], sort=False):
        row: dict[str, Any] = {"arm": arm, "metric": name, "title": title}
        for quantity in QUANTITIES:
            row |= _columns(quantity, over_seeds(part[quantity].to_numpy(float)))
        rows.append(row)
    names = [name for quantity in QUANTITIES for name in _columns(quantity, _UNDEFINED)]
    return pd.DataFrame(rows, columns=["arm", "metric", "title", *names])


def _columns(quantity: str, found: OverSeeds) -> dict[str, float]:
    prefix = "" if quantity == "mean" else f"{quantity}_"
    low, high = np.clip([found.low, found.high], -1 if quantity == "excess" else 0, 1)
    spread = {"std": found.std, "low": float(low), "high": float(high), "seeds": found.seeds}
    return {quantity: found.mean} | {f"{prefix}{name}": value for name, value in spread.items()}


def reference_arm(arms: Sequence[str]) -> str:
    """Return the arm that others are compared with: vanilla, else the first one."""
    return "vanilla" if "vanilla" in arms else arms[0]


def arm_differences(
    seeds: pd.DataFrame, arms: Sequence[str], against: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return how much arms differ, seed by seed: paired, so that what a seed does to all arms cancels.

    Columns: ``arm``, ``against``, ``metric``, ``quantity`` (of ``QUANTITIES``), ``difference`` (arm minus
    the other), ``std``, ``low``, ``high``, ``seeds`` (that have both) and ``by_seed`` (seed -> difference).

    Args:
        seeds: from ``seed_table``.
        arms: names in order; those without a result are left out.
        against: arms to compare the others with; by default every pair, a later arm against an earlier one.
    """
    present = [arm for arm in arms if arm in set(seeds["arm"])]
    if against is None:
        pairs = [(arm, other) for other, arm in combinations(present, 2)]
    else:
        pairs = [(arm, other) for other in against if other in present for arm in present if arm != other]
    rows = []
    for arm, other in pairs:
        for name in METRICS:
            one, two = (_by_seed(seeds, side, name) for side in (arm, other))
            rows += [
                {"arm": arm, "against": other, "metric": name, **_difference(one, two, q)} for q in QUANTITIES
            ]
    head = ["arm", "against", "metric", "quantity", "difference", "std", "low", "high", "seeds", "by_seed"]
    return pd.DataFrame(rows, columns=head)[lambda table: table["seeds"] > 0].reset_index(drop=True)


def run_differences(
    one: pd.DataFrame, other: pd.DataFrame, arms: Sequence[str], *, paired: bool
) -> pd.DataFrame:
    """Return how much the arms of two sets of repeats differ.

    Columns: as in ``arm_differences`` without ``against``, and ``paired``. Paired, a seed of one is compared
    with the same seed of the other; else the interval is Welch's and ``by_seed`` is empty.

    Args:
        one: from ``seed_table``.
        other: likewise; it is subtracted.
        arms: names in order; those that either lacks are left out.
        paired: whether the same seed stands for the same test images and networks.
    """
    rows = []
    for arm in (arm for arm in arms if arm in set(one["arm"]) & set(other["arm"])):
        for name in METRICS:
            own, base = (_by_seed(table, arm, name) for table in (one, other))
            for quantity in QUANTITIES:
                found = (_difference if paired else _unpaired)(own, base, quantity)
                rows.append({"arm": arm, "metric": name, **found, "paired": paired})
    head = ["arm", "metric", "quantity", "difference", "std", "low", "high", "seeds", "by_seed", "paired"]
    return pd.DataFrame(rows, columns=head)[lambda table: table["seeds"] > 0].reset_index(drop=True)


def _by_seed(seeds: pd.DataFrame, arm: str, metric: str) -> pd.DataFrame:
    return seeds[(seeds["arm"] == arm) & (seeds["metric"] == metric)].set_index("seed")


def _difference(one: pd.DataFrame, other: pd.DataFrame, quantity: str) -> dict[str, Any]:
    by_seed = (one[quantity].astype(float) - other[quantity].astype(float)).dropna()
    # Differences that only the order of summation makes are none.
    by_seed = by_seed.where(by_seed.abs() > 1e-12, 0.0)
    values = {int(seed): float(value) for seed, value in by_seed.items()}
    return _row(quantity, over_seeds(by_seed.to_numpy(float)), values)


def _unpaired(one: pd.DataFrame, other: pd.DataFrame, quantity: str) -> dict[str, Any]:
    one_R, other_R = (side[quantity].to_numpy(float) for side in (one, other))
    return _row(quantity, unpaired_over_seeds(one_R, other_R), {})


def _row(quantity: str, found: OverSeeds, by_seed: dict[int, float]) -> dict[str, Any]:
    low, high = np.clip([found.low, found.high], -1, 1)
    spread = {"difference": found.mean, "std": found.std, "low": float(low), "high": float(high)}
    return {"quantity": quantity, **spread, "seeds": found.seeds, "by_seed": by_seed}
