"""The maps of a run as figures that stand by themselves: nothing of the dashboard is around them."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from fairdd_core.data.card import Labels
from fairdd_core.plots.map_table import Projection, map_table, ranges, ready
from fairdd_core.plots.maps import KINDS, arm_map
from fairdd_core.plots.theme import arm_label, group_css, outlined
from fairdd_core.report.entry import Figure
from fairdd_core.runs.storage.folder import RunFolder

HEIGHT = 560
_CAUTION: dict[Projection, str] = {
    "pca": "PCA: a straight shadow of the feature space. Distances are shortened, never stretched.",
    "umap": "UMAP keeps neighbours together. Distances between clumps, their sizes and the empty space mean "
    "nothing.",
}
_LANDMARKS = ("group_mean", "target", "class_mean")
"""What the table has: the samples are too many to read."""


def map_figures(folder: RunFolder, labels: Labels) -> list[Figure]:
    """Return a map for every method and projection, all with the same axes; none before there are any."""
    points, found = folder.points(), []
    for projection in _CAUTION:
        if points is None or not ready(points, projection):
            continue
        table = map_table(points, projection, labels.classes, labels.groups)
        found += [
            _figure(table, arm.name, projection, labels)
            for arm in folder.spec().distill.arms
            if (table["arm"] == arm.name).any()
        ]
    return found


def _figure(table: pd.DataFrame, arm: str, projection: Projection, labels: Labels) -> Figure:
    name, way = arm_label(arm), projection.upper()
    return Figure(
        f"{projection}-{arm}",
        f"{way} map: {name}",
        f"{way} map of real samples, coloured by group, with {name}'s synthetic images, targets and means.",
        f"{_CAUTION[projection]} All {way} maps of this run have the same axes. Shape says what a point is; "
        "colour is the group of real samples and means. Drag to zoom, double-click to go back. "
        "The table has the means and the targets.",
        _drawn(table, arm, labels),
        _landmarks(table, arm),
    )


def _drawn(table: pd.DataFrame, arm: str, labels: Labels) -> go.Figure:
    groups = len(labels.groups)
    fig = arm_map(table, arm, group_colors=labels.colors, groups=groups, axes=ranges(table), height=HEIGHT)
    for name, color in zip(labels.groups, group_css(labels.colors, groups), strict=True):
        marker = outlined(color, size=11, symbol="square")
        fig.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker)
    fig.update_layout(
        showlegend=True,
        dragmode="zoom",
        clickmode="event",
        legend={"y": -0.02, "yref": "paper", "yanchor": "top", "itemclick": False, "itemdoubleclick": False},
    )
    return fig


def _landmarks(table: pd.DataFrame, arm: str) -> pd.DataFrame:
    own = table[table["arm"].isin(["", arm]) & table["kind"].isin(_LANDMARKS)]
    what = {kind: KINDS[kind][0] for kind in _LANDMARKS}
    columns = ["kind", "class", "group", "x", "y"]
    return own.assign(kind=own["kind"].map(what)).sort_values(["class", "kind"], kind="stable")[columns]
