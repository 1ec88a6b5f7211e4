"""The results of a run: every metric of every arm, and how one of them is written."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairdd_core.analysis.class_gaps import defined_text
from fairdd_core.analysis.intervals import metric_intervals
from fairdd_core.analysis.metrics import GAPS, METRICS, spread
from fairdd_core.analysis.noise_floor import noise_floors
from fairdd_core.analysis.sampling import Cells, Sample
from fairdd_core.analysis.wording import NO_INTERVAL, NOISE_FLOOR, chance_text, plain

HEADLINE = ("accuracy", "worst_group_accuracy", "deo_mean", "deo_max")
"""The metrics that are shown first."""
RESAMPLES = 200
"""Behind intervals of runs that were summarised by an earlier version."""
_LEFT_OUT = re.compile(r"[a-z0-9, ]{,80}")
"""What ``defined_text`` returns; the document of an imported run may hold anything."""
Markup = Literal["", "html", "markdown"]
_FORMS: dict[Markup, tuple[str, str, str]] = {
    "": ("{}", " ({}–{})", ", floor {}, excess {}"),
    "html": ("<b>{}</b>", "<small>{} to {}</small>", "<small>{}</small>"),
    "markdown": ("**{}**", "  \n:small[{} to {}]", "  \n:small[{}]"),
}
"""Markup -> how a mean, an interval and a noise floor are written."""


def results_table(
    summary: Mapping[str, Any] | None,
    counts: Mapping[str, np.ndarray] | None = None,
    samples: Callable[[str], Sequence[Sample]] | None = None,
) -> pd.DataFrame:
    """Return one row per (arm, metric).

    Columns: ``arm``, ``metric``, ``title``, ``mean``, ``std`` (over networks), ``low`` and ``high`` (95 %
    confidence interval over test images), ``floor`` and ``floor_std`` (noise floor of a gap), ``excess`` (gap
    above its floor), ``networks``, ``n`` (test images) and ``left_out`` (what a gap leaves out, see
    ``defined_text``; empty if nothing). NaN is undefined.

    Args:
        summary: ``arms``, or a value of ``others``, of a result document: arm -> metric -> ``mean``, ``std``,
            ``ci95`` and ``floor``. Entries of another form are undefined; metrics without an entry have no
            row.
        counts: arm -> counts (network, group, true class, predicted class). Where given, means and standard
            deviations come from them, and intervals and floors from the summary.
        samples: arm -> the test of every network; asked where a summary of an earlier version has no floors,
            or intervals that miss small gaps. Without it, intervals come from the counts and no floor is
            known.
    """
    known = summary if isinstance(summary, Mapping) else {}
    rows = []
    for arm in known if counts is None else counts:
        measured: Mapping[str, dict[str, Any]] | None = None
        if counts is not None and not _is_current(known.get(arm)):
            tests = samples(arm) if samples else [Cells(c, independent=False) for c in counts[arm]]
            measured = _measured(_ByContent(tests))
        entries = measured or _entries(known.get(arm))
        for name, metric in METRICS.items():
            row = {"arm": arm, "metric": name, "title": metric.title, **entries.get(name, {})}
            if counts is not None:
                values_K = metric.of(counts[arm])
                row |= {"mean": float(values_K.mean()), "std": spread(values_K)}
                row |= {"networks": len(values_K), "n": int(counts[arm][0].sum())}
                row |= {"left_out": defined_text(counts[arm], metric) if metric.is_gap else ""}
            if counts is not None or name in entries:
                rows.append(row)
    numbers = ["mean", "std", "low", "high", "floor", "floor_std"]
    table = pd.DataFrame(rows, columns=["arm", "metric", "title", *numbers, "networks", "n", "left_out"])
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce").astype(float)
    table["left_out"] = table["left_out"].fillna("").astype(str)
    table.insert(table.columns.get_loc("floor_std") + 1, "excess", table["mean"] - table["floor"])
    return table


def measure(samples: Sequence[Sample], rng: np.random.Generator, resamples: int) -> dict[str, dict[str, Any]]:
    """Return ``mean``, ``std``, ``low`` and ``high`` of every metric by its name.

    A gap has ``left_out`` (see ``defined_text``) and, unless predictions of a crossed test are unknown,
    ``floor`` and ``floor_std`` too.

    Args:
        samples: the test of every network of one arm.
        rng: source of the draws.
        resamples: draws behind the intervals.
    """
    floors = noise_floors(samples, GAPS, rng)
    bounds = metric_intervals(samples, METRICS, resamples, rng)
    counts_KGCC = np.stack([sample.counts_GCC for sample in samples])
    rows: dict[str, dict[str, Any]] = {}
    for name, metric in METRICS.items():
        values_K, (low, high) = metric.of(counts_KGCC), bounds[name]
        rows[name] = {"mean": float(values_K.mean()), "std": spread(values_K), "low": low, "high": high}
        if metric.is_gap:
            rows[name]["left_out"] = defined_text(counts_KGCC, metric)
        if floor := floors.get(name):
            rows[name] |= {"floor": floor.mean, "floor_std": floor.std}
    # A maximum is no smaller than a mean, so neither is its bound.
    for mean, largest in (("deo_mean", "deo_max"), ("sufficiency_gap_mean", "sufficiency_gap")):
        rows[largest]["high"] = max(rows[largest]["high"], rows[mean]["high"])
    return rows


class _ByContent:
    """Samples as a key of a cache."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        parts = [np.asarray(part) for sample in samples for part in vars(sample).values()]
        self.samples, self._content = samples, tuple((part.shape, part.tobytes()) for part in parts)

    def __hash__(self) -> int:
        return hash(self._content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByContent) and other._content == self._content


