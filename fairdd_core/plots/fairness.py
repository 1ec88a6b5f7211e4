"""Recalls of groups, and accuracy against the gap. Undefined rates are named as such, not drawn at zero."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.gaps import ROUNDING, tied
from fairdd_core.plots.heatmap import name_axis
from fairdd_core.plots.theme import NEUTRAL, RGB, arm_styles, base, group_css, outlined, percent_axis

WIDE, NARROW = [-0.03, 1.9], [-0.03, 2.25]
"""Ranges of recall that leave room for the column of gaps; names of groups need more of a narrow figure."""
_ROW = 34
_FOCUS = "rgba(47,134,196,0.16)"


def _ends(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series] | None:
    """Return the groups with the smallest and the largest recall; None with fewer than two defined."""
    defined = rows[rows["recall"].notna()]
    if len(defined) < 2:
        return None
    return defined.loc[defined["recall"].idxmin()], defined.loc[defined["recall"].idxmax()]


def _gap_text(rows: pd.DataFrame) -> str:
    ends = _ends(rows)
    if ends is None or pd.isna(rows["gap"].iloc[0]):
        return "undefined"
    low, high = ends
    worst, best = (_named(rows, end) for end in ends)
    names = f"{worst} → {best}" if high["recall"] - low["recall"] > ROUNDING else "all equal"
    return f"<b>{100 * rows['gap'].iloc[0]:.0f}</b>  {names}"


def _named(rows: pd.DataFrame, end: pd.Series) -> str:
    """Return a group's name and the number of other groups with the same recall, for the text of a figure."""
    others = tied(rows["recall"].to_numpy(float), end["recall"])
    return html.escape(str(end["group"]), quote=False) + (f" +{others}" if others else "")


def _gap_bar(fig: go.Figure, row: int, rows: pd.DataFrame, at: float) -> None:
    """Draw the bar from the worst to the best group of a class, and write its gap."""
    ends = _ends(rows)
    if ends is not None:
        fig.add_scatter(
            x=[ends[0]["recall"], ends[1]["recall"]],
            y=[row, row],
            mode="lines",
            line={"color": "rgba(128,128,128,0.45)", "width": 5},
            hoverinfo="skip",
        )
    fig.add_annotation(
        x=at, xref="x", y=row, text=_gap_text(rows), showarrow=False, xanchor="left", font={"size": 12}
    )


def _recall_dots(
    fig: go.Figure, defined: pd.DataFrame, classes: Sequence[str], colors: Mapping[str, str]
) -> None:
    fig.add_scatter(
        x=defined["recall"],
        y=[classes.index(c) for c in defined["class"]],
        mode="markers",
        marker=outlined([colors[g] for g in defined["group"]], size=12),
        unselected={"marker": {"opacity": 1}},
        customdata=defined[["class", "group", "low", "high", "n", "networks"]].to_numpy(object),
        hovertemplate="class %{customdata[0]}, <b>%{customdata[1]}</b><br>recall %{x:.1%} "
        "(95 % interval %{customdata[2]:.1%} to %{customdata[3]:.1%})<br>"
        "n = %{customdata[4]} test images, mean of %{customdata[5]} networks<extra></extra>",
    )


def _openers(fig: go.Figure, classes: Sequence[str]) -> None:
    """Draw a marker before the gap of every row, which can be clicked."""
    fig.add_scatter(
        x=[1.06] * len(classes),
        y=list(range(len(classes))),
        mode="markers",
        marker={"symbol": "triangle-right", "size": 9, "color": NEUTRAL},
        unselected={"marker": {"opacity": 1}},
        customdata=np.array(classes, object)[:, None],
        hovertemplate="analyse the errors of class %{customdata[0]}<extra></extra>",
    )


