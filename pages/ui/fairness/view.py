"""How the groups fare when networks learn from each synthetic set."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import streamlit as st

from fairdd_core.analysis.gaps import largest_gap
from fairdd_core.analysis.metrics import METRICS, spread
from fairdd_core.analysis.tables import confusion_table, group_table, network_table, recall_table
from fairdd_core.plots import fairness
from fairdd_core.plots.theme import arm_label, arm_styles, group_css
from fairdd_core.report.tables import ordered_counts
from pages.ui.common import errors
from pages.ui.common.figures import show
from pages.ui.common.gap_control import gap_control
from pages.ui.common.html import arm_heading, legend, marker_svg, table_html
from pages.ui.common.runs import Labels, RunView
from pages.ui.fairness.architectures import across_architectures, judge_control, title_of
from pages.ui.fairness.error_analysis import behind_view
from pages.ui.fairness.gap_choice import chosen_gap, on_click
from pages.ui.fairness.residuals import residual_view

Counts = dict[str, np.ndarray]
_SHOWN = ("accuracy", "worst_group_accuracy", "deo_mean", "deo_max")


def fairness_view(view: RunView) -> None:
    """Draw every fairness figure of a run."""
    architecture = judge_control(view)
    counts = ordered_counts(view.folder, architecture)
    if not counts:
        waiting = "They come after the images." if view.live else "This run ended before it was tested."
        whose = f" by {title_of(view, architecture)}" if architecture else ""
        st.info(f"No test results{whose} yet. {waiting}", icon=":material/balance:")
        return
    headline(view, counts)
    result: dict[str, Any] = {}
    with errors.catch_damage(view):
        result = view.folder.result() or {}
    summary = result.get("others", {}).get(architecture, {}) if architecture else result.get("arms", {})
    st.html(metrics_html(counts, summary, view.labels, view.spec.evaluation.full_data_steps))
    _table_caption(counts)
    chosen = _compared(counts, view)
    if chosen:
        st.fragment(_recalls)(view, {arm: counts[arm] for arm in chosen}, architecture)
    _overview(counts, view.labels, view.spec.evaluation.full_data_steps)
    across_architectures(view)
    _confusion({arm: counts[arm] for arm in chosen}, view.labels)
    residual_view(view)


def headline(view: RunView, counts: Counts | None = None) -> None:
    """Say in one sentence what alignment did, if this run can tell."""
    counts = view.folder.counts() if counts is None else counts
    if "vanilla" not in counts:
        return
    others = [arm for arm in view.arms if arm != "vanilla" and arm in counts]
    if not others:
        return
    best = "cobra" if "cobra" in others else others[0]
    gap, accuracy = (METRICS[name].of for name in ("deo_mean", "accuracy"))
    before, after = float(gap(counts["vanilla"]).mean()), float(gap(counts[best]).mean())
    lift = float(accuracy(counts["vanilla"]).mean()), float(accuracy(counts[best]).mean())
    if not np.isfinite([before, after, *lift]).all():  # the table below says what is undefined
        return
    gaps = [f"**{100 * value:.0f}**" for value in (before, after)]
    rates = [f"**{value:.0%}**" for value in lift]
    gap_told = (
        f"goes from {gaps[0]} to {gaps[1]} points" if len(set(gaps)) > 1 else f"stays at {gaps[0]} points"
    )
    rate_told = f"from {rates[0]} to {rates[1]}" if len(set(rates)) > 1 else f"stays at {rates[0]}"
    st.markdown(
        f"With **{arm_label(best)}** instead of **{arm_label('vanilla')}**, the mean gap between the "
        f"groups' recalls {gap_told}, and accuracy {rate_told}."
    )


def metrics_html(counts: Counts, summary: dict[str, Any], labels: Labels, steps: int) -> str:
    """Return the table of headline metrics: a row per metric, a column per arm and baseline.

    ``steps`` are the updates of the networks that learned from all real data.
    """
    styles = arm_styles(list(counts))
    head = "".join(
        f"<th scope='col'>{marker_svg(s.symbol, s.color)} {html.escape(s.label)}"
        f"<small>{len(counts[arm])} network{'' if len(counts[arm]) == 1 else 's'}"
        f"{f', {steps} updates' if arm == 'full-data' else ''}</small></th>"
        for arm, s in styles.items()
    )
    rows = []
    for name in _SHOWN:
        metric = METRICS[name]
        arrow = "higher is better" if metric.higher_is_better else "lower is better"
        cells = "".join(
            f"<td>{_cell(counts[arm], name, summary.get(arm, {}), labels)}</td>" for arm in styles
        )
        rows.append(
            f"<tr><th scope='row' title='{html.escape(metric.formula)}'>{html.escape(metric.title)}"
            f"<small>{html.escape(metric.sentence)} {arrow.capitalize()}.</small></th>{cells}</tr>"
        )
    return table_html(f"<th scope='col'>Measure</th>{head}", "".join(rows), "Every measure of every method")


def _cell(counts_KGCC: np.ndarray, name: str, summary: dict[str, Any], labels: Labels) -> str:
    values = METRICS[name].of(counts_KGCC)
    if np.isnan(values).all():
        return "undefined"
    unit = "%" if METRICS[name].higher_is_better else "pt"
    mean, std = 100 * values.mean(), 100 * spread(values)
    text = f"<b>{mean:.1f}</b> {unit}"
    if len(values) > 1:
        text += f" ± {std:.1f}"
    interval = summary.get(name, {}).get("ci95")
    if interval and None not in interval:
        text += f"<small>{100 * interval[0]:.1f} to {100 * interval[1]:.1f}</small>"
    if name == "deo_max" and (gap := largest_gap(counts_KGCC)):
        text += f"<small class='fx-words'>{html.escape(gap.words(labels.classes, labels.groups))}</small>"
    return text


def _table_caption(counts: Counts) -> None:
    n = int(next(iter(counts.values()))[0].sum())
    images = f"{n:,}".replace(",", "\u202f")
    st.caption(
        f"n = {images} test images for every network. ± is the standard deviation over networks; the small "
        "range shows how far the number would move with other test images (95 % bootstrap interval). Gaps "
        "are ranges over groups, so in small cells noise alone opens a small one. The class that is named "
        "has the largest gap on average over the networks; the recalls are means. pt: percentage points."
    )
    with st.expander("Definitions", icon=":material/function:", type="compact"):
        for metric in METRICS.values():
            st.markdown(f"**{metric.title}** = {metric.formula}  \n{metric.sentence}")


def _compared(counts: Counts, view: RunView) -> list[str]:
    """Draw the choice of what is put side by side."""
    st.header("Which groups are recognised, class by class", anchor=False)
    chosen = st.pills(
        "Show",
        list(counts),
        selection_mode="multi",
        default=[arm for arm in view.arms if arm in counts],
        format_func=arm_label,
        key="fairness-arms",
        help="Methods and baselines to put side by side.",
    )
    if not chosen:
        st.info("Choose at least one method above.", icon=":material/arrow_upward:")
    return list(chosen)


def _recalls(view: RunView, counts: Counts, architecture: str) -> None:
    """Draw the recalls of every class, and what is behind one of the gaps."""
    labels = view.labels
    palette = group_css(labels.colors, len(labels.groups))
    st.html(legend([("chip", color, name) for color, name in zip(palette, labels.groups, strict=True)]))
    table = recall_table(counts, labels.classes, labels.groups)
    styles = arm_styles(list(counts))
    at_arm, at_class = chosen_gap(counts, labels)
    for column, arm in zip(st.columns(min(3, max(2, len(styles)))) * len(styles), styles, strict=False):
        with column:
            st.html(arm_heading(styles[arm]))
            own, key = table[table["arm"] == arm], f"dumbbell-{arm}"
            focus = labels.classes[at_class] if arm == at_arm else None
            fig = fairness.dumbbell(own, labels.colors, openers=True, focus=focus)
            if len(styles) > 2:  # the columns are narrow, and the groups' names are not
                fig.update_xaxes(range=fairness.NARROW)
            show(
                fig,
                own,
                key=key,
                alt=f"Recall of each group in each class, {styles[arm].label}; a bar spans worst to best.",
                title=f"{styles[arm].label}: recall of each group",
                percent=("recall", "low", "high", "gap"),
                clicked=on_click(key, arm, labels),
            )
    n = int(table["n"].min())
    many = f"{n}" if n == table["n"].max() else f"{n} to {int(table['n'].max())}"
    st.caption(
        f"A dot is a group, n = {many} test images each, mean over the networks. The gap is the mean over "
        "networks of best minus worst, so it can be a little longer than the bar. The names are the worst "
        "and the best group; +2 means that two more do as badly, or as well. Click a dot or ▸ to look behind "
        "the gap; the shaded class is the one below."
    )
    behind_view(view, counts, architecture)


def _overview(counts: Counts, labels: Labels, steps: int) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Accuracy within each group", anchor=False)
        table = group_table(counts, labels.groups)
        show(
            fairness.group_accuracy(table, labels.colors),
            table,
            key="groups",
            alt="Accuracy within each group for every method and baseline, with 95 % intervals.",
            caption=f"n = {int(table['n'].min())} test images per group. Bars: 95 % Wilson intervals.",
            percent=("accuracy", "low", "high"),
        )
    with right:
        st.header("Accuracy against the gap", anchor=False)
        which = gap_control("gap-kind")
        table = network_table(counts)
        show(
            fairness.tradeoff(table, which, gap_title=METRICS[which].title),
            table,
            key="tradeoff",
            alt="Accuracy against the gap between groups for every method and baseline.",
            title="Accuracy against the gap",
            caption="Small marks are single networks, large ones their means. Hollow marks are baselines: "
            f"as many real images drawn at random, and all real images ({steps} updates: what they do to a "
            "network at this budget, not at its best).",
        )


def _confusion(counts: Counts, labels: Labels) -> None:
    st.header("What a group's images are taken for", anchor=False)
    choice = st.selectbox(
        "Group",
        ["All groups", *labels.groups],
        key="confusion-group",
        help="Test images of this group only.",
        width=260,
    )
    group = None if choice == "All groups" else labels.groups.index(choice)
    styles = arm_styles(list(counts))
    for column, arm in zip(st.columns(min(3, max(2, len(counts)))) * len(counts), counts, strict=False):
        with column:
            st.html(arm_heading(styles[arm]))
            table = confusion_table(counts[arm], group, labels.classes)
            show(
                fairness.confusion(table),
                table,
                key=f"confusion-{arm}",
                percent=("share",),
                title=f"{styles[arm].label}: answers for {choice.lower() if group is None else choice}",
                alt=f"Confusion of {styles[arm].label} for {choice}: what each class was taken for.",
            )
    st.caption(
        "Per cent of the answers for the true class, over all networks. Below half a per cent is left blank."
    )
