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
from fairdd_core.plots.theme import NEUTRAL, arm_label, arm_styles, base, error_bars, percent_axis

_ROW = 40
_CORNERS = ("top left", "top right", "bottom right", "bottom left")
"""Every run has its letter at another corner, so that runs with equal results can be told apart."""


def overview(table: pd.DataFrame, gap: str = "deo_mean") -> go.Figure:
    """Draw accuracy against a gap: a mark is a method of a run, the mean of its networks.

    It carries the letter of the run. A line joins the methods of a run in order; baselines are hollow.

    Args:
        table: from ``overview_table``.
        gap: ``deo_mean`` or ``deo_max``.
    """
    fig = base(420, legend_rows=2)
    means = table.groupby(["run", "arm"], sort=False)[[gap, "accuracy"]].mean().reset_index()
    for _, rows in means[~means["arm"].isin(BASELINES)].groupby("run", sort=False):
        line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
        fig.add_scatter(
            x=rows[gap], y=rows["accuracy"], mode="lines", line=line, showlegend=False, hoverinfo="skip"
        )
    for arm, style in arm_styles(list(dict.fromkeys(table["arm"]))).items():
        rows = means[means["arm"] == arm]
        fig.add_scatter(
            x=rows[gap],
            y=rows["accuracy"],
            name=style.label,
            mode="markers+text",
            text=[f"<b>{letter}</b>" for letter in rows["run"]],
            textposition=[_CORNERS[ord(letter) % len(_CORNERS)] for letter in rows["run"]],
            textfont={"size": 13, "color": style.color},
            cliponaxis=False,
            marker=style.marker(13, edge=True),
            customdata=rows[["run"]],
            hovertemplate=f"run <b>%{{customdata[0]}}</b>, {style.label}<br>"
            "accuracy %{y:.1%}, gap %{x:.1%}<extra></extra>",
        )
    fig.update_xaxes(**percent_axis(f"← better  ·  {METRICS[gap].title}"))
    fig.update_yaxes(**percent_axis("accuracy  ·  better →"))
    return fig


def differences(table: pd.DataFrame, metric: str, *, reach: float) -> go.Figure:
    """Draw differences to the reference run: a dot with its interval, small marks for single networks.

    Args:
        table: one row per comparison: ``run``, ``arm``, ``metric``, ``difference``, ``low``, ``high`` and
            ``by_network`` (a sequence; empty when the networks are not paired).
        metric: a name in ``METRICS``; which rows to draw.
        reach: half the width of the axis, so that several figures can have the same one.
    """
    rows = table[(table["metric"] == metric) & table["difference"].notna()]
    fig = base(86 + _ROW * max(1, len(rows)), showlegend=False)
    fig.add_vline(x=0, line={"color": NEUTRAL, "width": 1})
    records = rows.to_dict("records")
    for y, row in enumerate(records):
        _comparison(fig, y, row)
    names = [f"<b>{row['run']}</b> · {arm_label(row['arm'])}" for row in records]
    better = "→" if METRICS[metric].higher_is_better else "←"
    row_axis(fig, names)
    fig.update_yaxes(ticktext=names)  # bold, not escaped
    fig.update_xaxes(title_text=f"points · {better} better", range=[-100 * reach, 100 * reach])
    fig.update_xaxes(tickformat="+.0f", tickangle=0, fixedrange=True, nticks=4)
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
    fig.add_scatter(
        x=value,
        y=[y],
        mode="markers",
        marker=style.marker(12, edge=True),
        error_x=error_bars(value, low, high, color=style.color, thickness=2, width=5),
        hovertemplate=f"run {row['run']}, {style.label}<br>%{{x:+.1f}} points "
        f"(95 % interval {low[0]:+.1f} to {high[0]:+.1f})<extra></extra>",
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
