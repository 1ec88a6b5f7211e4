"""Joint maps of real and synthetic samples: one panel per arm, the same axes in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.theme import (
    FAINT,
    FALLBACK_GROUPS,
    NEUTRAL,
    RGB,
    arm_styles,
    base,
    group_css,
    outlined,
)

Projection = Literal["pca", "umap"]
ColorBy = Literal["group", "class"]

KINDS = {
    "real": ("real sample", "circle"),
    "synthetic": ("synthetic image", "diamond"),
    "group_mean": ("mean of a group", "circle-cross"),
    "target": ("target of the method", "star"),
    "class_mean": ("mean of its synthetic images", "x"),
}
"""Kind of point -> name for people and marker; shape alone tells them apart."""
MARK = {"target": "#111111", "class_mean": "#ffffff"}
_EDGE = {"target": ("#ffffff", 1.5), "class_mean": ("#111111", 1.5), "real": (NEUTRAL, 0.6)}


def ready(points: pd.DataFrame | None, projection: Projection) -> bool:
    """Return whether a projection has been computed."""
    return points is not None and not points.empty and bool(points[f"{projection}_x"].notna().any())


def map_table(
    points: pd.DataFrame, projection: Projection, class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return the points with names: ``kind, arm, class, group, x, y, class_id, group_id``."""
    classes, groups = np.array([*class_names, "any"], object), np.array([*group_names, "any"], object)
    group_N = groups[points["group_id"].to_numpy(int)]
    group_N[((points["kind"] == "real") & (points["group_id"] < 0)).to_numpy()] = "unknown"
    return pd.DataFrame(
        {
            "kind": points["kind"].to_numpy(object),
            "arm": points["arm"].fillna("").to_numpy(object),
            "class": classes[points["class_id"].to_numpy(int)],
            "group": group_N,
            "x": points[f"{projection}_x"].to_numpy(float),
            "y": points[f"{projection}_y"].to_numpy(float),
            "class_id": points["class_id"].to_numpy(int),
            "group_id": points["group_id"].to_numpy(int),
        }
    )


