"""Whom a target leaves behind: residuals of the groups as bars, with the bound of vanilla's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.playground.scene import Scene
from fairdd_core.plots.theme import NEUTRAL, arm_styles, base

_OFFSET = 0.2
"""Of a group's two bars from the middle of its row."""


def residual_table(scene: Scene) -> pd.DataFrame:
    """Return a row per group: ``group, share, x, y, vanilla, cobra, bound``."""
    verdict = scene.verdict()
    signals_GD = scene.signals_GD
    return pd.DataFrame(
        {
            "group": list(scene.names),
            "share": scene.shares_G,
            "x": signals_GD[:, 0],
            "y": signals_GD[:, 1],
            "vanilla": verdict.vanilla_G,
            "cobra": verdict.aligned_G,
            "bound": verdict.bound_G,
        }
    )


def residual_bars(table: pd.DataFrame, *, height: int | None = None) -> go.Figure:
    """Draw ``residual_table``: two bars per group, and a tick where the bound on vanilla's is."""
    groups = list(table["group"])
    fig = base(height or 74 + 42 * len(groups), legend_rows=1, barmode="overlay")
    top = max(0.5, float(table[["vanilla", "cobra", "bound"]].to_numpy().max()))
    row_G = np.arange(len(groups))
    _bars(fig, table, "vanilla", row_G - _OFFSET)
    _bars(fig, table, "cobra", row_G + _OFFSET)
    # In a column of their own, for beside the tick a bar's number would read as that of the bound.
    _numbers(fig, table["vanilla"], 1.2 * top, row_G - _OFFSET)
    _numbers(fig, table["cobra"], 1.2 * top, row_G + _OFFSET)
    fig.add_scatter(
        x=table["bound"],
        y=row_G - _OFFSET,
        mode="markers",
        name="bound",
        marker={"symbol": "line-ns", "size": 18, "line": {"color": NEUTRAL, "width": 3}},
        hovertemplate="imbalance × separation: vanilla's is at most %{x:.2f}<extra></extra>",
    )
    fig.update_xaxes(title_text="distance from the target", range=[0, 1.2 * top], fixedrange=True)
    fig.update_yaxes(
        tickvals=row_G, ticktext=groups, range=[len(groups) - 0.5, -0.5], showgrid=False, fixedrange=True
    )
    return fig


def _bars(fig: go.Figure, table: pd.DataFrame, arm: str, y_G: np.ndarray) -> None:
    """Draw one arm's bars; COBRA's are hatched, so that colour is not all that tells them apart."""
    style = arm_styles([arm])[arm]
    hatch = {"shape": "/" if arm == "cobra" else "", "size": 5, "fillmode": "overlay", "solidity": 0.25}
    fig.add_bar(
        x=table[arm],
        y=y_G,
        width=0.34,
        orientation="h",
        name=style.label,
        marker={"color": style.color, "pattern": hatch | {"fgcolor": "rgba(255,255,255,0.6)"}},
        customdata=table[["group", "share"]].to_numpy(object),
        hovertemplate="group %{customdata[0]}, %{customdata[1]:.1%} of the class<br>residual %{x:.2f}"
        f"<extra>{style.label}</extra>",
    )


def _numbers(fig: go.Figure, values_G: pd.Series, x: float, y_G: np.ndarray) -> None:
    fig.add_scatter(
        x=[x] * len(values_G),
        y=y_G,
        mode="text",
        text=[f"{value:.2f}" for value in values_G],
        textposition="middle left",
        textfont={"size": 12},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
