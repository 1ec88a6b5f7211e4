"""Phase diagrams: one metric over skew and separation."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.grids import Place
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.wording import chance_text
from fairdd_core.plots.heatmap import INK, shaded
from fairdd_core.plots.theme import NEUTRAL

_BETTER, _WORSE = "0,90,156", "190,75,0"
_CELL, _ROOM = 46, 74
_SHORT = {"waiting": "·", "deleted": "✕", "failed": "✕", "lost": "✕", "stopped": "‖"}


def phase(grid: pd.DataFrame, metric: str, *, at: Place | None = None) -> go.Figure:
    """Draw ``grid_table``: skew upwards, separation to the right, numbers in per cent or points.

    The scale is the same for every method and both gaps: no ink is 0, the strongest is 1. Ink is orange
    where more is worse and blue where more is better, as in ``gain``.

    Args:
        grid: from ``grid_table``.
        metric: a name in ``METRICS``.
        at: the place to frame.
    """
    unit, ink = ("%", _BETTER) if METRICS[metric].higher_is_better else ("points", _WORSE)
    scale = [[0, f"rgba({ink},0.04)"], [1, f"rgba({ink},{INK})"]]
    fig = _diagram(grid, METRICS[metric].title, unit, "", at)
    fig.data[0].update(colorscale=scale)
    return fig


def gain(grid: pd.DataFrame, metric: str, *, at: Place | None = None) -> go.Figure:
    """Draw ``gain_table``: blue where the method is better, orange where it is worse, in points."""
    fig = _diagram(grid, f"better in {METRICS[metric].title} by", "points", "+", at)
    ends, middle = [f"rgba({ink},{INK})" for ink in (_WORSE, _BETTER)], f"rgba({_BETTER},0.04)"
    fig.data[0].update(zmin=-1, zmax=1, colorscale=[[0, ends[0]], [0.5, middle], [1, ends[1]]])
    return fig


def _diagram(grid: pd.DataFrame, title: str, unit: str, sign: str, at: Place | None) -> go.Figure:
    """Draw the cells, with invisible markers on them, because only markers can be clicked."""
    records = grid.to_dict("records")
    hover = [_hover(row, title, unit, f"{{:{sign}.1f}}") for row in records]
    skews, separations = sorted(set(grid["skew"])), sorted(set(grid["separation"]))
    fig = shaded(
        grid["value"],
        [_text(row, f"{{:{sign}.0f}}") for row in records],
        hover,
        ("skew", [f"{skew:.0%}" for skew in skews]),
        ("separation", [f"{separation:g}" for separation in separations]),
        height=_ROOM + _CELL * len(skews),
    )
    fig.update_traces(textfont_size=14, selector={"mode": "text"})
    fig.update_yaxes(range=[-0.5, len(skews) - 0.5])
    places = [(skew, separation) for skew in skews for separation in separations]
    fig.add_scatter(
        x=[separations.index(separation) for _, separation in places],
        y=[skews.index(skew) for skew, _ in places],
        customdata=places,
        text=hover,
        hovertemplate="%{text}<extra></extra>",
        mode="markers",
        marker={"size": 40, "symbol": "square", "color": "rgba(128,128,128,0)"},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
    )
    if at in places:
        x, y = separations.index(at[1]), skews.index(at[0])
        edge = {"color": NEUTRAL, "width": 3}
        fig.add_shape(type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line=edge)
    return fig


def _text(row: dict[Hashable, Any], form: str) -> str:
    if not np.isnan(value := 100 * row["value"]):
        return form.format(round(value) + 0.0).replace("-", "−") + ("" if row["seeds"] == row["of"] else "…")
    return "undefined" if row["state"] == "done" else _SHORT.get(row["state"], "…")


def _hover(row: dict[Hashable, Any], title: str, unit: str, form: str) -> str:
    place = f"skew <b>{row['skew']:.0%}</b>, separation <b>{row['separation']:g}</b>"
    if np.isnan(row["value"]):
        return f"{place}<br>{row['state']}"
    number = f"{title} <b>{form.format(100 * row['value'])}</b> {unit}"
    parts = [place, number + (f", {row['left_out']}" if row["left_out"] else "")]
    if chance := chance_text(row["value"], row["floor"]):
        parts.append(chance)
    kind = "interval"
    if row["of"] > 1:
        parts.append(f"mean of {row['seeds']} of {row['of']} seeds")
        kind = "t-interval" if row["seeds"] > 1 else kind
    if not np.isnan(row["low"]):
        parts.append(f"95 % {kind} {form.format(100 * row['low'])} to {form.format(100 * row['high'])}")
    return "<br>".join(parts)
