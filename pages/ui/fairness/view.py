"""Test results: how well networks trained on each synthetic set classify every group."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.class_gaps import NUMBERS
from fairdd_core.analysis.gaps import largest_gap
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import HEADLINE, results_grid
from fairdd_core.analysis.tables import (
    architecture_table,
    confusion_table,
    group_table,
    network_table,
    recall_table,
)
from fairdd_core.analysis.wording import FLOOR_MARK, FLOOR_ON_BAR, NOISE_FLOOR
from fairdd_core.config.spec.evaluation import FULL_DATA, series
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.plots import fairness
from fairdd_core.plots.dots import architecture_dots, group_accuracy
from fairdd_core.plots.heatmap import confusion
from fairdd_core.plots.theme import arm_label, arm_styles
from fairdd_core.report.tables import ordered_counts
from fairdd_core.runs.storage.external import external_texts
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.summary import training_text
from fairdd_core.text import one_line
from fairdd_core.units import counted
from pages.ui.common.cache import cached, class_gaps_of, results_of
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import gap_control, show_figure
from pages.ui.common.html import arm_columns, arm_markdown, group_legend
from pages.ui.common.runs import Labels, RunView
from pages.ui.fairness.error_analysis import error_analysis, focus_clicked, gap_in_focus
from pages.ui.fairness.gaps import PERCENT, class_gaps, differences_view, method_gaps, other_gaps
from pages.ui.fairness.headline import headline
from pages.ui.fairness.repeats import repeats_view
from pages.ui.fairness.residuals import residual_view

Counts = dict[str, np.ndarray]


def fairness_view(view: RunView) -> None:
    """Draw every fairness figure of a run."""
    architecture = _architecture_control(view)
    counts = ordered_counts(view.folder, architecture)
    if not counts:
        reason = "They follow the images." if view.live else "This run ended before it was tested."
        of = f" of {_architecture_title(architecture)}" if architecture else ""
        st.info(f"No test results{of} yet. {reason}", icon=":material/balance:")
        return
    results, training = results_of(view, architecture), _training(view, architecture)
    headline(view, architecture, results)
    _external(view)
    _results(results, counts, view.labels, training)
    other_gaps(results, counts)
    repeats_view(view, architecture)
    left, right = st.columns(2, gap="large")
    with left:
        method_gaps(results)
    with right:
        _tradeoff(counts, results, training)
    differences_view(view, list(counts), architecture)
    chosen = _arms_control(counts, view)
    compared = {arm: counts[arm] for arm in chosen}
    if chosen:
        st.fragment(_recalls)(view, compared, architecture)
    _architectures(view)
    _confusion(compared, view.labels)
    residual_view(view)


def _external(view: RunView) -> None:
    """Say where the sets are from that were made elsewhere, and what is doubtful about them."""
    for arm, (origin, doubts) in _origins(view.folder.path).items():
        st.caption(escape_markdown(f"{arm_label(arm)}: {origin}"))
        for doubt in doubts:
            st.warning(escape_markdown(f"{arm_label(arm)}: {doubt}"), icon=":material/swap_vert:")


@cached(lambda path: [RunFolder(path).external_file, RunFolder(path).events_file], size=64)
def _origins(path: Path) -> dict[str, tuple[str, list[str]]]:
    return external_texts(RunFolder(path))


def _training(view: RunView, architecture: str) -> str:
    """Return how the networks that saw all real images were trained, in words."""
    text = training_text(view.folder.trainings().get(series(FULL_DATA, architecture), {}).values())
    return text or f"{view.spec.evaluation.full_data_steps} updates"  # as runs of earlier versions did


def _architecture_title(name: str) -> str:
    return NETWORKS[name].title if name in NETWORKS else name  # a newer version may know more


def _architecture_control(view: RunView) -> str:
    """Draw the choice of the test architecture, where a run has several; return ``""`` for the main one."""
    evaluation, main = view.spec.evaluation, view.spec.evaluation.network.name
    if not evaluation.others:
        return ""
    chosen = st.segmented_control(
        "Test architecture",
        [main, *evaluation.others],
        default=main,
        required=True,
        key=f"architecture-{view.id}",
        format_func=_architecture_title,
        help="Networks of this architecture are trained on each synthetic set and then tested. The images "
        f"were distilled with {_architecture_title(view.spec.distill.network.name)}; images that fit only "
        "that architecture give worse results with others.",
    )
    return "" if chosen == main else chosen


def _results(table: pd.DataFrame, counts: Counts, labels: Labels, training: str) -> None:
    """Draw the table of results, a row per metric and a column per arm and baseline, and its legend.

    Args:
        table: of the results (see ``results_table``).
        counts: of every arm and baseline.
        labels: names of classes and groups.
        training: how the networks that saw all real images were trained.
    """
    grid = results_grid(table, markup="markdown")
    for arm, counts_KGCC in counts.items():
        if gap := largest_gap(counts_KGCC):
            words = escape_markdown(gap.describe(labels.classes, labels.groups))
            grid.loc[arm, "deo_max"] += f"  \n:small[{words}]"
    heads = []
    for arm, style in arm_styles(list(counts)).items():
        networks = f"{len(counts[arm])} network{'' if len(counts[arm]) == 1 else 's'}"
        updates = f", {training}" if arm == FULL_DATA else ""
        heads.append(f"{arm_markdown(style)}  \n:small[{networks}{updates}]")
    titles = []
    for metric in (METRICS[name] for name in HEADLINE):
        better = "Higher" if metric.higher_is_better else "Lower"
        titles.append(f"**{metric.title}**  \n:small[{metric.sentence} {better} is better.]")
    shown = grid.T.set_axis(heads, axis=1).set_axis(pd.Index(titles, name="Metric"))
    st.table(shown, border="horizontal", alt="Every metric of every method and baseline")
    n = f"{int(next(iter(counts.values()))[0].sum()):,}".replace(",", "\u202f")
    spread = "± is the standard deviation over networks; " if max(map(len, counts.values())) > 1 else ""
    st.caption(
        f"n = {n} test images for every network. {spread}{'the' if spread else 'The'} small range "
        "is the 95 % confidence interval over test images. The class named is the one with the largest mean "
        "gap over the networks; its recalls are means. pt: percentage points."
    )
    st.markdown(NOISE_FLOOR)
    with st.expander("Definitions", icon=":material/function:", type="compact"):
        for metric in METRICS.values():
            st.markdown(f"**{metric.title}** = {metric.formula}  \n{metric.sentence}")


def _arms_control(counts: Counts, view: RunView) -> list[str]:
    """Draw the choice of the arms and baselines that are compared class by class."""
    st.header("Recall of each group, class by class", anchor=False)
    chosen = st.pills(
        "Show",
        list(counts),
        selection_mode="multi",
        default=[arm for arm in view.arms if arm in counts],
        format_func=lambda arm: escape_markdown(arm_label(arm)),
        key="fairness-arms",
        help="Methods and baselines to show side by side.",
    )
    if not chosen:
        st.info("Choose at least one method above.", icon=":material/arrow_upward:")
    return list(chosen)


def _recalls(view: RunView, counts: Counts, architecture: str) -> None:
    """Draw the recalls and gaps of every class, and the error analysis of one gap."""
    labels = view.labels
    gaps = class_gaps_of(view.folder.path, architecture, labels.classes)
    st.html(group_legend(labels.groups, labels.colors))
    table = recall_table(counts, labels.classes, labels.groups)
    focus_arm, focus_class = gap_in_focus(counts, labels)
    room = fairness.NARROW if len(counts) > 2 else fairness.WIDE
    for arm, style, column in arm_columns(list(counts)):
        own, key = table[table["arm"] == arm], f"dumbbell-{arm}"
        focus = labels.classes[focus_class] if arm == focus_arm else None
        gaps_of_arm = gaps[gaps["arm"] == arm]
        fig = fairness.dumbbell(own, labels.colors, gaps=gaps_of_arm, openers=True, focus=focus, room=room)
        known = gaps_of_arm[["class", *NUMBERS]].rename(columns={"low": "gap low", "high": "gap high"})
        with column:
            show_figure(
                fig,
                own.merge(known, "left", on="class"),
                key=key,
                alt=f"Recall of each group in each class, {style.label}; a bar spans worst to best, and a "
                "tick on it shows where chance alone would put the worst.",
                title=f"{style.label}: recall of each group",
                percent=("recall", "gap low", "gap high", *PERCENT),
                clicked=partial(focus_clicked, key, arm, labels),
            )
    n = int(table["n"].min())
    sizes = f"{n}" if n == table["n"].max() else f"{n} to {int(table['n'].max())}"
    st.caption(
        f"A dot is a group, n = {sizes} test image{'' if sizes == '1' else 's'} each, mean over the "
        "networks. The gap is the mean over networks of best minus worst recall, in points, so it can be "
        "slightly longer than the bar. "
        f"{FLOOR_ON_BAR} Where there is room, the worst and the best group are named; +2 means that two more "
        "groups are tied with it. Click a dot or ▸ to analyse the errors of a class; the shaded class is the "
        "one analysed below."
    )
    left, right = st.columns(2, gap="large")
    with left:
        class_gaps(gaps[gaps["arm"].isin(list(counts))])
    with right:
        _group_accuracy(counts, labels)
    error_analysis(view, counts, architecture)


def _group_accuracy(counts: Counts, labels: Labels) -> None:
    st.header("Accuracy within each group", anchor=False)
    table = group_table(counts, labels.groups)
    show_figure(
        group_accuracy(table, labels.colors),
        table,
        key="groups",
        alt="Accuracy within each group for every method and baseline, with 95 % intervals.",
        caption=f"n = {counted(int(table['n'].min()), 'test image')} per group. Bars: 95 % Wilson intervals.",
        percent=("accuracy", "low", "high"),
    )


def _tradeoff(counts: Counts, results: pd.DataFrame, training: str) -> None:
    st.header("Accuracy against the gap", anchor=False)
    gap = gap_control("gap-kind")
    table = network_table(counts)
    show_figure(
        fairness.tradeoff(table, gap, gap_title=METRICS[gap].title, results=results),
        table,
        key="tradeoff",
        alt="Accuracy against the gap between groups for every method and baseline.",
        title="Accuracy against the gap",
        caption="Small marks are single networks, large ones their means, with the 95 % interval of the gap. "
        f"{FLOOR_MARK} Hollow marks are baselines: the same number of real images drawn at random, and all "
        f"real images ({training}).",
    )


def _architectures(view: RunView) -> None:
    """Draw the results of every test architecture, where a run has several."""
    evaluation = view.spec.evaluation
    if not evaluation.others:
        return
    table = architecture_table(
        {
            _architecture_title(name or evaluation.network.name): ordered_counts(view.folder, name)
            for name in evaluation.architectures
        }
    )
    st.header("Results by test architecture", anchor=False)
    for column, name in zip(st.columns(2, gap="large"), ("accuracy", "deo_mean"), strict=True):
        metric, first = METRICS[name], name == "accuracy"
        better = "higher is better" if metric.higher_is_better else "lower is better"
        with column:
            show_figure(
                architecture_dots(table, name, f"{metric.title}  ·  {better}"),
                table if first else None,
                key=f"architectures-{name}",
                alt=f"{metric.title} of every method and baseline, by the architecture trained on it.",
                caption="" if first else "Means over networks. Hollow marks are baselines.",
                percent=HEADLINE,
            )


def _confusion(counts: Counts, labels: Labels) -> None:
    st.header("Confusion matrix of each group", anchor=False)
    group = st.selectbox(
        "Group",
        [None, *range(len(labels.groups))],
        format_func=lambda g: "All groups" if g is None else one_line(labels.groups[g]),
        key="confusion-group",
        help="Only test images of this group.",
        width=260,
    )
    shown = "all groups" if group is None else labels.groups[group]
    for arm, style, column in arm_columns(list(counts)):
        with column:
            table = confusion_table(counts[arm], group, labels.classes)
            show_figure(
                confusion(table),
                table,
                key=f"confusion-{arm}",
                percent=("share",),
                title=f"{style.label}: predictions for {shown}",
                alt=f"Confusion matrix of {style.label} for {shown}.",
            )
    st.caption(
        "Per cent of the predictions for the true class, over all networks. Less than half a per cent is "
        "blank."
    )