def ranges(table: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Return the axis ranges that show all points of all arms."""
    out = []
    for axis in ("x", "y"):
        low, high = np.nanmin(table[axis]), np.nanmax(table[axis])
        pad = 0.05 * (high - low or 1.0)
        out.append([float(low - pad), float(high + pad)])
    return out[0], out[1]


def class_css(classes: int) -> list[str]:
    """Return a colour per class."""
    return [FALLBACK_GROUPS[c % len(FALLBACK_GROUPS)] for c in range(classes)]


def _palette(color_by: ColorBy, table: pd.DataFrame, group_colors: Sequence[RGB], groups: int) -> np.ndarray:
    if color_by == "group":
        palette = group_css(group_colors, groups)
        ids = table["group_id"]
    else:
        palette = class_css(int(table["class_id"].max()) + 1)
        ids = table["class_id"]
    return np.array([*palette, NEUTRAL], object)[ids.to_numpy()]


def arm_map(
    table: pd.DataFrame,
    arm: str,
    *,
    color_by: ColorBy = "group",
    group_colors: Sequence[RGB] = (),
    groups: int = 10,
    focus: int | None = None,
    height: int = 440,
) -> go.Figure:
    """Draw the panel of one arm from ``map_table``.

    Args:
        table: all points of all arms, so that every panel has the same axes.
        arm: whose synthetic images, targets and means are shown.
        color_by: what colour says.
        group_colors: as the data set has them.
        groups: number of groups G.
        focus: a class whose points stand out, its group means tied to the target; None shows all alike.
        height: in pixels.
    """
    fig = base(height, showlegend=False, dragmode="pan")
    shown = table[(table["arm"] == "") | (table["arm"] == arm)]
    colors = _palette(color_by, shown, group_colors, groups)
    if color_by == "group":  # synthetic images belong to no group, so they wear the arm's colour
        colors[(shown["kind"] == "synthetic").to_numpy()] = arm_styles([arm])[arm].color
    in_focus = np.ones(len(shown), bool) if focus is None else (shown["class_id"] == focus).to_numpy()
    kind = shown["kind"].to_numpy(object)
    if focus is not None:
        _ties(fig, shown[in_focus])
    for name, size, opacity in (("real", 6, 0.8), ("synthetic", 10, 1.0)):
        for focused in (False, True):
            mask = (kind == name) & (in_focus == focused)
            _scatter(fig, shown[mask], colors[mask], name, size=size, opacity=opacity if focused else 0.18)
    if focus is not None:
        mask = (kind == "group_mean") & in_focus
        _scatter(fig, shown[mask], colors[mask], "group_mean", size=14, opacity=1.0)
    for name, size in (("class_mean", 12), ("target", 18)):
        mask = (kind == name) & in_focus
        _scatter(fig, shown[mask], np.full(int(mask.sum()), MARK[name], object), name, size=size, opacity=1.0)
    x, y = ranges(table)
    fig.add_shape(
        type="rect", xref="paper", yref="paper", x0=0, x1=1, y0=0, y1=1, line={"color": FAINT, "width": 1}
    )
    fig.update_xaxes(range=x, showticklabels=False, showgrid=False, showline=False)
    fig.update_yaxes(range=y, showticklabels=False, showgrid=False, showline=False)
    return fig


def _scatter(
    fig: go.Figure, rows: pd.DataFrame, colors: np.ndarray, kind: str, *, size: float, opacity: float
) -> None:
    if rows.empty:
        return
    label, symbol = KINDS[kind]
    edge, width = _EDGE.get(kind, (NEUTRAL, 1.0))
    marker = outlined(list(colors), size=size, symbol=symbol) | {"line": {"color": edge, "width": width}}
    fig.add_scatter(
        x=rows["x"],
        y=rows["y"],
        mode="markers",
        name=label,
        marker=marker | {"opacity": opacity},
        customdata=rows[["class", "group"]].to_numpy(object),
        hovertemplate=f"{label}<br>class %{{customdata[0]}}, group %{{customdata[1]}}<extra></extra>",
    )


def _ties(fig: go.Figure, rows: pd.DataFrame) -> None:
    """Lines from every group mean to the target of its class."""
    targets = rows[rows["kind"] == "target"].set_index("class_id")
    x: list[float | None] = []
    y: list[float | None] = []
    for mean in rows[rows["kind"] == "group_mean"].itertuples():
        if mean.class_id in targets.index:
            target = targets.loc[mean.class_id]
            x += [mean.x, target["x"], None]
            y += [mean.y, target["y"], None]
    fig.add_scatter(x=x, y=y, mode="lines", line={"color": NEUTRAL, "width": 1}, hoverinfo="skip")


def distance_table(
    residuals: pd.DataFrame, class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return the distances of the real feature space, with names: what a map must not be asked for."""
    return pd.DataFrame(
        {
            "arm": residuals["arm"],
            "class": np.array(class_names, object)[residuals["class_id"].to_numpy(int)],
            "group": np.array(group_names, object)[residuals["group_id"].to_numpy(int)],
            "images": residuals["n"],
            "share": residuals["share"],
            "to target": residuals["to_target"],
            "to synthetic": residuals["to_synthetic"],
        }
    )


def distance_bars(
    residuals: pd.DataFrame,
    focus: int,
    group_names: Sequence[str],
    column: str = "to_target",
    *,
    height: int | None = None,
) -> go.Figure:
    """Draw how far each group of a class is from every arm's target (or synthetic mean), in feature space."""
    rows = residuals[residuals["class_id"] == focus]
    fig = base(height or 96 + 30 * len(group_names), legend_rows=1)
    for name, style in arm_styles(list(dict.fromkeys(rows["arm"]))).items():
        own = rows[rows["arm"] == name].sort_values("group_id")
        fig.add_scatter(
            x=own[column],
            y=own["group_id"],
            name=style.label,
            mode="markers",
            cliponaxis=False,
            marker={"color": style.color, "symbol": style.symbol, "size": 11},
            customdata=np.stack(
                [np.array(group_names, object)[own["group_id"].to_numpy(int)], own["n"], own["share"]], -1
            ),
            hovertemplate="<b>%{customdata[0]}</b>: %{x:.3g}<br>n = %{customdata[1]} real images "
            f"(%{{customdata[2]:.1%}} of the class)<extra>{style.label}</extra>",
        )
    fig.update_xaxes(title_text="distance", rangemode="tozero", fixedrange=True)
    fig.update_yaxes(
        tickvals=list(range(len(group_names))),
        ticktext=list(group_names),
        fixedrange=True,
        range=[len(group_names) - 0.5, -0.5],
    )
    return fig
