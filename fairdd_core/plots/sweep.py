"""Phase diagrams: one number over skew and separation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.grids import Place
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.plots.heatmap import INK, name_axis, shaded
from fairdd_core.plots.theme import NEUTRAL

_BETTER, _WORSE = "0,90,156", "190,75,0"
_CELL, _ROOM = 46, 74
_SHORT = {"waiting": "·", "deleted": "✕", "failed": "✕", "lost": "✕", "stopped": "‖"}


def phase(
    grid: pd.DataFrame, metric: str, *, at: Place | None = None, height: int | None = None
) -> go.Figure:
    """Draw ``grid_table``: skew upwards, separation to the right, numbers in per cent or points.

    The scale is the same for every method and both gaps: no ink is 0, the strongest is 1. Ink is orange
    where more is worse and blue where more is better, as it is in ``gain``.

    Args:
        grid: from ``grid_table``.
        metric: a name in ``METRICS``.
        at: the place to frame.
        height: in pixels; by default it follows from the number of rows.
    """
    unit = "%" if METRICS[metric].higher_is_better else "points"
    text = [_text(row, 100 * row["value"], "{:.0f}") for row in grid.to_dict("records")]
    hover = [_hover(row, METRICS[metric].title, unit, "{:.1f}") for row in grid.to_dict("records")]
    fig = _board(grid, grid["value"].to_numpy(float), text, hover, height)
    ink = _BETTER if METRICS[metric].higher_is_better else _WORSE
    fig.data[0].update(colorscale=[[0, f"rgba({ink},0.04)"], [1, f"rgba({ink},{INK})"]])
    return _finish(fig, grid, at)


def gain(grid: pd.DataFrame, metric: str, *, at: Place | None = None, height: int | None = None) -> go.Figure:
    """Draw ``gain_table``: blue where the method is better, orange where it is worse, in points."""
    records = grid.to_dict("records")
    text = [_text(row, 100 * row["value"], "{:+.0f}") for row in records]
    hover = [_hover(row, f"better in {METRICS[metric].title} by", "points", "{:+.1f}") for row in records]
    value = grid["value"].to_numpy(float)
    fig = _board(grid, value, text, hover, height, ink=np.abs(value))
    fig.data[0].update(
        zmin=-1,
        zmax=1,
        colorscale=[
            [0, f"rgba({_WORSE},{INK})"],
            [0.5, f"rgba({_BETTER},0.04)"],
            [1, f"rgba({_BETTER},{INK})"],
        ],
    )
    return _finish(fig, grid, at)


def _text(row: dict[str, Any], value: float, form: str) -> str:
    if not np.isnan(value):
        return form.format(round(value) + 0.0).replace("-", "−") + ("" if row["seeds"] == row["of"] else "…")
    return "undefined" if row["state"] == "done" else _SHORT.get(row["state"], "…")


def _hover(row: dict[str, Any], title: str, unit: str, form: str) -> str:
    place = f"skew <b>{row['skew']:.0%}</b>, separation <b>{row['separation']:g}</b>"
    if np.isnan(row["value"]):
        return f"{place}<br>{row['state']}"
    number = f"{title} <b>{form.format(100 * row['value'])}</b> {unit}"
    seeds = f"<br>mean of {row['seeds']} of {row['of']} seeds" if row["of"] > 1 else ""
    return f"{place}<br>{number}{seeds}"


def _board(
    grid: pd.DataFrame,
    value: np.ndarray,
    text: Sequence[str],
    hover: Sequence[str],
    height: int | None,
    ink: np.ndarray | None = None,
) -> go.Figure:
    skews, separations = sorted(set(grid["skew"])), sorted(set(grid["separation"]))
    shape = (len(skews), len(separations))

    def up(values: Sequence[object] | np.ndarray, kind: type) -> np.ndarray:
        return np.array(list(values), kind).reshape(shape)

    fig = shaded(
        up(value if ink is None else ink, float),
        up(text, object),
        up(hover, object),
        height=height or _ROOM + _CELL * len(skews),
    )
    fig.data[0].update(z=up(value, float))
    fig.update_traces(textfont_size=14, selector={"mode": "text"})
    name_axis(fig.update_yaxes, [f"{skew:.0%}" for skew in skews], "skew", range=[-0.5, len(skews) - 0.5])
    name_axis(fig.update_xaxes, [f"{separation:g}" for separation in separations], "separation")
    return fig


def _finish(fig: go.Figure, grid: pd.DataFrame, at: Place | None) -> go.Figure:
    """Lay invisible marks over the cells, for only marks can be clicked; frame the chosen cell."""
    skews, separations = sorted(set(grid["skew"])), sorted(set(grid["separation"]))
    places = [(skew, separation) for skew in skews for separation in separations]
    fig.add_scatter(
        x=[separations.index(place[1]) for place in places],
        y=[skews.index(place[0]) for place in places],
        customdata=places,
        text=fig.data[0].customdata.ravel(),
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
