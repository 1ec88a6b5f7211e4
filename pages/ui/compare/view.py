"""The sections of a comparison."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from fairdd_core.analysis.tables import curves_table, recall_table
from fairdd_core.analysis.wording import (
    FLOOR_MARK,
    FLOOR_ON_BAR,
    NOISE_FLOOR,
    differences_text,
    no_floor_text,
)
from fairdd_core.config.titles import settings_text
from fairdd_core.plots import compare as plots
from fairdd_core.plots import fairness
from fairdd_core.plots.curves import CURVES, curve
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import arm_label, arm_styles
from pages.ui.common.cache import cached, class_gaps_of
from pages.ui.common.errors import catch_damage, escape_markdown
from pages.ui.common.figures import difference_figures, gap_control, show_figure
from pages.ui.common.html import arm_heading, group_legend
from pages.ui.common.runs import RunView, open_run
from pages.ui.compare.choice import LETTERS
from pages.ui.compare.model import difference_table, results, settings_table
from pages.ui.compare.model import within_runs as methods_within

Draw = Callable[[str, RunView], None]
_REFERENCE = "compare-reference"
PERCENT = ("mean", "std", "low", "high", "floor", "floor_std", "excess", "gap", "recall")


def _run_heading(letter: str, view: RunView) -> None:
    example = "Example: " if view.example else ""
    st.html(
        f'<div class="fx-arm"><b class="fx-letter">{letter}</b>{html.escape(example + view.name)}</div>'
        f'<p class="fx-note">{html.escape(settings_text(view.spec))}</p>'
    )


def _arm_heading(arm: str, letter: str) -> None:
    st.html(arm_heading(replace(arm_styles([arm])[arm], label=f"{arm_label(arm)} · run {letter}")))


def _side_by_side(views: Sequence[RunView], draw: Draw) -> None:
    """Draw something for every run, each in its own column."""
    per_row = 2 if len(views) in {2, 4} else 3
    for start in range(0, len(views), per_row):
        row = list(zip(LETTERS, views, strict=False))[start : start + per_row]
        for column, (letter, view) in zip(st.columns(per_row, gap="large"), row, strict=False):
            with column:
                draw(letter, view)


def settings(views: Sequence[RunView], export: Callable[[RunView, str], None]) -> None:
    """Draw the runs and the settings in which they differ; ``export`` draws the export of a run."""

    def heading(letter: str, view: RunView) -> None:
        _run_heading(letter, view)
        with st.container(horizontal=True, vertical_alignment="center"):
            link = {"run": view.id}
            st.page_link("studio.py", label="Open", icon=":material/visibility:", query_params=link)
            export(view, f"export-{letter}")

    _side_by_side(views, heading)
    table = settings_table(views)
    if table.empty:
        st.info("These runs have the same settings, so they should agree.", icon=":material/drag_handle:")
        return
    table = table.map(escape_markdown).rename_axis("Setting")
    st.table(table, border="horizontal", width="content", alt="Settings in which the runs differ")
    st.caption("All other settings are the same.")


def noise_floor() -> None:
    """Draw what the noise floor of a gap is."""
    st.markdown(NOISE_FLOOR)


def tradeoff(views: Sequence[RunView]) -> None:
    """Draw accuracy against the gap, all runs on common axes."""
    st.header("Accuracy against the gap", anchor=False)
    gap = gap_control("compare-gap")
    table = results(views)
    marks = (
        FLOOR_MARK
        if table["floor"].notna().any()
        else no_floor_text(table.loc[table["metric"] == gap, "mean"])
    )
    show_figure(
        plots.overview(table, gap),
        table.drop(columns="metric"),
        key="compare-scatter",
        alt="Accuracy against the gap between groups for every method of every run, with noise floors.",
        title="Accuracy against the gap",
        caption="The letter is the run; a line joins its methods. Means over the test networks, with the "
        f"95 % interval of the gap over test images. {marks} Hollow marks are "
        "baselines: the same number of real images, and all of them. Up and to the left is better.",
        percent=PERCENT,
    )


@cached(lambda ids, reference: [open_run(run).folder.counts_file for run in ids], size=32)
def _differences(ids: tuple[str, ...], reference: int) -> pd.DataFrame:
    with st.spinner("Resampling test images and networks …"):
        return difference_table([open_run(run) for run in ids], reference)


def differences(views: Sequence[RunView]) -> None:
    """Draw the differences between one run and the others, with intervals."""
    st.header("Differences with confidence intervals", anchor=False)
    letters = list(LETTERS[: len(views)])
    if st.session_state.get(_REFERENCE) not in letters:
        st.session_state[_REFERENCE] = letters[0]
    reference = str(
        st.segmented_control(
            "Reference run",
            letters,
            required=True,
            key=_REFERENCE,
            help="Differences are another run minus this one.",
        )
    )
    table = _differences(tuple(view.id for view in views), letters.index(reference))
    if table.empty:
        st.info("These runs have no method in common, so none can be compared.", icon=":material/info:")
        return
    difference_figures(table, "difference", f"to run {reference}")
    st.caption(f"Other run minus run {reference}. {differences_text(table)}{_unpaired(table, reference)}")


def within_runs(views: Sequence[RunView]) -> None:
    """Draw the differences between the methods of each run, with intervals."""
    common = [arm for arm in views[0].arms if all(arm in view.arms for view in views)]
    if not common or all(len(view.arms) < 2 for view in views):
        return
    st.header("Differences between methods of the same run", anchor=False)
    reference = st.selectbox(
        "Difference from",
        common,
        format_func=arm_label,
        key="compare-method",
        width=260,
        help="Each difference is another method of the same run minus this one.",
    )
    table = methods_within(views, reference)
    if table.empty:
        st.info("None of these runs has another method.", icon=":material/info:")
        return
    difference_figures(table, "within", f"from {arm_label(reference)}")
    st.caption(
        f"Other method minus {escape_markdown(arm_label(reference))}, in the run of the letter. "
        f"{differences_text(table)}"
    )


def _unpaired(table: pd.DataFrame, reference: str) -> str:
    """Return which runs cannot be paired with the reference, as a sentence."""
    unpaired = list(dict.fromkeys(table.loc[~table["paired"].astype(bool), "run"]))
    if not unpaired:
        return ""
    runs, has = " and ".join(unpaired), "has" if len(unpaired) == 1 else "have"
    return (
        f" Run {runs} {has} other test images or networks than run {reference}, so the comparison is "
        "**unpaired** and its interval wider."
    )


def recalls(views: Sequence[RunView], arms: Sequence[str]) -> None:
    """Draw the recall of every group in every class, a column per run."""
    st.header("Recall of each group, class by class", anchor=False)
    named = {view.labels.groups: view.labels.colors for view in views}
    for groups, colors in named.items() if len(named) == 1 else ():
        st.html(group_legend(groups, colors))
    for arm in arms:

        def draw(letter: str, view: RunView, arm: str = arm) -> None:
            counts = view.folder.counts()
            _arm_heading(arm, letter)
            if arm not in counts:
                st.caption("This run does not have this method.")
                return
            table = recall_table({arm: counts[arm]}, view.labels.classes, view.labels.groups)
            gaps = class_gaps_of(view.folder.path, "", view.labels.classes)
            own, room = gaps[gaps["arm"] == arm], fairness.THIRD if len(views) == 3 else fairness.WIDE
            fig = fairness.dumbbell(table, view.labels.colors, gaps=own, room=room)
            show_figure(
                fig,
                table,
                key=f"classes-{arm}-{letter}",
                alt=f"Recall of each group in each class, {arm_label(arm)} in run {letter}.",
                title=f"{arm_label(arm)}, run {letter}: recall of each group",
                percent=("recall", "low", "high", "gap"),
            )

        _side_by_side(views, draw)
    st.caption(
        "A dot is a group, mean over the networks. The number is the gap in points. "
        f"{FLOOR_ON_BAR} Where there is room, the worst and the best group are named; +2 means that two more "
        "groups are tied with it."
    )


def curves(views: Sequence[RunView], arms: Sequence[str]) -> None:
    """Draw the worst residual over the iterations on common axes, a column per run."""
    name = "worst_residual"
    tables = {view.id: curves_table(view.folder.steps()) for view in views}
    tables = {run: table[table["arm"].isin(arms)] for run, table in tables.items()}
    if all(table.empty for table in tables.values()):
        return
    title, sentence = CURVES[name]
    st.header(f"{title} during distillation", anchor=False)
    low, high = plots.common_range([table[name] for table in tables.values()])
    last = max(view.spec.distill.iterations for view in views)

    def draw(letter: str, view: RunView) -> None:
        _run_heading(letter, view)
        table = tables[view.id]
        if table.empty:
            st.caption("This run saved no curve of these methods.")
            return
        fig = curve(table, name, total=last, log_y=False)
        fig.update_yaxes(range=[low, high])
        show_figure(
            fig,
            table[["arm", "iteration", name]],
            key=f"curve-{letter}",
            alt=f"{title} of each method over the iterations, run {letter}.",
            title=f"{title}, run {letter}",
        )

    _side_by_side(views, draw)
    st.caption(f"{sentence} All runs have the same axes.")


def images(views: Sequence[RunView], arms: Sequence[str]) -> None:
    """Draw the final images of every method, a column per run."""
    st.header("Final images", anchor=False)
    for arm in arms:

        def draw(letter: str, view: RunView, arm: str = arm) -> None:
            iterations = view.folder.snapshot_iterations()
            _arm_heading(arm, letter)
            found = {}
            with catch_damage(view):
                found = view.folder.snapshot(iterations[-1]) if iterations else {}
            if arm not in found:
                st.caption("This run has no images of this method.")
                return
            alt = f"Synthetic images of {arm_label(arm)} in run {letter} after {iterations[-1]} iterations."
            st.html(grid_html(found[arm], view.labels.classes, alt=alt))

        _side_by_side(views, draw)
