"""The distances of the feature space behind the maps, which a map must not be asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.theme import arm_styles, base


def distance_table(
    residuals: pd.DataFrame, class_names: Sequence[str], group_names: Sequence[str]
) -> pd.DataFrame:
    """Return the distances of the real feature space, with names."""
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


def distance_matrix(residuals: pd.DataFrame, focus: int, group_names: Sequence[str]) -> pd.DataFrame:
    """Return one class's distances, a row per group: what people read, the charts beside it what they see.

    Args:
        residuals: see ``events.Embedded``.
        focus: index of the class.
        group_names: in index order.

    Returns:
        A table indexed by group with the columns ``(arm, "target")`` and ``(arm, "images")`` for every arm,
        and before them ``("", "n")`` and ``("", "share")``; NaN where a group has no image of the class.
    """
    rows = residuals[residuals["class_id"] == focus]
    columns: dict[tuple[str, str], pd.Series] = {}
    for arm in dict.fromkeys(rows["arm"]):
        own = rows[rows["arm"] == arm].set_index("group_id").reindex(range(len(group_names)))
        columns |= {("", "n"): own["n"].fillna(0).astype(int), ("", "share"): own["share"].fillna(0.0)}
        columns |= {(arm, "target"): own["to_target"], (arm, "images"): own["to_synthetic"]}
    table = pd.DataFrame(columns)
    table.index = pd.Index(list(group_names), name="group")
    return table
