"""The results of a run: every metric of every arm, and how one of them is written."""

from __future__ import annotations

from collections.abc import Mapping
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
_COLUMNS = ["arm", "metric", "title", "mean", "std", "low", "high", "networks", "n"]


def results_table(
    summary: Mapping[str, Any] | None, counts: Mapping[str, np.ndarray] | None = None
) -> pd.DataFrame:
    """Return one row per (arm, metric).

    Columns: ``arm``, ``metric``, ``title``, ``mean``, ``std`` (over networks), ``low`` and ``high`` (95 %
    bootstrap interval over test images, where the run has one), ``networks`` and ``n`` (test images). NaN is
    undefined.

    Args:
        summary: ``arms``, or a value of ``others``, of a result document: arm -> metric -> ``mean``, ``std``
            and ``ci95``. Entries that are missing or of another form count as undefined.
        counts: arm -> counts (network, group, true class, predicted class). Where given, they name the arms,
            and the summary is asked for intervals alone; otherwise ``networks`` and ``n`` are NaN.
    """
    known = summary if isinstance(summary, Mapping) else {}
    rows = []
    for arm in known if counts is None else counts:
        for name, metric in METRICS.items():
            entry = _mapping(_mapping(known.get(arm)).get(name))
            mean, std, networks, n = entry.get("mean"), entry.get("std"), None, None
            if counts is not None:
                values_K = metric.of(counts[arm])
                mean, std = float(values_K.mean()), spread(values_K)
                networks, n = len(values_K), int(counts[arm][0].sum())
            low, high = entry.get("ci95") or (None, None)
            rows.append((arm, name, metric.title, mean, std, low, high, networks, n))
    floats = dict.fromkeys(("mean", "std", "low", "high"), float)
    return pd.DataFrame(rows, columns=_COLUMNS).astype(floats)


def results_grid(
    table: pd.DataFrame,
    metrics: tuple[str, ...] = HEADLINE,
    *,
    markup: Markup = "",
    uncertainty: bool = True,
) -> pd.DataFrame:
    """Return ``results_table`` as text: a row per arm, a column per metric.

    Args:
        table: from ``results_table``.
        metrics: names in ``METRICS``, in order.
        markup: of the cells.
        uncertainty: whether they say the standard deviation and the interval.
    """
    cells = [format_result(row, markup=markup, uncertainty=uncertainty) for row in table.to_dict("records")]
    grid = table.assign(cell=cells).pivot(index="arm", columns="metric", values="cell")
    return grid.reindex(index=table["arm"].unique(), columns=list(metrics))


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


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