def dumbbell(
    table: pd.DataFrame,
    group_colors: Sequence[RGB] = (),
    *,
    openers: bool = False,
    focus: str | None = None,
) -> go.Figure:
    """Draw the recalls of all groups of every class, for one arm of ``recall_table``.

    A dot per group in the group's own colour, a bar from the worst to the best, and at the right the gap in
    percentage points with the worst and the best group. ``openers`` adds a marker to every row that can be
    clicked; the class is the first of the custom data, as in every dot. The row of the class ``focus`` is
    shaded.
    """
    classes, groups = list(dict.fromkeys(table["class"])), list(dict.fromkeys(table["group"]))
    colors = dict(zip(groups, group_css(group_colors, len(groups)), strict=True))
    fig = base(76 + _ROW * len(classes), showlegend=False)
    for row, name in enumerate(classes):
        _gap_bar(fig, row, table[table["class"] == name], at=1.1 if openers else 1.06)
        if name == focus:
            fig.add_hrect(row - 0.5, row + 0.5, fillcolor=_FOCUS, line_width=0, layer="below")
    if openers:
        _openers(fig, classes)
    _recall_dots(fig, table[table["recall"].notna()], classes, colors)
    fig.update_xaxes(**percent_axis("recall of each group"))
    # Beyond 100 % lies the column of gaps, which needs no grid.
    fig.update_xaxes(range=WIDE, tickvals=[0, 0.5, 1])
    fig.add_annotation(
        x=1.06, y=-0.85, text="gap, points", showarrow=False, xanchor="left", font={"size": 11}, opacity=0.75
    )
    name_axis(
        fig.update_yaxes, classes, "class", range=[len(classes) - 0.4, -1.2], showgrid=False, fixedrange=True
    )
    return fig


def _label_side(means: pd.DataFrame, name: str) -> str:
    """Return where the name of a mark has room: away from the edge, and from neighbours above or below."""
    own = means.loc[name]
    near = means[
        ((means["gap"] - own["gap"]).abs() < 0.4) & ((means["accuracy"] - own["accuracy"]).abs() < 0.09)
    ]
    side = "left" if own["gap"] > 0.6 else "right"
    place = near.sort_values("accuracy", ascending=False, kind="stable").index.get_loc(name)
    height = "middle" if 0 < place < len(near) - 1 or len(near) == 1 else "bottom" if place else "top"
    return f"{height} {side}"


def tradeoff(table: pd.DataFrame, gap: str = "deo_mean", *, gap_title: str = "") -> go.Figure:
    """Draw accuracy against a gap of ``network_table``: small marks are networks, large ones means."""
    fig = base(380, showlegend=False)
    means = table.groupby("arm", sort=False)[[gap, "accuracy"]].mean().rename(columns={gap: "gap"})
    for name, style in arm_styles(list(dict.fromkeys(table["arm"]))).items():
        rows = table[table["arm"] == name]
        fig.add_scatter(
            x=rows[gap],
            y=rows["accuracy"],
            mode="markers",
            opacity=0.45,
            marker=style.marker(7),
            customdata=np.stack([rows["network"] + 1, rows["n"]], -1),
            hovertemplate=f"<b>{style.label}</b>, network %{{customdata[0]}}<br>"
            "accuracy %{y:.1%}, gap %{x:.1%}<br>"
            "n = %{customdata[1]} test images<extra></extra>",
        )
        x, y = means.loc[name]
        if np.isnan(x) or np.isnan(y):
            continue
        fig.add_scatter(
            x=[x],
            y=[y],
            mode="markers+text",
            text=[f"<b>{style.label}</b>"],
            textposition=_label_side(means, name),
            marker=style.marker(15, edge=True),
            hovertemplate=f"<b>{style.label}</b>, mean of {len(rows)}<br>"
            "accuracy %{y:.1%}, gap %{x:.1%}<extra></extra>",
        )
    fig.update_xaxes(**percent_axis(f"← better  ·  {gap_title or 'gap between groups'}"))
    fig.update_yaxes(**percent_axis("accuracy  ·  better →"))
    return fig
