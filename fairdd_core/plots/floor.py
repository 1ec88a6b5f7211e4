"""The noise floor of gaps: a band and a tick in a neutral grey, beside marks in the colours of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from fairdd_core.plots.theme import NEUTRAL

BAND = "rgba(128,128,128,0.38)"
NAME = "noise floor ± 1 s.d."


def draw_floor(
    fig: go.Figure,
    mean: ArrayLike,
    std: ArrayLike,
    y: Sequence[float],
    *,
    best: ArrayLike | None = None,
    size: float = 16,
    legend: bool = False,
) -> None:
    """Draw the noise floor of some gaps: a band of ± 1 standard deviation, and a tick at the mean.

    Args:
        fig: the figure.
        mean: floors, in [0, 1]; those that are undefined are left out.
        std: their standard deviations over deals.
        y: heights.
        best: where the best groups are, on an axis of rates: the floors are then measured from there to the
            left, so that they show where chance alone would put the worst groups.
        size: of the band in pixels.
        legend: whether the legend names them.
    """
    floor, spread, rows = (np.asarray(values, float) for values in (mean, std, y))
    known = np.isfinite(floor)
    if not known.any():
        return
    floor, spread, rows = floor[known], np.nan_to_num(spread[known]), rows[known]
    origin, sign = (0.0, 1) if best is None else (np.asarray(best, float)[known], -1)
    low, high = (origin + sign * (floor + side * spread) for side in (-1, 1))
    _band(fig, np.clip(low, 0, 1), np.clip(high, 0, 1), rows, size, legend)
    fig.add_scatter(
        x=np.clip(origin + sign * floor, 0, 1),
        y=rows,
        mode="markers",
        name=NAME,
        legendgroup=NAME,
        showlegend=False,
        marker={"symbol": "line-ns-open", "color": NEUTRAL, "size": size, "line": {"width": 2.5}},
        unselected={"marker": {"opacity": 1}},
        customdata=100 * np.stack([floor, spread], 1),
        hovertemplate="expected by chance alone: %{customdata[0]:.1f} ± %{customdata[1]:.1f} points"
        "<extra></extra>",
    )


def _band(
    fig: go.Figure, low: np.ndarray, high: np.ndarray, rows: np.ndarray, size: float, legend: bool
) -> None:
    gap = np.full_like(low, np.nan)  # lifts the pen between two bands
    fig.add_scatter(
        x=np.stack([low, high, gap], 1).ravel(),
        y=np.stack([rows, rows, gap], 1).ravel(),
        mode="lines",
        name=NAME,
        legendgroup=NAME,
        line={"color": BAND, "width": size},
        showlegend=False,
        hoverinfo="skip",
    )
    if legend:  # a square, because Plotly makes room for the width of a line
        square = {"symbol": "square", "color": BAND, "size": 11}
        fig.add_scatter(
            x=[None], y=[None], mode="markers", name=NAME, legendgroup=NAME, marker=square, showlegend=True
        )


def gap_text(gap: float, row: Mapping[Any, Any] | pd.Series) -> str:
    """Return a gap for a hover text: in points, with its interval, its noise floor and what lies above it.

    Args:
        gap: in [0, 1].
        row: ``low``, ``high``, ``floor``, ``floor_std`` and ``excess``; NaN is unknown.
    """
    low, high, floor, std, excess = (
        100 * row[name] for name in ("low", "high", "floor", "floor_std", "excess")
    )
    text = f"<b>{100 * gap:.1f} points</b>"
    text += f"<br>95 % interval {low:.1f} to {high:.1f}" if np.isfinite(low) else "<br>no interval"
    if np.isfinite(floor):
        text += f"<br>by chance alone {floor:.1f} ± {std:.1f}<br>above chance {excess:+.1f}"
    return text
