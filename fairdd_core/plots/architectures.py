"""How the methods fare when other architectures learn from their images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.tables import Counts, network_table
from fairdd_core.config.spec.evaluation import BASELINES
from fairdd_core.plots.heatmap import name_axis
from fairdd_core.plots.theme import arm_styles, base, percent_axis

MEASURES = ("accuracy", "worst_group_accuracy", "deo_mean", "deo_max")


def across_table(counts: Mapping[str, Counts]) -> pd.DataFrame:
    """Return one row per (architecture, arm).

    Columns: ``architecture``, ``arm``, the means over networks of ``MEASURES``, and ``networks``.

    Args:
        counts: name of the architecture -> its counts; one without counts is left out.
    """
    frames = []
    for name, of_arms in counts.items():
        if not of_arms:
            continue
        groups = network_table(of_arms).groupby("arm", sort=False)
        table = groups[list(MEASURES)].mean().assign(networks=groups.size()).reset_index()
        frames.append(table.assign(architecture=name))
    table = pd.concat(frames, ignore_index=True)
    return table[["architecture", "arm", *MEASURES, "networks"]]


def across(table: pd.DataFrame, measure: str, title: str) -> go.Figure:
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
