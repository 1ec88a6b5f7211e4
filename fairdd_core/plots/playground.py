"""Figures of the playground: groups, targets and residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.playground.scene import DISTANCES, TARGET_NAMES, Scene
from fairdd_core.plots.dots import row_axis
from fairdd_core.plots.theme import NEUTRAL, arm_styles, base, frame, outlined

GROUP_STYLES = (
    ("#009e73", "triangle-up"),
    ("#cc79a7", "diamond"),
    ("#b87700", "star"),
    ("#5aa9d6", "triangle-down"),
    ("#9b6fd0", "x"),
)
"""Colour and marker of the groups A to E; those of vanilla and COBRA, drawn beside them, differ."""
TARGET_SYMBOLS = {
    "squared-l2": "circle",
    "l1": "cross",
    "l2": "diamond-tall",
    "linf": "square-x",
    "cosine": "triangle-right",
    "huber": "hourglass",
    "smallest-ball": "circle-cross",
}
"""Distance -> marker of its barycenter."""
_SAME, _NEAR = 0.02, 0.1
"""Shares of the width: closer targets share a label; closer groups push labels away."""
_DEPENDS_ON_ORIGIN = ("cosine", "huber")


def _frame(scene: Scene) -> tuple[list[float], list[float]]:
    """Return ranges that do not move with shares, separation or spread."""
    points_ND = replace(scene, separation=100).signals_GD
    room_D = 1.0 + 0.12 * np.ptp(points_ND, axis=0)  # for clouds and names
    low_D, high_D = points_ND.min(axis=0) - room_D, points_ND.max(axis=0) + room_D
    if scene.distance in _DEPENDS_ON_ORIGIN:
        low_D = np.minimum(low_D, -0.4)
    return [float(low_D[0]), float(high_D[0])], [float(low_D[1]), float(high_D[1])]


def scene_figure(scene: Scene, *, every_target: bool = False) -> go.Figure:
    """Draw the clouds, both targets, and a line from every group to each of them.

    Args:
        scene: what to draw.
        every_target: whether to mark the barycenters under all other distances too.
    """
    fig = base(450, showlegend=False, margin={"l": 0, "r": 0, "t": 4, "b": 0})
    x_range, y_range = _frame(scene)
    width = x_range[1] - x_range[0]
    if scene.distance in _DEPENDS_ON_ORIGIN:
        cross = {"color": NEUTRAL, "symbol": "cross-thin", "size": 14, "line": {"color": NEUTRAL, "width": 2}}
        _draw(fig, np.zeros(2), "origin", "origin: this distance depends on where it is", marker=cross)
        fig.update_traces(mode="markers+text", text=["origin"], textposition="top right")
    for name, dots_ND, (color, symbol) in zip(scene.names, scene.clouds(), GROUP_STYLES, strict=False):
        cloud = {"color": color, "symbol": symbol, "size": 6, "opacity": 0.38}
        _draw(fig, dots_ND, f"group {name}", marker=cloud)
    for arm, target_D in (("vanilla", scene.vanilla_D), ("cobra", scene.target_D)):
        _residual_lines(fig, scene, arm, target_D)
    shift_2D = np.stack([scene.target_D, scene.vanilla_D])
    dotted = {"color": NEUTRAL, "width": 2, "dash": "dot"}
    _draw(fig, shift_2D, "s", "s: from COBRA's target to vanilla's", line=dotted)
    _centres(fig, scene)
    if every_target:
        x_range = [x_range[0], x_range[1] + 0.45 * width]
        _every_target(fig, scene, x_range[0] + 1.02 * width, y_range)
    _targets(fig, scene, width, named=not every_target)
    frame(fig, x_range, y_range)
    # A length must look the same in every direction, or residuals could not be compared by eye.
    fig.update_yaxes(scaleanchor="x")
    fig.update_layout(xaxis_fixedrange=True, yaxis_fixedrange=True)
    return fig


def _draw(fig: go.Figure, points: np.ndarray, name: str, hover: str = "", **look: object) -> None:
    """Draw points (2,) or (N, 2) with a ``marker``, or joined by a ``line``."""
    x_N, y_N = np.atleast_2d(points).T
    shown = {"hovertemplate": f"{hover}<extra></extra>"} if hover else {"hoverinfo": "skip"}
    fig.add_scatter(x=x_N, y=y_N, name=name, mode="lines" if "line" in look else "markers", **shown, **look)


def _centres(fig: go.Figure, scene: Scene) -> None:
    """Mark the groups' centres, with name and share."""
    for name, share, point_D, up, (color, symbol) in zip(
        scene.names, scene.shares_G, scene.signals_GD, _up(scene), GROUP_STYLES, strict=False
    ):
        marker = outlined(color, size=17, symbol=symbol, width=1.5)
        hover = f"<b>Group {name}</b>, {share:.1%} of the class"
        _draw(fig, point_D, f"centre of {name}", hover, marker=marker)
        _label(fig, f"<b>{name}</b> {share:.0%}", point_D, np.array([0.0, up]), 24)


def _up(scene: Scene) -> np.ndarray:
    """Return 1 where a group's name stands above its centre and -1 where below, (G,).

    Never beside: a narrow screen has no room there.
    """
    height_G = scene.signals_GD[:, 1]
    up_G: np.ndarray = np.where(height_G >= height_G.mean(), 1.0, -1.0)
    return up_G


