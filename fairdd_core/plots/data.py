"""The data before a run: how many images each class has of each group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.heatmap import name_axis, shaded, swatch_row
from fairdd_core.plots.theme import RGB, group_css


def counts_table(
    counts_CG: np.ndarray, class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return one row per (class, group): ``class``, ``group``, ``images`` and ``share`` of the class.

    The share of a class without images is undefined (NaN).
    """
    counts = np.asarray(counts_CG)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    c, g = np.indices(counts.shape)
    return pd.DataFrame(
        {
            "class": np.array(class_names, object)[c.ravel()],
            "group": np.array(group_names, object)[g.ravel()],
            "images": counts.ravel(),
            "share": share.ravel(),
        }
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


def sample_tiles(
    x_NCHW: np.ndarray, y_N: np.ndarray, a_N: np.ndarray, classes: int, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pick the first image of every (group, class) cell; numbers beyond the groups mean that none is known.

    Returns:
        Images uint8 (G, C, 3, H, W), zero where the cell is empty, and a bool (G, C), False there.
    """
    tiles = np.zeros((groups, classes, *x_NCHW.shape[1:]), np.uint8)
    present = np.zeros((groups, classes), bool)
    cell = a_N * classes + y_N
    found, first = np.unique(cell, return_index=True)
    found, first = found[found < groups * classes], first[found < groups * classes]
    tiles.reshape(-1, *x_NCHW.shape[1:])[found] = x_NCHW[first]
    present.reshape(-1)[found] = True
    return tiles, present
