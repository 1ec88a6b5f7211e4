"""The lesson's own figure: one number of several runs, method beside method."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.theme import FAINT, ArmStyle, arm_styles, base


def dots(
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


def _interval(rows: pd.DataFrame, column: str, color: str) -> dict:
    return {
        "array": (rows["high"] - rows[column]).clip(lower=0),
        "arrayminus": (rows[column] - rows["low"]).clip(lower=0),
        "color": color,
        "thickness": 1.5,
        "width": 0,
    }