@lru_cache(maxsize=64)
def _measured(tests: _ByContent) -> dict[str, dict[str, Any]]:
    return measure(tests.samples, np.random.default_rng(0), RESAMPLES)


def _is_current(entries: Any) -> bool:
    """Return whether the summary of an arm has intervals of the accuracy, and floors of the gaps."""
    current = _entry(_mapping(entries).get("accuracy"))["low"] is not None
    return current and "floor" in _mapping(_mapping(entries).get("deo_mean"))


def _entries(arm: Any) -> dict[str, dict[str, Any]]:
    """Return the numbers of an arm in a result document, without intervals that miss small gaps."""
    entries = {name: _entry(entry) for name, entry in _mapping(arm).items()}
    if entries.get("accuracy", {}).get("low") is None:  # an earlier version
        entries = {name: entry | {"low": None, "high": None} for name, entry in entries.items()}
    return entries


def _entry(value: Any) -> dict[str, Any]:
    """Return the numbers of one metric in a result document, which may be damaged."""
    entry = _mapping(value)
    (low, high), (floor, floor_std) = _pair(entry.get("ci95")), _pair(entry.get("floor"))
    numbers = {"low": low, "high": high, "floor": floor, "floor_std": floor_std}
    left_out = str(entry.get("left_out") or "")
    numbers["left_out"] = left_out if _LEFT_OUT.fullmatch(left_out) else ""
    return {"mean": entry.get("mean"), "std": entry.get("std"), **numbers}


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def results_grid(
    table: pd.DataFrame,
    metrics: Sequence[str] = HEADLINE,
    arms: Sequence[str] | None = None,
    *,
    markup: Markup = "",
    uncertainty: bool = True,
) -> pd.DataFrame:
    """Return ``results_table`` as text: a row per arm, a column per metric; ``–`` where there is no result.

    Args:
        table: from ``results_table``.
        metrics: names in ``METRICS``, in order.
        arms: names in order; by default those of the table.
        markup: of the cells.
        uncertainty: whether they include the standard deviation, the interval and the noise floor.
    """
    cells = [format_result(row, markup=markup, uncertainty=uncertainty) for row in table.to_dict("records")]
    grid = table.assign(cell=cells).pivot(index="arm", columns="metric", values="cell")
    grid = grid.reindex(index=table["arm"].unique() if arms is None else arms, columns=list(metrics))
    return grid.astype(object).fillna("–").rename_axis(index=None, columns=None)


def results_text(summary: Mapping[str, Any] | None) -> list[str]:
    """Return the headline metrics of a result document as the lines of a plain table; none without arms.

    Args:
        summary: as in ``results_table``.
    """
    grid = results_grid(results_table(summary))
    titles = {name: METRICS[name].title for name in HEADLINE}
    if grid.empty:
        return []
    return [*grid.rename(columns=titles).to_string().splitlines(), *textwrap.wrap(plain(NOISE_FLOOR), 100)]


def format_result(row: Mapping[Any, Any], *, markup: Markup = "", uncertainty: bool = True) -> str:
    """Return a row of ``results_table`` as text: ``9.1 pt ± 1.2 (0.4–10.9), floor 7.1, excess 2.0``.

    Rates are per cent and gaps percentage points (``pt``). A gap that leaves out classes or cells says so in
    every form: ``0.0 pt, over 1 of 2 classes``.

    Args:
        row: of ``results_table``.
        markup: if any, the mean is bold and the interval small.
        uncertainty: whether to add the standard deviation, the interval and the noise floor.
    """
    mean, std, low, high, floor = (100 * row[name] for name in ("mean", "std", "low", "high", "floor"))
    if np.isnan(mean):
        return "undefined"
    unit = "%" if METRICS[row["metric"]].higher_is_better else "pt"
    bold, interval, below = _FORMS[markup]
    text = f"{bold.format(f'{mean:.1f}')} {unit}"
    if uncertainty and not np.isnan(std):
        text += f" ± {std:.1f}"
    if uncertainty and not np.isnan(low):
        text += interval.format(f"{low:.1f}", f"{high:.1f}")
    elif uncertainty and markup and not pd.isna(row.get("n")):  # an earlier version may have had none
        text += below.format(f"no interval: {NO_INTERVAL}")
    if uncertainty and not np.isnan(floor):
        numbers = [f"{floor:.1f}", f"{mean - floor:.1f}"]
        chance = [chance_text(row["mean"], row["floor"])] if markup else numbers
        text += below.format(*chance)
    if left_out := row.get("left_out"):
        text += below.format(left_out) if markup else f", {left_out}"
    return text
