"""The results of a run: every metric of every arm, and how one of them is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairdd_core.analysis.metrics import METRICS, spread

HEADLINE = ("accuracy", "worst_group_accuracy", "deo_mean", "deo_max")
"""The metrics that are shown first."""
Markup = Literal["", "html", "markdown"]
_FORMS: dict[Markup, tuple[str, str]] = {
    "": ("{}", " ({}–{})"),
    "html": ("<b>{}</b>", "<small>{} to {}</small>"),
    "markdown": ("**{}**", "  \n:small[{} to {}]"),
}
"""Markup -> how a mean and an interval are written."""


def results_table(
    summary: Mapping[str, Any] | None, counts: Mapping[str, np.ndarray] | None = None
) -> pd.DataFrame:
    """Return one row per (arm, metric).

    Columns: ``arm``, ``metric``, ``title``, ``mean``, ``std`` (over networks), ``low`` and ``high`` (95 %
    bootstrap interval over test images, where the run has one), ``networks`` and ``n`` (test images). NaN is
    undefined.

    Args:
        summary: ``arms``, or a value of ``others``, of a result document: arm -> metric -> ``mean``, ``std``
            and ``ci95``. Entries of another form are undefined; metrics without an entry have no row.
        counts: arm -> counts (network, group, true class, predicted class). Where given, means and standard
            deviations come from them, and intervals alone from the summary.
    """
    known = summary if isinstance(summary, Mapping) else {}
    rows = []
    for arm in known if counts is None else counts:
        entries = _mapping(known.get(arm))
        for name, metric in METRICS.items():
            row = {"arm": arm, "metric": name, "title": metric.title, **_entry(entries.get(name))}
            if counts is not None:
                values_K = metric.of(counts[arm])
                row |= {"mean": float(values_K.mean()), "std": spread(values_K)}
                row |= {"networks": len(values_K), "n": int(counts[arm][0].sum())}
            if counts is not None or name in entries:
                rows.append(row)
    numbers = ["mean", "std", "low", "high"]
    table = pd.DataFrame(rows, columns=["arm", "metric", "title", *numbers, "networks", "n"])
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce").astype(float)
    return table


def _entry(value: Any) -> dict[str, Any]:
    """Return the numbers of one metric in a result document, which may be damaged."""
    entry = _mapping(value)
    bounds = entry.get("ci95")
    low, high = bounds if isinstance(bounds, list) and len(bounds) == 2 else (None, None)
    return {"mean": entry.get("mean"), "std": entry.get("std"), "low": low, "high": high}


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
        uncertainty: whether they include the standard deviation and the interval.
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
    return [] if grid.empty else grid.rename(columns=titles).to_string().splitlines()


def format_result(row: Mapping[Any, Any], *, markup: Markup = "", uncertainty: bool = True) -> str:
    """Return a row of ``results_table`` as text: ``24.9 % ± 1.2 (23.1–27.0)``.

    Rates are per cent and gaps percentage points (``pt``).

    Args:
        row: with ``metric``, ``mean``, ``std``, ``low`` and ``high``.
        markup: if any, the mean is bold and the interval small.
        uncertainty: whether to add the standard deviation and the interval.
    """
    mean, std, low, high = (100 * row[name] for name in ("mean", "std", "low", "high"))
    if np.isnan(mean):
        return "undefined"
    unit = "%" if METRICS[row["metric"]].higher_is_better else "pt"
    bold, interval = _FORMS[markup]
    text = f"{bold.format(f'{mean:.1f}')} {unit}"
    if uncertainty and not np.isnan(std):
        text += f" ± {std:.1f}"
    if uncertainty and not np.isnan(low):
        text += interval.format(f"{low:.1f}", f"{high:.1f}")
    return text
