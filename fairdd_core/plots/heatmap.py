"""Heatmaps whose shades are transparent ink, so that they suit a light and a dark background."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.theme import RGB, base, group_css, literal, outlined
from fairdd_core.units import counted

INK = 0.6
"""Opacity of the strongest shade: text in the colour of the page stays readable on it, in light and dark."""
_LINE = 22
"""Letters of a name in a line."""


def shaded(
    shares: Iterable[float],
    text: Iterable[str],
    hover: Iterable[str],
    rows: tuple[str, Sequence[str]],
    columns: tuple[str, Sequence[str]],
    *,
    height: int,
) -> go.Figure:
    """Draw a labelled heatmap.

    Args:
        shares: of ink, in [0, 1], row by row; NaN is undefined and stays empty.
        text: written in the cells.
        hover: shown when the mouse is over a cell.
        rows: title and names of the rows.
        columns: likewise.
        height: of the figure in pixels.
    """
    shape = len(rows[1]), len(columns[1])
    fig = base(height, showlegend=False)
    fig.add_heatmap(
        z=np.array(list(shares), float).reshape(shape),
        customdata=np.array(list(hover), object).reshape(shape),
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        colorscale=[[0, "rgba(0,90,156,0.04)"], [1, f"rgba(0,90,156,{INK})"]],
    )
    y, x = np.indices(shape)
    fig.add_scatter(
        x=x.ravel(),
        y=y.ravel(),
        text=list(text),
        mode="text",
        textfont={"size": 12},
        hoverinfo="skip",
        cliponaxis=False,
    )
    plain = {"showgrid": False, "fixedrange": True, "ticks": "", "showline": False}
    name_axis(fig.update_yaxes, rows[1], rows[0], range=[shape[0] - 0.5, -0.5], **plain)
    name_axis(fig.update_xaxes, columns[1], columns[0], range=[-0.5, shape[1] - 0.5], **plain)
    return fig


def name_axis(axis_update: object, names: Sequence[str], title: str, **extra: object) -> None:
    """Write names instead of numbers on an axis (``fig.update_xaxes`` or ``fig.update_yaxes``)."""
    text = [_lines(str(name)) for name in names]
    axis_update(tickvals=list(range(len(names))), ticktext=text, title_text=title, **extra)  # type: ignore[operator]


def _lines(name: str) -> str:
    """Return a name in two short lines if it is long; the hover text and the table have all of it."""
    lines = textwrap.wrap(name, _LINE, max_lines=2, placeholder=" …", drop_whitespace=True) or [name]
    return "<br>".join(literal(line) for line in lines)


def counts_heatmap(table: pd.DataFrame, group_colors: Sequence[RGB] = ()) -> go.Figure:
    """Draw ``counts_table`` as class × group: numbers are images, shade is the share of the class."""
    classes, groups = list(table["class"].unique()), list(table["group"].unique())
    hover = [
        f"class <b>{literal(r['class'])}</b>, {literal(r['group'])}<br>{counted(r['images'], 'image')}"
        + ("" if np.isnan(r["share"]) else f" ({r['share']:.1%} of the class)")
        for r in table.to_dict("records")
    ]
    images, height = table["images"].astype(str), 110 + 31 * len(classes)
    fig = shaded(table["share"], images, hover, ("class", classes), ("", groups), height=height)
    # Room for the swatches between the cells and the names.
    fig.update_yaxes(range=[len(classes) + 0.15, -0.5])
    fig.update_xaxes(tickangle=-45 if len(groups) > 5 else 0)
    fig.add_scatter(
        x=list(range(len(groups))),
        y=[len(classes) - 0.15] * len(groups),
        mode="markers",
        marker=outlined(group_css(group_colors, len(groups)), size=11, symbol="square"),
        text=[literal(name) for name in groups],
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )
    return fig


def confusion(table: pd.DataFrame) -> go.Figure:
    """Draw ``confusion_table``: what each true class is predicted as, in per cent of its predictions."""
    classes = list(table["true"].unique())
    hover = [
        f"true <b>{literal(r['true'])}</b>, predicted as <b>{literal(r['predicted'])}</b><br>"
        f"{r['answers']} of {r['n']} predictions"
        for r in table.to_dict("records")
    ]
    text = ["" if np.isnan(s) or s < 0.005 else f"{100 * s:.0f}" for s in table["share"]]
    rows, columns = ("true class", classes), ("predicted as", classes)
    return shaded(table["share"], text, hover, rows, columns, height=70 + 30 * len(classes))
