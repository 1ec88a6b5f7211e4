"""Joint maps of real and synthetic samples: one panel per arm, the same axes in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.embed.map_table import Polygon, ranges
from fairdd_core.plots.theme import (
    FAINT,
    FALLBACK_GROUPS,
    NEUTRAL,
    RGB,
    arm_styles,
    base,
    frame,
    group_css,
    hover_data,
)

ColorBy = Literal["group", "class", "method"]

KINDS = {
    "real": ("real sample", "circle"),
    "synthetic": ("synthetic image", "diamond"),
    "group_mean": ("mean of a group", "circle-cross"),
    "target": ("target of the method", "star"),
    "class_mean": ("mean of its synthetic images", "x"),
}
"""Kind of point -> title and marker, whose shape alone tells them apart."""
MARK = {"target": "#111111", "class_mean": "#ffffff"}
_EDGE = {"target": ("#ffffff", 2), "class_mean": ("#111111", 1.5), "real": (NEUTRAL, 0.6)}
SAMPLES = {"real": (6, 0.8), "synthetic": (10, 1.0)}
"""Size and opacity of the points that can be selected."""
_FADED, _LARGER = 0.13, 1.6
_NEVER_FADED = {"marker": {"opacity": 1.0}}
MARGIN = {"l": 0, "r": 0, "t": 30, "b": 0}
"""Room above the map for the toolbar, so that it does not cover points."""


def class_css(classes: int) -> list[str]:
    """Return a colour per class."""
    return [FALLBACK_GROUPS[c % len(FALLBACK_GROUPS)] for c in range(classes)]


def _colors(color_by: ColorBy, rows: pd.DataFrame, arm: str, group_colors: Sequence[RGB], groups: int) -> Any:
    """Return a CSS colour per row; synthetic images belong to no group, so they have the arm's."""
    if color_by == "group":
        palette, ids = group_css(group_colors, groups), rows["group_id"]
    elif color_by == "class":
        palette, ids = class_css(int(rows["class_id"].max()) + 1), rows["class_id"]
    else:
        palette, ids = [], rows["class_id"].clip(upper=-1)
    colors = np.array([*palette, NEUTRAL], object)[ids.to_numpy()]
    if color_by != "class":
        colors[(rows["kind"] == "synthetic").to_numpy()] = arm_styles([arm])[arm].color
    return colors


def arm_map(
    table: pd.DataFrame,
    arm: str,
    *,
    color_by: ColorBy = "group",
    group_colors: Sequence[RGB] = (),
    groups: int = 10,
    focus: int | None = None,
    chosen_N: np.ndarray | None = None,
    averages: bool = True,
    path: pd.DataFrame | None = None,
    region: Sequence[Polygon] = (),
    axes: tuple[list[float], list[float]] | None = None,
    drag: str = "lasso",
    height: int = 440,
) -> go.Figure:
    """Draw the panel of one arm from ``map_table.at_iteration``.

    Args:
        table: all points of all arms at one iteration.
        arm: whose synthetic images, targets and means are shown.
        color_by: meaning of the colour.
        group_colors: as the data set has them.
        groups: number of groups G.
        focus: a class that stands out, its group means tied to the target; None shows all alike.
        chosen_N: bool, the selected rows of ``table``, the others fade; None without a selection.
        averages: draws means, targets, ties and trajectory, which UMAP does not preserve.
        path: trajectory of the mean of the synthetic images (see ``map_table.trail``).
        region: outlines of lassos and boxes.
        axes: ranges of both axes, so that they are the same over arms and iterations; None takes the table's.
        drag: what dragging does: ``lasso``, ``select`` (a box) or ``pan``.
        height: in pixels.
    """
    fig = base(height, showlegend=False, dragmode=drag, clickmode="event+select", margin=MARGIN)
    shown = table[shown_N := table["arm"].isin(["", arm]).to_numpy()]
    colors = _colors(color_by, shown, arm, group_colors, groups)
    picked = None if chosen_N is None else chosen_N[shown_N]
    in_focus = np.ones(len(shown), bool) if focus is None else (shown["class_id"] == focus).to_numpy()
    if averages and focus is not None:
        _ties(fig, shown[in_focus])
    for focused, name in product((False, True), SAMPLES):
        mask = (shown["kind"] == name).to_numpy() & (in_focus == focused)
        chosen = None if picked is None else picked[mask]
        _samples(fig, shown[mask], colors[mask], name, focused=focused, picked=chosen)
    if averages:
        _path(fig, path, arm_styles([arm])[arm].color)
        _means(fig, shown[in_focus], colors[in_focus], groups=focus is not None, hollow=color_by == "method")
    _outlines(fig, region)
    frame(fig, *(axes or ranges(table)))
    return fig


