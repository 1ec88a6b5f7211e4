"""A heatmap whose shades are transparent ink, so that it sits well on light and dark ground."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.theme import RGB, base, group_css, outlined

INK = 0.6
"""Opacity of the strongest shade: text in the colour of the page stays readable on it, in light and dark."""


def shaded(z: np.ndarray, text: np.ndarray, hover: np.ndarray, *, height: int) -> go.Figure:
    """Draw a labelled heatmap.

    Args:
        z: float (rows, columns) in [0, 1]: the share of ink; NaN is undefined and stays empty.
        text: str (rows, columns), written in the cells.
        hover: str (rows, columns).
        height: of the figure in pixels.
    """
    rows, columns = z.shape
    fig = base(height, showlegend=False)
    fig.add_heatmap(
        z=z,
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        colorscale=[[0, "rgba(0,90,156,0.04)"], [1, f"rgba(0,90,156,{INK})"]],
    )
    y, x = np.mgrid[0:rows, 0:columns]
    fig.add_scatter(
        x=x.ravel(),
        y=y.ravel(),
        text=text.ravel(),
        mode="text",
        textfont={"size": 12},
        hoverinfo="skip",
        cliponaxis=False,
    )
    fig.update_yaxes(range=[rows - 0.5, -0.5], showgrid=False, fixedrange=True, ticks="", showline=False)
    fig.update_xaxes(range=[-0.5, columns - 0.5], showgrid=False, fixedrange=True, ticks="", showline=False)
    return fig


def name_axis(axis_update: object, names: Sequence[str], title: str, **extra: object) -> None:
    """Write names instead of numbers on an axis (``fig.update_xaxes`` or ``fig.update_yaxes``)."""
    told = [html.escape(str(name), quote=False) for name in names]  # a figure's text is half HTML
    axis_update(tickvals=list(range(len(names))), ticktext=told, title_text=title, **extra)  # type: ignore[operator]


def swatch_row(fig: go.Figure, colors: Sequence[str], names: Sequence[str], y: float) -> None:
    """Put each group's real colour, outlined, under its column at height ``y``."""
    fig.add_scatter(
        x=list(range(len(colors))),
        y=[y] * len(colors),
        mode="markers",
        marker=outlined(list(colors), size=11, symbol="square"),
        text=list(names),
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )


def counts_heatmap(
    table: pd.DataFrame, group_colors: Sequence[RGB] = (), *, height: int | None = None
) -> go.Figure:
    """Draw ``counts_table`` as class × group: numbers are images, shade is the share of the class."""
    classes, groups = list(dict.fromkeys(table["class"])), list(dict.fromkeys(table["group"]))
    shape = (len(classes), len(groups))
    images = table["images"].to_numpy().reshape(shape)
    share = table["share"].to_numpy(float).reshape(shape)
    hover = np.array(
        [
            f"class <b>{r['class']}</b>, {r['group']}<br>{r['images']} images"
            + ("" if np.isnan(r["share"]) else f" ({r['share']:.1%} of the class)")
            for r in table.to_dict("records")
        ],
        object,
    ).reshape(shape)
    fig = shaded(share, images.astype(str).astype(object), hover, height=height or 110 + 31 * len(classes))
    name_axis(fig.update_yaxes, classes, "class")
    # Room for the swatches between the cells and the names.
    fig.update_yaxes(range=[len(classes) + 0.15, -0.5])
    swatch_row(fig, group_css(group_colors, len(groups)), groups, len(classes) - 0.15)
    name_axis(fig.update_xaxes, groups, "", tickangle=-45 if len(groups) > 5 else 0)
    return fig
