"""Results over seeds: a small dot for each seed, a large mark for their mean with its t-interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.plots.dots import row_axis
from fairdd_core.plots.theme import NEUTRAL, ArmStyle, arm_styles, base, error_bars

_ROW, _HEAD = 62, 66
_MEAN, _SEEDS, _FLOOR = -0.16, 0.2, 0.02
"""Heights of the marks within a row, downwards."""
_ROOM = 0.08


def seed_dots(seeds: pd.DataFrame, means: pd.DataFrame, metric: str, *, join: bool = True) -> go.Figure:
    """Draw a metric of every row: its value for each seed, their mean with its interval, and the noise floor.

    Args:
        seeds: ``seed_table`` with the row's name in the column ``row``.
        means: ``repeats_table`` likewise; its order is that of the rows.
        metric: a name in ``METRICS``.
        join: whether a line joins the dots of a seed, where rows are methods of the same runs.
    """
    own, rows = (table[table["metric"] == metric] for table in (seeds, means))
    rows = rows[rows["mean"].notna()]
    names = list(rows["row"])
    unit = "%" if METRICS[metric].higher_is_better else "points"
    fig = _figure(names)
    if join:
        _join(fig, own, names)
    shown = own.assign(value=own["mean"])[["row", "arm", "seed", "value"]]
    for y, row in enumerate(rows.to_dict("records")):
        style = arm_styles([row["arm"]])[row["arm"]]
        _seeds(fig, y, shown[shown["row"] == row["row"]], style, unit, "")
        if np.isfinite(row["floor"]):
            _floor(fig, y, 100 * row["floor"])
        _mean(fig, y, row["mean"], row, style, unit, "")
    values = [own["mean"], own["floor"], rows["low"], rows["high"]]
    fig.update_xaxes(title_text=f"{METRICS[metric].title}, {unit}", range=_range(values, 0, 100), nticks=6)
    return fig


def seed_differences(table: pd.DataFrame, metric: str, quantity: str = "mean") -> go.Figure:
    """Draw differences seed by seed: a dot for each seed, and their mean with its t-interval.

    Args:
        table: from ``arm_differences`` or ``run_differences``, with the row's name in the column ``row``.
        metric: a name in ``METRICS``.
        quantity: a name in ``QUANTITIES``.
    """
    rows = table[(table["metric"] == metric) & (table["quantity"] == quantity)]
    fig = _figure(list(rows["row"]))
    fig.add_vline(x=0, line={"color": NEUTRAL, "width": 1})
    singles: list[float] = []
    for y, row in enumerate(rows.to_dict("records")):
        style = arm_styles([row["arm"]])[row["arm"]]
        own = pd.DataFrame({"seed": list(row["by_seed"]), "value": list(row["by_seed"].values())})
        singles += list(row["by_seed"].values())
        _seeds(fig, y, own, style, "points", "+")
        _mean(fig, y, row["difference"], row, style, "points", "+")
    values = [pd.Series([0.0, *singles]), rows["difference"], rows["low"], rows["high"]]
    better = "→" if METRICS[metric].higher_is_better else "←"
    fig.update_xaxes(title_text=f"points · {better} better", range=_range(values, -100, 100), nticks=6)
    fig.update_xaxes(tickformat="+")
    return fig


def _figure(names: Sequence[str]) -> go.Figure:
    fig = base(_HEAD + _ROW * max(1, len(names)), showlegend=False)
    row_axis(fig, names, divided=True)
    fig.update_xaxes(fixedrange=True, tickangle=0)
    return fig


def _join(fig: go.Figure, own: pd.DataFrame, names: Sequence[str]) -> None:
    for _, part in own.groupby("seed"):
        value = part.set_index("row")["mean"].reindex(names)
        fig.add_scatter(
            x=100 * value,
            y=[y + _SEEDS for y in range(len(names))],
            mode="lines",
            line={"color": NEUTRAL, "width": 0.8, "dash": "dot"},
            opacity=0.6,
            hoverinfo="skip",
        )


def _seeds(fig: go.Figure, y: int, own: pd.DataFrame, style: ArmStyle, unit: str, sign: str) -> None:
    own = own[own["value"].notna()]
    fig.add_scatter(
        x=100 * own["value"].astype(float),
        y=[y + _SEEDS] * len(own),
        name=style.text,
        mode="markers",
        marker={**style.marker(7), "opacity": 0.75},
        customdata=own[["seed"]].to_numpy(object),
        hovertemplate=f"seed <b>%{{customdata[0]}}</b>: %{{x:{sign}.1f}} {unit}<extra>{style.text}</extra>",
    )


def _mean(
    fig: go.Figure, y: int, mean: float, row: dict[Any, Any], style: ArmStyle, unit: str, sign: str
) -> None:
    value, low, high = (np.array([100 * number]) for number in (mean, row["low"], row["high"]))
    known = bool(np.isfinite(low[0]))
    form = f"{sign}.1f"
    interval = f"95 % t-interval {low[0]:{form}} to {high[0]:{form}}" if known else "no interval"
    fig.add_scatter(
        x=value,
        y=[y + _MEAN],
        name=style.text,
        mode="markers",
        marker=style.marker(12, edge=True),
        error_x=error_bars(value, low, high, color=style.color, thickness=2, width=5) if known else None,
        hovertemplate=f"mean of {row['seeds']} seeds: <b>%{{x:{form}}}</b> {unit}<br>{interval}"
        f"<extra>{style.text}</extra>",
    )


def _floor(fig: go.Figure, y: int, floor: float) -> None:
    fig.add_scatter(
        x=[floor],
        y=[y + _FLOOR],
        name="noise floor",
        mode="markers",
        marker={"symbol": "line-ns-open", "color": NEUTRAL, "size": 26, "line": {"width": 2.5}},
        hovertemplate="expected by chance alone: %{x:.1f} points, mean over seeds<extra></extra>",
    )


def _range(values: Sequence[pd.Series], lowest: float, highest: float) -> list[float]:
    """Return the range of an axis in per cent that holds all values, with a little room."""
    found = 100 * np.concatenate([series.to_numpy(float) for series in values])
    found = found[np.isfinite(found)]
    if not len(found):
        return [lowest, highest]
    low, high = float(found.min()), float(found.max())
    room = max(_ROOM * (high - low), 1.0)
    return [max(lowest - 2, low - room), min(highest + 2, high + room)]
