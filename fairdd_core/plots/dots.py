"""Dot plots: a row per class, group, architecture or case, and a mark per arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.floor import draw_floor, gap_text
from fairdd_core.plots.heatmap import name_axis
from fairdd_core.plots.theme import (
    FAINT,
    RGB,
    arm_styles,
    base,
    error_bars,
    fitted_axis,
    group_css,
    hover_data,
    outlined,
    percent_axis,
)

_LONG_NAME = 12
"""Letters of a row's name that leave room for two entries of a legend."""


def row_axis(fig: go.Figure, names: Sequence[str], title: str = "", *, divided: bool = False) -> None:
    """Name the rows of a dot plot, the first on top, with lines between them if they are divided."""
    bounds = [len(names) - 0.5, -0.5]
    name_axis(fig.update_yaxes, names, title, range=bounds, showgrid=False, fixedrange=True)
    for edge in range(1, len(names)) if divided else ():
        fig.add_hline(y=edge - 0.5, line={"color": FAINT, "width": 1})


def _dots(
    table: pd.DataFrame,
    names: Sequence[str],
    row: str,
    value: str,
    hover: tuple[str, Sequence[str]],
    *,
    height: int,
    interval: bool = False,
    floor: bool = False,
) -> go.Figure:
    """Draw a mark per arm in every row, side by side.

    Args:
        table: with the columns ``arm``, ``row``, ``value``, those of ``hover``, and with ``interval`` also
            ``low`` and ``high``.
        names: of the rows, from above.
        row: column with the name of the row.
        value: column with the number.
        hover: template, and the columns that it calls ``%{customdata[i]}``.
        height: in pixels.
        interval: whether to draw error bars.
        floor: whether to draw the noise floors, from the columns ``floor`` and ``floor_std``.
    """
    styles = arm_styles(list(table["arm"].unique()))
    entries = len(styles) + (floor and bool(table["floor"].notna().any()))
    # Two in a row, so that none gets below the button at the right; Plotly takes one where names are long.
    lines = entries if max(map(len, names), default=0) > _LONG_NAME else -(-entries // 2)
    fig = base(height + 22 * max(0, lines - 2), legend_rows=lines)
    fig.update_layout(legend={"entrywidth": 116, "xref": "container"})
    step = min(0.32, 0.6 / max(1, len(styles) - 1))
    for k, (arm, style) in enumerate(styles.items()):
        rows = table[(table["arm"] == arm) & table[value].notna()]
        bars = {"color": style.color, "thickness": 1.5, "width": 0}
        y = [names.index(name) + step * (k - (len(styles) - 1) / 2) for name in rows[row]]
        if floor:
            draw_floor(fig, rows["floor"], rows["floor_std"], y, size=11, legend=k == 0)
        fig.add_scatter(
            x=rows[value],
            y=y,
            name=style.text,
            mode="markers",
            cliponaxis=False,
            marker=style.marker(10),
            error_x=error_bars(rows[value], rows["low"], rows["high"], **bars) if interval else None,
            customdata=hover_data(rows, hover[1], markup=["text"]),
            hovertemplate=f"{hover[0]}<extra>{style.text}</extra>",
        )
    row_axis(fig, names, divided=True)
    return fig


def group_accuracy(table: pd.DataFrame, group_colors: Sequence[RGB] = ()) -> go.Figure:
    """Draw ``group_table``: accuracy within each group with its 95 % interval, each arm in its own shape."""
    groups, arms = list(table["group"].unique()), table["arm"].nunique()
    hover = (
        "<b>%{customdata[0]}</b>: %{x:.1%} (95 % interval %{customdata[1]:.1%} to %{customdata[2]:.1%})<br>"
        "test images: n = %{customdata[3]}, networks: %{customdata[4]}"
    )
    columns = ["group", "low", "high", "n", "networks"]
    height = 100 + (24 + 6 * arms) * len(groups)
    fig = _dots(table, groups, "group", "accuracy", (hover, columns), height=height, interval=True)
    fig.add_scatter(
        x=[-0.035] * len(groups),
        y=list(range(len(groups))),
        mode="markers",
        showlegend=False,
        cliponaxis=False,
        marker=outlined(group_css(group_colors, len(groups)), size=11, symbol="square"),
        hoverinfo="skip",
    )
    fig.update_xaxes(**percent_axis("accuracy within the group") | {"range": [-0.07, 1.03]})
    return fig


def gap_dots(table: pd.DataFrame, row: str, value: str, title: str) -> go.Figure:
    """Draw gaps with their intervals and noise floors: a row per class or metric, a mark per arm.

    Args:
        table: ``class_gap_table``, or rows of ``results_table`` about gaps.
        row: column with the name of the row.
        value: column with the gap.
        title: of the axis.
    """
    names, arms = list(table[row].unique()), table["arm"].nunique()
    texts = [gap_text(record[value], record) for record in table.to_dict("records")]
    table = table.assign(text=texts)
    hover = ("<b>%{customdata[0]}</b>: %{customdata[1]}", [row, "text"])
    height = 100 + (16 + 16 * arms) * len(names)
    fig = _dots(table, names, row, value, hover, height=height, interval=True, floor=True)
    reach = table["floor"] + table["floor_std"].fillna(0)
    fig.update_xaxes(**fitted_axis([0, *table[value], *table["high"], *reach], title))
    return fig


def architecture_dots(table: pd.DataFrame, metric: str, title: str) -> go.Figure:
    """Draw a metric of ``architecture_table``: a row per architecture."""
    names = list(table["architecture"].unique())
    hover = "<b>%{customdata[0]}</b>: %{x:.1%}<br>networks: %{customdata[1]}"
    height = 90 + (22 + 8 * table["arm"].nunique()) * len(names)
    fig = _dots(table, names, "architecture", metric, (hover, ["architecture", "networks"]), height=height)
    fig.update_xaxes(**percent_axis(title))
    return fig


def distance_dots(
    distances: pd.DataFrame, class_id: int, group_names: Sequence[str], column: str = "to_target"
) -> go.Figure:
    """Draw the distances in feature space of the groups of a class from every arm's target.

    Args:
        distances: see ``events.Embedded.residuals``.
        class_id: index of the class.
        group_names: in index order.
        column: ``to_target``, or ``to_synthetic`` for the distances from the mean of the synthetic images.
    """
    table = distances[distances["class_id"] == class_id].sort_values("group_id", kind="stable")
    table = table.assign(group=np.array(group_names, object)[table["group_id"].to_numpy(int)])
    hover = (
        "<b>%{customdata[0]}</b>: %{x:.3g}<br>real images: n = %{customdata[1]} "
        "(%{customdata[2]:.1%} of the class)"
    )
    height = 96 + 30 * len(group_names)
    fig = _dots(table, group_names, "group", column, (hover, ["group", "n", "share"]), height=height)
    fig.update_xaxes(title_text="distance", rangemode="tozero", fixedrange=True)
    return fig


def case_dots(table: pd.DataFrame, column: str, title: str, *, percent: bool = False) -> go.Figure:
    """Draw a number for every case and arm, and write it beside the mark.

    Args:
        table: ``case``, ``arm`` and the number. A share is a gap, which ``low`` and ``high`` bound, with its
            noise floor: ``floor`` and ``floor_std``.
        column: the number.
        title: of the axis.
        percent: whether the number is a share.
    """
    hover = f"<b>%{{customdata[0]}}</b>: %{{x:{'.1%' if percent else '.2f'}}}"
    cases = list(table["case"].unique())
    fig = _dots(table, cases, "case", column, (hover, ["case"]), height=250, interval=percent, floor=percent)
    labels = {style.label for style in arm_styles(list(table["arm"].unique())).values()}
    for trace in fig.select_traces(selector=lambda trace: trace.name in labels):
        # Numbers stand behind the end of the interval, which would strike them out.
        ends = trace.x if trace.error_x.array is None else np.add(trace.x, trace.error_x.array)
        for end, y, value in zip(ends, trace.y, trace.x, strict=True):
            text = f"{100 * value:.1f}" if percent else f"{value:.2f}"
            fig.add_annotation(x=end, y=y, text=text, xanchor="left", xshift=9, showarrow=False)
    top = 1.0 if percent else float(table[column].max())
    fig.update_xaxes(title_text=title, range=[-0.03 * top, 1.2 * top], fixedrange=True)
    if percent:
        fig.update_xaxes(tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    return fig


def residual_dots(
    table: pd.DataFrame, groups: Sequence[str], group_colors: Sequence[RGB], most: float
) -> go.Figure:
    """Draw the rows of one arm of ``residual_table``: a dot for every group, a row for every class.

    Args:
        table: the rows; a class need not have every group.
        groups: names of all groups.
        group_colors: RGB of every group, or empty.
        most: end of the axis, so that arms can be compared.
    """
    classes = list(table["class"].unique())
    colors = dict(zip(groups, group_css(group_colors, len(groups)), strict=True))
    fig = base(70 + 30 * len(classes), showlegend=False)
    fig.add_scatter(
        x=table["residual"],
        y=[classes.index(name) for name in table["class"]],
        mode="markers",
        marker=outlined([colors[g] for g in table["group"]], size=11),
        customdata=hover_data(table, ["class", "group", "share"]),
        hovertemplate="class %{customdata[0]}, <b>%{customdata[1]}</b> (%{customdata[2]:.0%} of the class)"
        "<br>residual %{x:.2f}<extra></extra>",
    )
    fig.update_xaxes(title_text="distance from the synthetic images", range=[0, most * 1.05], fixedrange=True)
    row_axis(fig, classes, "class")
    return fig
