"""How far every group is from what its class's synthetic images look like to the matching network."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.heatmap import name_axis
from fairdd_core.plots.theme import RGB, base, group_css, outlined

_ROW = 30
ALL_CLASSES = "all classes"


def last_moment(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last logged moment of ``RunFolder.diagnostics``."""
    return cells[cells["iteration"] == cells["iteration"].max()]


def residual_table(cells: pd.DataFrame, classes: Sequence[str], groups: Sequence[str]) -> pd.DataFrame:
    """Return one moment's residuals in units of the class's own spread.

    Args:
        cells: rows of one moment (see ``fairdd_core.distill.diagnostics.diagnose``).
        classes: names.
        groups: names.

    Returns:
        ``arm``, ``class``, ``group``, ``share`` and ``residual``: 1 is the mean distance of the class's
        groups from their common centre, so that classes and networks can be compared.
    """
    unit = cells.groupby(["arm", "class_id"])["uniform"].transform("mean").clip(lower=1e-12)
    named = {
        "arm": cells["arm"],
        "class": [ALL_CLASSES if c < 0 else classes[c] for c in cells["class_id"]],
        "group": [groups[g] for g in cells["group_id"]],
        "share": cells["share"],
        "residual": cells["residual"] / unit,
    }
    return pd.DataFrame(named).reset_index(drop=True)


def theorem_table(cells: pd.DataFrame, classes: Sequence[str], groups: Sequence[str]) -> pd.DataFrame:
    """Return, for every class, what Theorem 4.1 (COBRA, arXiv 2605.00185) says at one moment.

    Args:
        cells: rows of one moment.
        classes: names.
        groups: names.

    Returns:
        ``class``, ``worst group`` (the one farthest from the groups' common centre), ``vanilla target`` and
        ``common centre`` (the largest distance of a group from either), ``shift`` (between the two),
        all in units of the class's spread, and ``condition``: whether the theorem promises that the
        common centre leaves nobody farther behind than vanilla's target does.
    """
    rows = []
    for class_id, of_class in cells[cells["arm"] == cells["arm"].iloc[0]].groupby("class_id"):
        unit = max(float(of_class["uniform"].mean()), 1e-12)
        worst = of_class.loc[of_class["uniform"].idxmax()]
        rows.append(
            {
                "class": ALL_CLASSES if int(str(class_id)) < 0 else classes[int(str(class_id))],
                "worst group": groups[int(worst["group_id"])],
                "vanilla target": float(of_class["vanilla"].max()) / unit,
                "common centre": float(of_class["uniform"].max()) / unit,
                "shift": float(worst["shift"]) / unit,
                "condition": bool(worst["inner"] <= 0),
            }
        )
    return pd.DataFrame(rows)


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
