"""The figures of a run, with what must be known to read them: interactive, and as vectors if possible."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence

import plotly.graph_objects as go

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.tables import confusion_table, group_table, network_table, recall_table
from fairdd_core.data.card import Labels
from fairdd_core.plots import fairness
from fairdd_core.plots.curves import CURVES, curve, curves_table
from fairdd_core.plots.theme import NEUTRAL, arm_label
from fairdd_core.report.entry import Figure
from fairdd_core.report.maps import map_figures
from fairdd_core.report.pictures import file_name
from fairdd_core.report.tables import ordered_counts
from fairdd_core.runs.storage.folder import RunFolder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FILE_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "displayModeBar": True,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg", "scale": 1},
}
"""How figures in a file behave: the one button saves the figure as SVG, without leaving the file."""


def figures(folder: RunFolder, labels: Labels) -> list[Figure]:
    """Return the figures of a run; what it has not come to is left out."""
    counts = ordered_counts(folder)
    if not counts:
        return _curves(folder)
    found = _tradeoffs(counts)
    for arm in counts:
        table = recall_table({arm: counts[arm]}, labels.classes, labels.groups)
        found.append(
            Figure(
                f"recalls-{arm}",
                f"Which groups are recognised, class by class: {arm_label(arm)}",
                f"Recall of each group in each class, {arm_label(arm)}; a bar spans worst to best.",
                "A dot is a group, mean over the networks. The gap is the mean over networks of best minus "
                "worst; the names are the worst and the best group.",
                fairness.dumbbell(table, labels.colors),
                table,
            )
        )
    table = group_table(counts, labels.groups)
    found.append(
        Figure(
            "groups",
            "Accuracy within each group",
            "Accuracy within each group for every method and baseline, with 95 % intervals.",
            f"n = {int(table['n'].min())} test images per group or more. Bars: 95 % Wilson intervals.",
            fairness.group_accuracy(table, labels.colors),
            table,
        )
    )
    for arm in counts:
        table = confusion_table(counts[arm], None, labels.classes)
        found.append(
            Figure(
                f"confusion-{arm}",
                f"What each class was taken for: {arm_label(arm)}",
                f"Confusion of {arm_label(arm)}, all groups together.",
                "Per cent of the answers for the true class, over all networks and groups.",
                fairness.confusion(table),
                table,
            )
        )
    return found + map_figures(folder, labels) + _curves(folder)


def _tradeoffs(counts: dict) -> list[Figure]:
    table = network_table(counts)
    return [
        Figure(
            f"accuracy-{gap}",
            f"Accuracy against {METRICS[gap].title}",
            "Accuracy against the gap between groups for every method and baseline.",
            "Small marks are single networks, large ones their means. Hollow marks are baselines: as many "
            "real images drawn at random, and all real images. Up and to the left is better.",
            fairness.tradeoff(table, gap, gap_title=METRICS[gap].title),
            table,
        )
        for gap in ("deo_mean", "deo_max")
    ]


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
    """Return a figure as a piece of HTML, for a page that has plotly.js already."""
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