def _outlines(fig: go.Figure, region: Sequence[Polygon]) -> None:
    dotted = {"color": NEUTRAL, "width": 1.5, "dash": "dot"}
    for outline in region:
        corners = " L ".join(f"{x} {y}" for x, y in outline)
        fig.add_shape(type="path", path=f"M {corners} Z", line=dotted)


def _samples(
    fig: go.Figure,
    rows: pd.DataFrame,
    colors: np.ndarray,
    kind: str,
    *,
    focused: bool,
    picked: np.ndarray | None,
) -> None:
    """Draw the points that can be selected; those that are not fade, as in the browser during a lasso."""
    if rows.empty:
        return
    size, opacity = SAMPLES[kind]
    _points(
        fig,
        rows,
        kind,
        _marker(kind, list(colors), size) | {"opacity": opacity if focused else _FADED},
        customdata=hover_data(rows, ["class", "group", "kind", "arm", "index"]),
        selectedpoints=None if picked is None else np.flatnonzero(picked),
        selected={"marker": {"opacity": 1.0 if focused else _FADED, "size": size * _LARGER}},
        unselected={"marker": {"opacity": _FADED if focused else _FADED / 2}},
    )
    if not focused:  # faint points are for orientation: they have no hover text and cannot be clicked
        fig.data[-1].update(hovertemplate=None, hoverinfo="skip")


def _marker(kind: str, colors: Sequence[str] | str, size: float) -> dict[str, Any]:
    edge, width = _EDGE.get(kind, (NEUTRAL, 1.0))
    return {"color": colors, "size": size, "symbol": KINDS[kind][1], "line": {"color": edge, "width": width}}


def _points(fig: go.Figure, rows: pd.DataFrame, kind: str, marker: dict[str, Any], **more: object) -> None:
    """Draw points of one kind; only real samples and means of groups have a group to name."""
    label = KINDS[kind][0]
    group = ", group %{customdata[1]}" if kind in {"real", "group_mean"} else ""
    hover = f"{label}<br>class %{{customdata[0]}}{group}<extra></extra>"
    own = {"x": rows["x"], "y": rows["y"], "name": label, "marker": marker, "hovertemplate": hover}
    fig.add_scatter(mode="markers", **own, **more)


def _means(fig: go.Figure, rows: pd.DataFrame, colors: np.ndarray, *, groups: bool, hollow: bool) -> None:
    """Draw the means and targets of the classes in focus; of groups only where it is one class."""
    if groups:
        of_groups = (rows["kind"] == "group_mean").to_numpy()
        ground = FAINT if hollow else colors[of_groups]  # grey on grey would hide the cross
        _landmarks(fig, rows[of_groups], ground, "group_mean", 14)
    for name, size in (("target", 23), ("class_mean", 10)):
        _landmarks(fig, rows[rows["kind"] == name], MARK[name], name, size)


def _landmarks(fig: go.Figure, rows: pd.DataFrame, colors: np.ndarray | str, kind: str, size: float) -> None:
    """Draw means and targets, which cannot be selected and never fade."""
    if rows.empty:
        return
    marker = _marker(kind, colors if isinstance(colors, str) else list(colors), size)
    names = hover_data(rows, ["class", "group"])
    _points(fig, rows, kind, marker, customdata=names, unselected=_NEVER_FADED)


def _path(fig: go.Figure, path: pd.DataFrame | None, color: str) -> None:
    """Draw the trajectory of the mean of the synthetic images; a dot marks the start."""
    if path is None or path.empty:
        return
    sizes = np.where(np.arange(len(path)) == 0, 7, 2)
    fig.add_scatter(
        x=path["x"],
        y=path["y"],
        mode="lines+markers",
        name="its trajectory",
        line={"color": color, "width": 1.5},
        marker={"color": color, "size": sizes},
        customdata=path["iteration"],
        hovertemplate="mean of its synthetic images<br>after %{customdata} iterations<extra></extra>",
        unselected=_NEVER_FADED,
    )


def _ties(fig: go.Figure, rows: pd.DataFrame) -> None:
    """Draw lines from every group mean to the target of its class."""
    targets = rows[rows["kind"] == "target"].set_index("class_id")
    x: list[float | None] = []
    y: list[float | None] = []
    for mean in rows[rows["kind"] == "group_mean"].itertuples():
        if mean.class_id in targets.index:
            target = targets.loc[mean.class_id]
            x += [mean.x, target["x"], None]
            y += [mean.y, target["y"], None]
    line = {"color": NEUTRAL, "width": 1}
    fig.add_scatter(x=x, y=y, mode="lines", name="ties", line=line, hoverinfo="skip")
