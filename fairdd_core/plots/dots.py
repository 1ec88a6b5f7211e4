"""Dot plots: a row per class, group or case, a mark per arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.config.spec.evaluation import BASELINES
from fairdd_core.plots.heatmap import name_axis
from fairdd_core.plots.theme import FAINT, RGB, ArmStyle, arm_styles, base, group_css, outlined, percent_axis

_ROW = 30


def case_dots(
    table: pd.DataFrame,
    column: str,
    title: str,
    *,
    percent: bool = False,
    height: int = 250,
) -> go.Figure:
    """Draw a number for every case, a mark per arm.

    Args:
        table: ``case``, ``arm`` and the number; ``low`` and ``high`` bound a share.
        column: the number.
        title: of the axis.
        percent: whether the number is a share.
        height: in pixels.
    """
    cases = list(dict.fromkeys(table["case"]))
    fig = base(height, legend_rows=1)
    styles = arm_styles(list(dict.fromkeys(table["arm"])))
    for k, (arm, style) in enumerate(styles.items()):
        own = table[table["arm"] == arm]
        offset = 0.32 * (k - (len(styles) - 1) / 2)
        y = [cases.index(case) + offset for case in own["case"]]
        _marks(fig, own, column, y, style, percent)
    for row in range(1, len(cases)):
        fig.add_hline(y=row - 0.5, line={"color": FAINT, "width": 1})
    top = 1.0 if percent else float(table[column].max())
    fig.update_xaxes(title_text=title, range=[-0.03 * top, 1.2 * top], fixedrange=True)
    if percent:
        fig.update_xaxes(tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    fig.update_yaxes(
        tickvals=list(range(len(cases))),
        ticktext=cases,
        range=[len(cases) - 0.5, -0.5],
        showgrid=False,
        fixedrange=True,
    )
    return fig


def _marks(
    fig: go.Figure, rows: pd.DataFrame, column: str, y: list[float], style: ArmStyle, percent: bool
) -> None:
    """Draw an arm's mark, with its number, in the row of every case."""
    form = ".1%" if percent else ".2f"
    fig.add_scatter(
        x=rows[column],
        y=y,
        mode="markers",
        name=style.label,
        marker={"color": style.color, "symbol": style.symbol, "size": 11},
        error_x=_interval(rows, column, style.color) if percent else None,
        customdata=rows["case"],
        hovertemplate=f"<b>%{{customdata}}</b>: %{{x:{form}}}<extra>{style.label}</extra>",
    )
    # Numbers stand behind the end of the interval, which would strike them out.
    ends = rows[["high", column]].max(axis=1) if percent else rows[column]
    for end, row, value in zip(ends, y, rows[column], strict=True):
        text = f"{100 * value:.1f}" if percent else f"{value:.2f}"
        fig.add_annotation(x=end, y=row, text=text, xanchor="left", xshift=9, showarrow=False)


def _interval(rows: pd.DataFrame, column: str, color: str) -> dict[str, object]:
    return {
        "array": (rows["high"] - rows[column]).clip(lower=0),
        "arrayminus": (rows[column] - rows["low"]).clip(lower=0),
        "color": color,
        "thickness": 1.5,
        "width": 0,
    }


def architecture_dots(table: pd.DataFrame, measure: str, title: str) -> go.Figure:
    """Draw a measure of ``across_table``: a row per architecture, every arm in its own colour and shape."""
    names, arms = list(dict.fromkeys(table["architecture"])), list(dict.fromkeys(table["arm"]))
    fig = base(90 + (22 + 8 * len(arms)) * len(names), legend_rows=1 + (len(arms) > 2))
    offsets = np.linspace(-0.28, 0.28, len(arms)) if len(arms) > 1 else [0.0]
    for offset, (arm, style) in zip(offsets, arm_styles(arms).items(), strict=True):
        rows = table[(table["arm"] == arm) & table[measure].notna()]
        symbol = style.symbol + ("-open" if arm in BASELINES else "")
        fig.add_scatter(
            x=rows[measure],
            y=[names.index(name) + offset for name in rows["architecture"]],
            name=style.label,
            mode="markers",
            marker={"color": style.color, "symbol": symbol, "size": 11},
            customdata=rows[["architecture", "networks"]].to_numpy(object),
            hovertemplate="<b>%{customdata[0]}</b>: %{x:.1%}<br>mean of %{customdata[1]} networks"
            f"<extra>{style.label}</extra>",
        )
    for edge in range(1, len(names)):
        fig.add_hline(y=edge - 0.5, line={"color": "rgba(128,128,128,0.15)", "width": 1})
    fig.update_xaxes(**percent_axis(title))
    name_axis(fig.update_yaxes, names, "", range=[len(names) - 0.5, -0.5], showgrid=False, fixedrange=True)
    return fig


def residual_dots(
    table: pd.DataFrame, groups: Sequence[str], group_colors: Sequence[RGB], most: float
) -> go.Figure:
    """Draw one arm's rows of ``residual_table``: a dot for every group, a row for every class.

    Args:
        table: the rows; a class need not have every group.
        groups: names of all groups.
        group_colors: RGB of every group, or empty.
        most: end of the axis, so that arms can be compared.
    """
    classes = list(dict.fromkeys(table["class"]))
    colors = dict(zip(groups, group_css(group_colors, len(groups)), strict=True))
    fig = base(70 + _ROW * len(classes), showlegend=False)
    rows = [classes.index(name) for name in table["class"]]
    fig.add_scatter(
        x=table["residual"],
        y=rows,
        mode="markers",
        marker=outlined([colors[g] for g in table["group"]], size=11),
        customdata=table[["class", "group", "share"]].to_numpy(object),
        hovertemplate="class %{customdata[0]}, <b>%{customdata[1]}</b> (%{customdata[2]:.0%} of the class)"
        "<br>residual %{x:.2f}<extra></extra>",
    )
    fig.update_xaxes(title_text="distance from the synthetic images", range=[0, most * 1.05], fixedrange=True)
    name_axis(
        fig.update_yaxes, classes, "class", range=[len(classes) - 0.4, -0.6], showgrid=False, fixedrange=True
    )
    return fig