def _label(fig: go.Figure, text: str, point_D: np.ndarray, away_D: np.ndarray, pixels: float) -> None:
    """Write beside a point, in a direction; above it where there is none."""
    length = float(np.linalg.norm(away_D))
    towards_D = away_D / length if length > 1e-9 else np.array([0.0, 1.0])
    fig.add_annotation(
        x=point_D[0],
        y=point_D[1],
        text=text,
        showarrow=False,
        xshift=pixels * 1.15 * towards_D[0],
        yshift=pixels * towards_D[1],
        xanchor="left" if towards_D[0] > 0.35 else "right" if towards_D[0] < -0.35 else "center",
        font={"size": 14},
    )


def _residual_lines(fig: go.Figure, scene: Scene, arm: str, target_D: np.ndarray) -> None:
    style = arm_styles([arm])[arm]
    for name, signal_D in zip(scene.names, scene.signals_GD, strict=True):
        hover = f"residual of {name} under {style.label}: {np.linalg.norm(signal_D - target_D):.2f}"
        line = {"color": style.color, "width": 2.2, "dash": style.dash}
        _draw(fig, np.stack([signal_D, target_D]), f"{style.label} to {name}", hover, line=line)


def _targets(fig: go.Figure, scene: Scene, width: float, *, named: bool) -> None:
    """Draw both targets on top of everything, with their names unless these are written elsewhere."""
    points = {"vanilla": scene.vanilla_D, "cobra": scene.target_D}
    for arm, style in arm_styles(list(points)).items():
        size = 22 if arm == "vanilla" else 15  # both remain visible at the same point
        marker = style.marker(size) | {"line": {"color": "#ffffff", "width": 2}}
        _draw(fig, points[arm], f"{style.label} target", f"<b>{style.label}'s target</b>", marker=marker)
    if not named:
        return
    apart_D = points["vanilla"] - points["cobra"]
    barycenter = f"COBRA: {TARGET_NAMES[scene.distance]}"
    if np.linalg.norm(apart_D) < _SAME * width:
        _label(fig, f"<b>Vanilla</b> and <b>{barycenter}</b>", points["cobra"], np.array([0.0, -1.0]), 28)
        return
    aside_D = apart_D * np.array([0.2, 1.0])
    from_group_G = np.linalg.norm(scene.signals_GD - points["vanilla"], axis=1)
    if from_group_G.min() < _NEAR * width:  # opposite the name of that group
        aside_D = np.array([0.0, -_up(scene)[from_group_G.argmin()]])
    _label(fig, "<b>Vanilla</b>", points["vanilla"], aside_D, 26)
    _label(fig, f"<b>{barycenter}</b>", points["cobra"], -apart_D * np.array([0.2, 1.0]), 26)


def _every_target(fig: go.Figure, scene: Scene, edge: float, y_range: Sequence[float]) -> None:
    """Draw all barycenters, and name all targets in a column at the right, so that names do not overlap."""
    color = arm_styles(["cobra"])["cobra"].color
    points = {name: scene.barycenter(name) for name in DISTANCES} | {"vanilla": scene.vanilla_D}
    order = sorted(points, key=lambda name: float(points[name][1]))
    for name, height in zip(order, np.linspace(y_range[0], y_range[1], len(order) + 2)[1:-1], strict=True):
        title, symbol = TARGET_NAMES.get(name, "<b>Vanilla</b>"), TARGET_SYMBOLS.get(name)
        if name == scene.distance:
            title = f"<b>COBRA: {title}</b>"
        elif symbol:
            white = {"color": "#ffffff", "width": 1}
            marker = {"color": color, "symbol": symbol, "size": 12, "line": white}
            _draw(fig, points[name], title, f"barycenter: {title}", marker=marker)
        fig.add_annotation(
            x=points[name][0],
            y=points[name][1],
            ax=edge,
            ay=height,
            axref="x",
            ayref="y",
            text=title,
            xanchor="left",
            showarrow=True,
            arrowhead=0,
            arrowwidth=1,
            arrowcolor="rgba(128,128,128,0.6)",
            standoff=6,
            font={"size": 13},
        )


_OFFSET = 0.2
"""Of a group's two bars from the middle of its row."""


def residual_bars(table: pd.DataFrame) -> go.Figure:
    """Draw ``residual_table``: two bars per group, and a tick where the bound on vanilla's is."""
    groups = list(table["group"])
    fig = base(74 + 42 * len(groups), legend_rows=1, barmode="overlay")
    top = max(0.5, float(table[["vanilla", "cobra", "bound"]].to_numpy().max()))
    row_G = np.arange(len(groups))
    _bars(fig, table, "vanilla", row_G - _OFFSET)
    _bars(fig, table, "cobra", row_G + _OFFSET)
    # In a column of their own: beside the tick, the number of a bar would read as that of the bound.
    fig.add_scatter(
        x=[1.2 * top] * 2 * len(groups),
        y=np.concatenate([row_G - _OFFSET, row_G + _OFFSET]),
        mode="text",
        text=[f"{value:.2f}" for value in [*table["vanilla"], *table["cobra"]]],
        textposition="middle left",
        textfont={"size": 12},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    fig.add_scatter(
        x=table["bound"],
        y=row_G - _OFFSET,
        mode="markers",
        name="bound",
        marker={"symbol": "line-ns", "size": 18, "line": {"color": NEUTRAL, "width": 3}},
        hovertemplate="imbalance × separation: vanilla's is at most %{x:.2f}<extra></extra>",
    )
    fig.update_xaxes(title_text="distance from the target", range=[0, 1.2 * top], fixedrange=True)
    row_axis(fig, groups)
    return fig


def _bars(fig: go.Figure, table: pd.DataFrame, arm: str, y_G: np.ndarray) -> None:
    """Draw one arm's bars; COBRA's are hatched, so that not colour alone tells them apart."""
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
