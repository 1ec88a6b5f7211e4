"""Recalls of groups, and accuracy against the gap. Undefined rates are named as such, not drawn at zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.gaps import ROUNDING, tied
from fairdd_core.plots.floor import draw_floor, gap_text
from fairdd_core.plots.heatmap import name_axis
from fairdd_core.plots.theme import (
    NEUTRAL,
    RGB,
    ArmStyle,
    arm_styles,
    base,
    error_bars,
    fitted_axis,
    group_css,
    hover_data,
    literal,
    outlined,
    percent_axis,
)

WIDE, THIRD, NARROW = 28, 18, 6
"""Letters of two groups' names that the column of gaps has room for: in a figure that has half of a page,
a third of it, or a third beside a sidebar."""
_ENDS = {WIDE: 1.9, THIRD: 2.25, NARROW: 2.25}
_NAMELESS = 1.65
"""Ends of the axis of recall that leave room for the column of gaps, with names of groups and without."""
_ROW = 34
_NUMBERS = ["low", "high", "floor", "floor_std", "excess"]
_FOCUS = "rgba(47,134,196,0.16)"


def _ends(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series] | None:
    """Return the groups with the smallest and the largest recall; None with fewer than two defined."""
    defined = rows[rows["recall"].notna()]
    if len(defined) < 2:
        return None
    return defined.loc[defined["recall"].idxmin()], defined.loc[defined["recall"].idxmax()]


def _gap_text(rows: pd.DataFrame, floor: float, *, names: bool) -> str:
    """Return the gap of a class, its noise floor in brackets, and the groups at its ends if there is room."""
    ends = _ends(rows)
    if ends is None or pd.isna(rows["gap"].iloc[0]):
        return "undefined"
    text = f"<b>{100 * rows['gap'].iloc[0]:.0f}</b>"
    if np.isfinite(floor):
        text += f" ({100 * floor:.0f})"
    low, high = ends
    if high["recall"] - low["recall"] <= ROUNDING:
        return f"{text}  all equal" if names else text
    worst, best = (_named(rows, end) for end in ends)
    return f"{text}  {worst} → {best}" if names else text


def _floors(classes: Sequence[str], gaps: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the noise floor of every class; NaN where it is unknown."""
    if gaps is None:
        return np.full(len(classes), np.nan), np.full(len(classes), np.nan)
    known = gaps.set_index("class").reindex(classes)
    return known["floor"].to_numpy(float), known["floor_std"].to_numpy(float)


def _letters(rows: pd.DataFrame) -> int:
    """Return the length of the names of the groups at the ends of a gap."""
    ends = _ends(rows)
    return 0 if ends is None else sum(len(str(end["group"])) for end in ends)


def _named(rows: pd.DataFrame, end: pd.Series) -> str:
    """Return a group's name and the number of other groups with the same recall, for the text of a figure."""
    others = tied(rows["recall"].to_numpy(float), end["recall"])
    return literal(str(end["group"])) + (f" +{others}" if others else "")


def _gap_bar(fig: go.Figure, row: int, rows: pd.DataFrame, at: float, text: str) -> None:
    """Draw the bar from the worst to the best group of a class, and write its gap behind it."""
    ends = _ends(rows)
    if ends is not None:
        fig.add_scatter(
            x=[ends[0]["recall"], ends[1]["recall"]],
            y=[row, row],
            mode="lines",
            line={"color": "rgba(128,128,128,0.45)", "width": 4},
            hoverinfo="skip",
        )
    fig.add_annotation(x=at, xref="x", y=row, text=text, showarrow=False, xanchor="left", font={"size": 12})


