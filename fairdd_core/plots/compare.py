"""Figures of several runs side by side, on common axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.spec.evaluation import BASELINES
from fairdd_core.plots.dots import row_axis
from fairdd_core.plots.floor import draw_floor, gap_text
from fairdd_core.plots.theme import NEUTRAL, arm_label, arm_styles, base, error_bars, fitted_axis, literal

_ROW = 40
_CORNERS = ("top left", "top right", "bottom right", "bottom left")
"""Every run has its letter at another corner, so that runs with equal results can be told apart."""


def overview(table: pd.DataFrame, gap: str = "deo_mean") -> go.Figure:
    """Draw accuracy against a gap: a mark is a method of a run, the mean of its networks.

    It carries the letter of the run, and the interval and the noise floor of its gap. A line joins the
    methods of a run in order; baselines are hollow.

    Args:
        table: ``results_table`` of every run, with the run's letter in the column ``run``.
        gap: ``deo_mean`` or ``deo_max``.
    """
    fig = base(440, legend_rows=3)
    means = _with_accuracy(table, gap)
    draw_floor(fig, means["floor"], means["floor_std"], means["accuracy"], size=12, legend=True)
    for _, rows in means[~means["arm"].isin(BASELINES)].groupby("run", sort=False):
        line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
        fig.add_scatter(
            x=rows["mean"], y=rows["accuracy"], mode="lines", line=line, showlegend=False, hoverinfo="skip"
        )
    for arm, style in arm_styles(list(dict.fromkeys(table["arm"]))).items():
        rows = means[means["arm"] == arm]
        bars = error_bars(rows["mean"], rows["low"], rows["high"], color=style.color, thickness=1, width=0)
        fig.add_scatter(
            x=rows["mean"],
            y=rows["accuracy"],
            name=style.text,
            mode="markers+text",
            text=[f"<b>{letter}</b>" for letter in rows["run"]],
            textposition=[_CORNERS[ord(letter) % len(_CORNERS)] for letter in rows["run"]],
            textfont={"size": 13, "color": style.color},
            cliponaxis=False,
            marker=style.marker(13, edge=True),
            error_x=bars,
            customdata=[(row["run"], gap_text(row["mean"], row)) for row in rows.to_dict("records")],
            hovertemplate=f"run <b>%{{customdata[0]}}</b>, {style.text}<br>"
            "accuracy %{y:.1%}<br>gap %{customdata[1]}<extra></extra>",
        )
    reach = means["floor"] + means["floor_std"].fillna(0)
    x_axis = fitted_axis([0, *means["mean"], *means["high"], *reach], f"← better  ·  {METRICS[gap].title}")
    fig.update_xaxes(**x_axis)
    fig.update_yaxes(**fitted_axis(means["accuracy"], "accuracy  ·  better →"))
    return fig


def _with_accuracy(table: pd.DataFrame, gap: str) -> pd.DataFrame:
    """Return the rows of a gap, each with the accuracy of its method."""
    accuracy = table.loc[table["metric"] == "accuracy", ["run", "arm", "mean"]]
    rows = table[table["metric"] == gap].merge(accuracy.rename(columns={"mean": "accuracy"}), "left")
    return rows.dropna(subset=["mean", "accuracy"])


def differences(table: pd.DataFrame, metric: str, *, reach: float) -> go.Figure:
    """Draw differences to a reference: a dot with its interval, small marks for single networks.

    Args:
        table: one row per comparison: ``run`` (its letter, or empty for methods of the same run), ``arm``,
            ``metric``, ``difference``, ``low``, ``high`` and ``by_network`` (a sequence; empty when the
            networks are not paired).
        metric: a name in ``METRICS``; which rows to draw.
        reach: half the width of the axis, so that several figures can have the same one.
    """
    rows = table[(table["metric"] == metric) & table["difference"].notna()]
    fig = base(86 + _ROW * max(1, len(rows)), showlegend=False)
    fig.add_vline(x=0, line={"color": NEUTRAL, "width": 1})
    records = rows.to_dict("records")
    for y, row in enumerate(records):
        _comparison(fig, y, row)
    names = [
        (f"<b>{row['run']}</b> · " if row["run"] else "") + literal(arm_label(row["arm"])) for row in records
    ]
    better = "→" if METRICS[metric].higher_is_better else "←"
    row_axis(fig, names)
    fig.update_yaxes(ticktext=names)  # the letter of the run is bold
    fig.update_xaxes(title_text=f"points · {better} better", range=[-100 * reach, 100 * reach])
    step = max(step for step in (1, 2, 5, 10, 20, 50) if step <= max(1, 90 * reach))
    ticks = {"tickvals": [-step, 0, step], "ticktext": [f"−{step}", "0", f"+{step}"]}
    fig.update_xaxes(**ticks, tickangle=0, fixedrange=True)
    return fig


def _comparison(fig: go.Figure, y: int, row: dict[str, Any]) -> None:
    style = arm_styles([row["arm"]])[row["arm"]]
    single = 100 * np.array(list(row["by_network"]), float)
    if len(single) > 1:
        fig.add_scatter(
            x=single,
            y=[y + 0.26] * len(single),
            mode="markers",
            marker={"color": style.color, "symbol": "line-ns-open", "size": 8},
            hovertemplate="a single pair of networks: %{x:+.1f} points<extra></extra>",
        )
    value, low, high = (np.array([100 * row[name]]) for name in ("difference", "low", "high"))
    known = bool(np.isfinite(low[0]))
    interval = (
        f"95 % interval {low[0]:+.1f} to {high[0]:+.1f}" if known else "no interval: too few test images"
    )
    run = f"run {row['run']}, " if row["run"] else ""
    fig.add_scatter(
        x=value,
        y=[y],
        mode="markers",
        marker=style.marker(12, edge=True),
        error_x=error_bars(value, low, high, color=style.color, thickness=2, width=5) if known else None,
        hovertemplate=f"{run}{style.text}<br>%{{x:+.1f}} points ({interval})<extra></extra>",
    )


def common_reach(table: pd.DataFrame) -> float:
    """Return half the width of an axis that shows every difference and interval of a table."""
    found = [np.abs(table[name].to_numpy(float)) for name in ("difference", "low", "high")]
    largest = np.nanmax(np.concatenate([*found, [0.02]]))
    return float(min(1.0, 1.12 * largest))


def common_range(values: Sequence[pd.Series]) -> tuple[float, float]:
    """Return the range that holds all values, with a little room; (0, 1) when there is none."""
    joined = np.array([value for series in values for value in series if np.isfinite(value)], float)
    if not len(joined):
        return 0.0, 1.0
    low, high = float(joined.min()), float(joined.max())
    room = 0.05 * (high - low) or 0.05
    return low - room, high + room
