"""Which architecture judges, and what all of them say."""

from __future__ import annotations

import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import HEADLINE
from fairdd_core.analysis.tables import architecture_table
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.plots.dots import architecture_dots
from fairdd_core.report.tables import ordered_counts
from pages.ui.common.figures import show
from pages.ui.common.runs import RunView


def title_of(view: RunView, architecture: str = "") -> str:
    """Return what an architecture of a run's evaluation is called; empty for the run's own."""
    return _title(architecture or view.spec.evaluation.network.name)


def _title(name: str) -> str:
    return NETWORKS[name].title if name in NETWORKS else name  # a newer version may know more


def judge_control(view: RunView) -> str:
    """Let the user choose the evaluation network, where a run has several; return ``""`` for its own."""
    evaluation, distilled = view.spec.evaluation, view.spec.distill.network.name
    if not evaluation.others:
        return ""
    own = evaluation.network.name
    chosen = st.segmented_control(
        "Judged by",
        [own, *evaluation.others],
        default=own,
        required=True,
        key=f"judge-{view.id}",
        format_func=_title,
        help="Networks of this architecture learn from each synthetic set and are then tested. The images "
        f"were distilled with {_title(distilled)}; images that suit that network only do worse with others.",
    )
    return "" if chosen == own else chosen


def across_architectures(view: RunView) -> None:
    """Draw what every architecture says, where a run has several."""
    if not view.spec.evaluation.others:
        return
    table = architecture_table(
        {
            title_of(view, kind): ordered_counts(view.folder, kind)
            for kind in view.spec.evaluation.architectures
        }
    )
    st.header("With other networks", anchor=False)
    columns = st.columns(2, gap="large")
    for column, measure in zip(columns, ("accuracy", "deo_mean"), strict=True):
        with column:
            metric = METRICS[measure]
            better = "higher is better" if metric.higher_is_better else "lower is better"
            show(
                architecture_dots(table, measure, f"{metric.title}  ·  {better}"),
                table if measure == "accuracy" else None,
                key=f"across-{measure}",
                alt=f"{metric.title} of every method and baseline, by the architecture that learned from it.",
                caption="" if measure == "accuracy" else "Means over networks. Hollow marks are baselines.",
                percent=HEADLINE,
            )