def _recall_dots(
    fig: go.Figure, defined: pd.DataFrame, classes: Sequence[str], colors: Mapping[str, str]
) -> None:
    fig.add_scatter(
        x=defined["recall"],
        y=[classes.index(c) for c in defined["class"]],
        mode="markers",
        marker=outlined([colors[g] for g in defined["group"]], size=12),
        unselected={"marker": {"opacity": 1}},
        customdata=hover_data(defined, ["class", "group", "low", "high", "n", "networks"]),
        hovertemplate="class %{customdata[0]}, <b>%{customdata[1]}</b><br>recall %{x:.1%} "
        "(95 % interval %{customdata[2]:.1%} to %{customdata[3]:.1%})<br>"
        "test images: n = %{customdata[4]}, networks: %{customdata[5]}<extra></extra>",
    )


def _openers(fig: go.Figure, classes: Sequence[str]) -> None:
    """Draw a marker before the gap of every row, which can be clicked."""
    fig.add_scatter(
        x=[1.06] * len(classes),
        y=list(range(len(classes))),
        mode="markers",
        marker={"symbol": "triangle-right", "size": 9, "color": NEUTRAL},
        unselected={"marker": {"opacity": 1}},
        customdata=[[literal(name)] for name in classes],
        hovertemplate="analyse the errors of class %{customdata[0]}<extra></extra>",
    )


def dumbbell(
    table: pd.DataFrame,
    group_colors: Sequence[RGB] = (),
    *,
    gaps: pd.DataFrame | None = None,
    openers: bool = False,
    focus: str | None = None,
    room: int = WIDE,
) -> go.Figure:
    """Draw the recalls of all groups of every class, for one arm of ``recall_table``.

    A dot per group in the group's own colour, a bar from the worst to the best, and at the right the gap in
    percentage points with the worst and the best group. Where noise floors are known, a tick and a band on
    the bar are as far from the best group as chance alone would put the worst.

    Args:
        table: the rows of the arm.
        group_colors: RGB of every group, or empty.
        gaps: its rows of ``class_gap_table``, for the noise floors.
        openers: adds a marker to every row that can be clicked; the class, as ``literal``, is the first of
            the custom data, as in every dot.
        focus: class whose row is shaded.
        room: letters of two groups' names that there is room for: ``WIDE``, ``THIRD`` or ``NARROW``.
    """
    classes, groups = list(dict.fromkeys(table["class"])), list(dict.fromkeys(table["group"]))
    colors = dict(zip(groups, group_css(group_colors, len(groups)), strict=True))
    fig = base(76 + _ROW * len(classes), showlegend=False)
    names = max(_letters(table[table["class"] == name]) for name in classes) <= room
    floor_C, std_C = _floors(classes, gaps)
    for row, name in enumerate(classes):
        own = table[table["class"] == name]
        text = _gap_text(own, floor_C[row], names=names)
        _gap_bar(fig, row, own, 1.1 if openers else 1.06, text)
        if name == focus:
            fig.add_hrect(row - 0.5, row + 0.5, fillcolor=_FOCUS, line_width=0, layer="below")
    if openers:
        _openers(fig, classes)
    best_C = table.groupby("class", sort=False)["recall"].max()
    draw_floor(fig, floor_C, std_C, range(len(classes)), best=best_C)
    _recall_dots(fig, table[table["recall"].notna()], classes, colors)
    fig.update_xaxes(**percent_axis("recall of each group"))
    # Beyond 100 % lies the column of gaps, which needs no grid.
    end = _ENDS[room] if names else _NAMELESS
    fig.update_xaxes(range=[-0.03, end], tickvals=[0, 0.5, 1])
    title = "gap (chance)" if np.isfinite(floor_C).any() else "gap"
    style = {"showarrow": False, "xanchor": "left", "font": {"size": 11}, "opacity": 0.75}
    fig.add_annotation(x=1.06, y=-0.85, text=title, **style)
    heights = [len(classes) - 0.4, -1.2]
    name_axis(fig.update_yaxes, classes, "class", range=heights, showgrid=False, fixedrange=True)
    return fig


