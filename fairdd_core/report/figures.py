"""The figures of a run with titles, captions and tables; interactive, or as vector files."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.tables import (
    confusion_table,
    curves_table,
    group_table,
    network_table,
    recall_table,
)
from fairdd_core.data.card import Labels
from fairdd_core.embed.map_table import Projection, has_projection, map_table, ranges
from fairdd_core.plots.curves import CURVES, curve
from fairdd_core.plots.dots import group_accuracy
from fairdd_core.plots.fairness import dumbbell, tradeoff
from fairdd_core.plots.heatmap import confusion
from fairdd_core.plots.maps import KINDS, arm_map
from fairdd_core.plots.theme import NEUTRAL, arm_label, group_css, literal, outlined
from fairdd_core.report.pictures import file_name
from fairdd_core.report.tables import ordered_counts
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.units import counted

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FILE_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "displayModeBar": True,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg", "scale": 1},
}
"""Figures in a file have one button, which saves the figure as SVG."""

_HEIGHT = 560
"""Of a map, in pixels."""
_CAUTION: dict[Projection, str] = {
    "pca": "PCA is a linear projection of the feature space: distances can only become shorter.",
    "umap": "UMAP keeps neighbours together. Distances between clusters, their sizes and the empty space "
    "mean nothing.",
}
_LANDMARKS = ("group_mean", "target", "class_mean")
"""Points that the table has; the samples are too many to read."""


@dataclass(frozen=True)
class Figure:
    """A figure, its texts and its table.

    Attributes:
        name: short, unique within a run.
        title: shown as a heading.
        alt: for screen readers.
        caption: how to read it.
        figure: the figure.
        table: its numbers.
    """

    name: str
    title: str
    alt: str
    caption: str
    figure: go.Figure
    table: pd.DataFrame


def figures(folder: RunFolder, labels: Labels) -> list[Figure]:
    """Return the figures of a run, as far as it has got."""
    counts = ordered_counts(folder)
    results = list(_results(counts, labels)) + map_figures(folder, labels) if counts else []
    return results + _curves(folder)


def _results(counts: dict[str, np.ndarray], labels: Labels) -> Iterator[Figure]:
    table = network_table(counts)
    for gap in ("deo_mean", "deo_max"):
        yield Figure(
            f"accuracy-{gap}",
            f"Accuracy against {METRICS[gap].title}",
            "Accuracy against the gap between groups for every method and baseline.",
            "Small marks are single networks, large ones their means. Hollow marks are baselines: as many "
            "real images drawn at random, and all real images. Up and to the left is better.",
            tradeoff(table, gap, gap_title=METRICS[gap].title),
            table,
        )
    for arm, counts_KGCC in counts.items():
        table = recall_table({arm: counts_KGCC}, labels.classes, labels.groups)
        yield Figure(
            f"recalls-{arm}",
            f"Recall of each group, class by class: {arm_label(arm)}",
            f"Recall of each group in each class, {arm_label(arm)}; a bar spans worst to best.",
            "A dot is a group, mean over the networks. The gap is the mean over networks of best minus "
            "worst; the names are the worst and the best group.",
            dumbbell(table, labels.colors),
            table,
        )
    table = group_table(counts, labels.groups)
    yield Figure(
        "groups",
        "Accuracy within each group",
        "Accuracy within each group for every method and baseline, with 95 % intervals.",
        f"n = {counted(int(table['n'].min()), 'test image')} per group or more. Bars: 95 % Wilson intervals.",
        group_accuracy(table, labels.colors),
        table,
    )
    for arm, counts_KGCC in counts.items():
        table = confusion_table(counts_KGCC, None, labels.classes)
        yield Figure(
            f"confusion-{arm}",
            f"Confusion matrix: {arm_label(arm)}",
            f"Confusion of {arm_label(arm)}, all groups together.",
            "Per cent of the predictions for the true class, over all networks and groups.",
            confusion(table),
            table,
        )


def _curves(folder: RunFolder) -> list[Figure]:
    table = curves_table(folder.steps())
    if table.empty:
        return []
    total = folder.spec().distill.iterations
    return [
        Figure(
            name.replace("_", "-"),
            title,
            f"{title} of each method over the iterations.",
            sentence,
            curve(table, name, total=total, log_y=name == "loss"),
            table[["arm", "iteration", name]],
        )
        for name, (title, sentence) in CURVES.items()
    ]


def snippet(figure: go.Figure) -> str:
    """Return a figure as HTML for a page that includes plotly.js."""
    import plotly.io

    figure.update_layout(modebar={"bgcolor": "rgba(0,0,0,0)", "color": NEUTRAL, "activecolor": NEUTRAL})
    text: str = plotly.io.to_html(figure, full_html=False, include_plotlyjs=False, config=FILE_CONFIG)
    return text


def vector_files(found: Sequence[Figure], form: str) -> dict[str, bytes]:
    """Return every figure as ``svg`` or ``pdf``, by the name of its file; see ``can_draw_vectors``."""
    return {
        f"{file_name(entry.name)}.{form}": entry.figure.to_image(format=form, width=900) for entry in found
    }


def can_draw_vectors() -> bool:
    """Return whether figures can be drawn as files here: plotly needs Kaleido and a Chromium for that."""
    return importlib.util.find_spec("kaleido") is not None and any(map(shutil.which, BROWSERS))


def map_figures(folder: RunFolder, labels: Labels) -> list[Figure]:
    """Return a map for every method and projection that has been computed, all with the same axes."""
    points, found = folder.points(), []
    for projection in _CAUTION:
        if points is None or not has_projection(points, projection):
            continue
        table = map_table(points, projection, labels.classes, labels.groups)
        found += [
            _map_figure(table, arm.name, projection, labels)
            for arm in folder.spec().distill.arms
            if (table["arm"] == arm.name).any()
        ]
    return found


def _map_figure(table: pd.DataFrame, arm: str, projection: Projection, labels: Labels) -> Figure:
    name, way = arm_label(arm), projection.upper()
    return Figure(
        f"{projection}-{arm}",
        f"{way} map: {name}",
        f"{way} map of real samples, coloured by group, with {name}'s synthetic images, targets and means.",
        f"{_CAUTION[projection]} All {way} maps of this run have the same axes. Shape says what a point is; "
        "colour is the group of real samples and means. Drag to zoom, double-click to go back. "
        "The table has the means and the targets.",
        _labelled_map(table, arm, labels),
        _landmarks(table, arm),
    )


def _labelled_map(table: pd.DataFrame, arm: str, labels: Labels) -> go.Figure:
    groups = len(labels.groups)
    fig = arm_map(table, arm, group_colors=labels.colors, groups=groups, axes=ranges(table), height=_HEIGHT)
    for name, color in zip(labels.groups, group_css(labels.colors, groups), strict=True):
        marker = outlined(color, size=11, symbol="square")
        fig.add_scatter(x=[None], y=[None], mode="markers", name=literal(name), marker=marker)
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
