"""Test images by predicted class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from fairdd_core.plots.images import data_uri, mosaic, png
from fairdd_core.plots.theme import base, literal

COLUMNS = 12
"""Images in a line."""
_TILE, _HEAD = 34, 0.7
"""Height of a line in CSS pixels, and of the title above an answer in lines."""
_TOP = 30
"""Pixels above the first images."""


@dataclass(frozen=True)
class Answer:
    """The images of a cell that were predicted as the same class.

    Attributes:
        title: the predicted class and the number of images.
        rows_N: rows of the images in the test set, as many as are drawn.
        names: one for each of them.
    """

    title: str
    rows_N: np.ndarray
    names: Sequence[str]


def prediction_figure(x_NCHW: np.ndarray, answers: Sequence[Answer], chosen: int | None = None) -> go.Figure:
    """Draw test images by predicted class; each can be clicked, its row is its custom data.

    Args:
        x_NCHW: uint8 images of all answers' rows, in their order.
        answers: the first ones on top.
        chosen: row of the image that is marked.
    """
    fig = base(60, showlegend=False)
    y, first = 0.0, 0
    for number, answer in enumerate(answers):
        # The title of the first answer stands in the margin, beside the button.
        y += _HEAD if number else 0
        place = {"y": y, "yref": "y"} if number else {"y": 1, "yref": "paper"}
        title = {"x": 0, "xanchor": "left", "yanchor": "bottom", "showarrow": False, "borderpad": 0}
        fig.add_annotation(text=answer.title, font={"size": 13}, **place, **title)
        shown = len(answer.rows_N)
        lines = -(-shown // COLUMNS)
        _tiles(fig, x_NCHW[first : first + shown], y, lines)
        _marks(fig, answer, y, chosen)
        first, y = first + shown, y + lines + 0.12
    fig.update_layout(height=round(_TILE * y) + _TOP, hoverdistance=_TILE, margin={"t": _TOP, "b": 0})
    fig.update_xaxes(visible=False, range=[0, COLUMNS], fixedrange=True, constrain="domain")
    fig.update_xaxes(constraintoward="left")
    fig.update_yaxes(visible=False, range=[y, 0], fixedrange=True, constrain="domain", scaleanchor="x")
    fig.update_yaxes(constraintoward="top")
    return fig


def _tiles(fig: go.Figure, x_NCHW: np.ndarray, y: float, lines: int) -> None:
    """Draw images in lines that begin at ``y``."""
    tiles = np.zeros((lines * COLUMNS, *x_NCHW.shape[1:]), np.uint8)
    tiles[: len(x_NCHW)] = x_NCHW
    present = (np.arange(len(tiles)) < len(x_NCHW)).reshape(lines, COLUMNS)
    picture = mosaic(tiles.reshape(lines, COLUMNS, *x_NCHW.shape[1:]), present)
    scale = max(1, round(2 * _TILE / x_NCHW.shape[-1]))
    fig.add_layout_image(
        source=data_uri(png(picture, scale)),
        xref="x",
        yref="y",
        x=0,
        y=y,
        sizex=COLUMNS,
        sizey=lines,
        sizing="stretch",
        layer="below",
    )


def _marks(fig: go.Figure, answer: Answer, y: float, chosen: int | None) -> None:
    place = np.arange(len(answer.rows_N))
    rows = [int(row) for row in answer.rows_N]
    x_N, y_N = place % COLUMNS + 0.5, y + place // COLUMNS + 0.5
    clear = {"marker": {"opacity": 0}}
    fig.add_scatter(
        x=x_N,
        y=y_N,
        mode="markers",
        marker={"symbol": "square", "size": _TILE - 10, "opacity": 0},
        selected=clear,
        unselected=clear,
        customdata=[[row] for row in rows],
        text=[literal(name) for name in answer.names],
        hovertemplate="%{text}<extra></extra>",
    )
    if chosen in rows:
        at = rows.index(chosen)
        box = {"x0": x_N[at] - 0.49, "x1": x_N[at] + 0.47, "y0": y_N[at] - 0.49, "y1": y_N[at] + 0.47}
        fig.add_shape(type="rect", line={"color": "#ffffff", "width": 5}, **box)
        fig.add_shape(type="rect", line={"color": "#0b6aa8", "width": 3}, **box)