def _label_side(means: pd.DataFrame, name: str, x_range: Sequence[float], y_range: Sequence[float]) -> str:
    """Return where the name of a mark has room: away from the edge, its interval and its neighbours."""
    own, width, height = means.loc[name], x_range[1] - x_range[0], y_range[1] - y_range[0]
    beside = (means["gap"] - own["gap"]).abs() < 0.4 * width
    near = means[beside & ((means["accuracy"] - own["accuracy"]).abs() < 0.09 * height)]
    side = "left" if own["gap"] > x_range[0] + 0.6 * width else "right"
    place = near.sort_values("accuracy", ascending=False, kind="stable").index.get_loc(name)
    level = "top" if place == 0 else "bottom" if place == len(near) - 1 else "middle"
    return f"{level} {side}"


def tradeoff(
    table: pd.DataFrame, gap: str = "deo_mean", *, gap_title: str = "", results: pd.DataFrame | None = None
) -> go.Figure:
    """Draw accuracy against a gap of ``network_table``: small marks are networks, large ones means.

    Args:
        table: the networks.
        gap: name of the gap in ``METRICS``.
        gap_title: of the axis.
        results: ``results_table`` of the same methods, for intervals and noise floors of the gap.
    """
    means = table.groupby("arm", sort=False)[[gap, "accuracy"]].mean().rename(columns={gap: "gap"})
    means[_NUMBERS] = np.nan
    if results is not None:
        known = results[results["metric"] == gap].set_index("arm")
        means[_NUMBERS] = known.reindex(means.index)[_NUMBERS]
    marked = means.dropna(subset=["gap", "accuracy"])
    fig = base(380, showlegend=False)
    reach = np.nan_to_num(means["floor_std"]) + means["floor"]
    x_axis = fitted_axis(
        [0, *table[gap], *means["low"], *means["high"], *reach], f"← better  ·  {gap_title or 'gap'}"
    )
    y_axis = fitted_axis(table["accuracy"], "accuracy  ·  better →")
    fig.update_xaxes(**x_axis)
    fig.update_yaxes(**y_axis)
    draw_floor(fig, marked["floor"], marked["floor_std"], marked["accuracy"], size=18)
    for name, style in arm_styles(list(means.index)).items():
        _networks(fig, table[table["arm"] == name], gap, style)
        if name in marked.index:
            side = _label_side(means, name, fig.layout.xaxis.range, fig.layout.yaxis.range)
            _method_mark(fig, marked.loc[name], style, side)
    return fig


def _networks(fig: go.Figure, rows: pd.DataFrame, gap: str, style: ArmStyle) -> None:
    """Draw a small mark for every network of a method."""
    fig.add_scatter(
        x=rows[gap],
        y=rows["accuracy"],
        mode="markers",
        opacity=0.45,
        marker=style.marker(7),
        customdata=np.stack([rows["network"] + 1, rows["n"]], -1),
        hovertemplate=f"<b>{style.text}</b>, network %{{customdata[0]}}<br>"
        "accuracy %{y:.1%}, gap %{x:.1%}<br>"
        "test images: n = %{customdata[1]}<extra></extra>",
    )


def _method_mark(fig: go.Figure, mean: pd.Series, style: ArmStyle, side: str) -> None:
    """Draw the mean of a method, with the interval of its gap and its name."""
    gap, low, high = (np.array([mean[name]]) for name in ("gap", "low", "high"))
    bars = error_bars(gap, low, high, color=style.color, thickness=1.5, width=4)
    fig.add_scatter(
        x=gap,
        y=[mean["accuracy"]],
        mode="markers+text",
        text=[f"<b>{style.text}</b>"],
        textposition=side,
        marker=style.marker(15, edge=True),
        error_x=bars if np.isfinite(low[0]) else None,
        hovertemplate=f"<b>{style.text}</b>, mean<br>accuracy %{{y:.1%}}<br>gap "
        f"{gap_text(mean['gap'], mean)}<extra></extra>",
    )
