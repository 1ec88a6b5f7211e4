"""The sections of a comparison."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.tables import curves_table, overview_table, recall_table
from fairdd_core.config.titles import settings_text
from fairdd_core.plots import compare as plots
from fairdd_core.plots import fairness
from fairdd_core.plots.curves import CURVES, curve
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import arm_label, arm_styles, group_css
from fairdd_core.report.tables import ordered_counts
from pages.ui.common import errors
from pages.ui.common.figures import gap_control, show
from pages.ui.common.html import arm_heading, legend, table_html
from pages.ui.common.runs import RunView, open_run
from pages.ui.compare.model import (
    LETTERS,
    SHOWN_METRICS,
    difference_table,
    differing_table,
)

Draw = Callable[[str, RunView], None]


def run_heading(letter: str, view: RunView) -> str:
    """Return a run's letter, name and settings."""
    example = "Example: " if view.example else ""
    return (
        f'<div class="fx-arm"><b class="fx-letter">{letter}</b>{html.escape(example + view.name)}</div>'
        f'<p class="fx-note">{html.escape(settings_text(view.spec))}</p>'
    )


def side_by_side(views: Sequence[RunView], draw: Draw) -> None:
    """Draw something of every run, in a column each."""
    per_row = 2 if len(views) in {2, 4} else 3
    for start in range(0, len(views), per_row):
        row = list(zip(LETTERS, views, strict=False))[start : start + per_row]
        for column, (letter, view) in zip(st.columns(per_row, gap="large"), row, strict=False):
            with column:
                draw(letter, view)


def what_differs(views: Sequence[RunView], export: Callable[[RunView, str], None]) -> None:
    """Say in which settings the runs differ, and in nothing else; ``export`` draws the export of a run."""

    def heading(letter: str, view: RunView) -> None:
        st.html(run_heading(letter, view))
        with st.container(horizontal=True, vertical_alignment="center"):
            link = {"run": view.id}
            st.page_link("studio.py", label="Open", icon=":material/visibility:", query_params=link)
            export(view, f"export-{letter}")

    side_by_side(views, heading)
    table = differing_table(views)
    if table.empty:
        st.info("These runs ask for exactly the same, so they should agree.", icon=":material/drag_handle:")
        return
    head = "".join(f"<th scope='col'>{html.escape(str(name))}</th>" for name in table.columns)
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(str(row[0]))}</th>"
        + "".join(f"<td>{html.escape(str(value))}</td>" for value in row[1:])
        + "</tr>"
        for row in table.itertuples(index=False)
    )
    st.html(table_html(head, rows, "Settings in which the runs differ", narrow=True))
    st.caption("All other settings are the same.")


def scatter(views: Sequence[RunView]) -> None:
    """Draw accuracy against the gap, all runs on one pair of axes."""
    st.header("Accuracy against the gap", anchor=False)
    which = gap_control("compare-gap")
    table = overview_table(
        {letter: ordered_counts(view.folder) for letter, view in zip(LETTERS, views, strict=False)}
    )
    show(
        plots.overview(table, which),
        table,
        key="compare-scatter",
        alt="Accuracy against the gap between groups for every method of every run.",
        title="Accuracy against the gap",
        caption="The letter is the run; a line joins its methods. Means over the test networks. Hollow marks "
        "are baselines: as many real images drawn at random, and all of them. Up and to the left is better.",
        percent=tuple(METRICS),
    )


@st.cache_data(max_entries=32, show_spinner="Drawing the test images and networks anew …")
def _differences(ids: tuple[str, ...], reference: int, stamps: tuple[float, ...]) -> pd.DataFrame:
    return difference_table([open_run(run_id) for run_id in ids], reference)


def differences(views: Sequence[RunView]) -> None:
    """Draw how far the runs are from one of them, with intervals."""
    st.header("How far apart, and how sure", anchor=False)
    letters = list(LETTERS[: len(views)])
    if st.session_state.get("compare-reference") not in letters:
        st.session_state["compare-reference"] = letters[0]
    reference = st.segmented_control(
        "Against run",
        letters,
        required=True,
        key="compare-reference",
        help="The run that the others are compared with: differences are the other run minus this one.",
    )
    stamps = tuple(view.folder.counts_file.stat().st_mtime for view in views)
    table = _differences(tuple(view.id for view in views), letters.index(str(reference)), stamps)
    if table.empty:
        st.info("These runs have no method in common, so none can be compared.", icon=":material/info:")
        return
    st.caption(_pairing(table, str(reference)))
    reach = plots.common_reach(table)
    told = table.drop(columns="by_network").assign(arm=[arm_label(arm) for arm in table["arm"]])
    for column, name in zip(st.columns(len(SHOWN_METRICS), gap="large"), SHOWN_METRICS, strict=True):
        with column:
            st.markdown(f"**{METRICS[name].title}**")
            show(
                plots.differences(table, name, reach=reach),
                told[told["metric"] == name],
                key=f"difference-{name}",
                alt=f"Difference in {METRICS[name].title} to run {reference}, with 95 % intervals.",
                title=f"{METRICS[name].title}, difference to run {reference}",
                percent=("difference", "low", "high"),
            )


def _pairing(table: pd.DataFrame, reference: str) -> str:
    unpaired = list(dict.fromkeys(table[~table["paired"].astype(bool)]["run"]))
    text = (
        f"Other run minus run {reference}. Bars are 95 % bootstrap intervals over test images and networks; "
        "where one crosses zero, the difference may be luck. They do not cover the luck of distilling: "
        "for that, compare several seeds. "
    )
    if unpaired:
        names = " and ".join(unpaired)
        text += (
            f"Run {names} {'has' if len(unpaired) == 1 else 'have'} other test images or networks than run "
            f"{reference}, so the comparison is **unpaired** and its interval wider. "
        )
    if len(unpaired) < table["run"].nunique():
        text += (
            "**Paired**: network 1 against network 1, and so on, from the same first weights on the same "
            "test images; a tick is one pair."
        )
    return text


def classes(views: Sequence[RunView], arms: Sequence[str]) -> None:
    """Draw the recalls of all groups, class by class, a column per run."""
    st.header("Which groups are recognised, class by class", anchor=False)
    named = {view.labels.groups: view.labels.colors for view in views}
    for groups, colors in named.items() if len(named) == 1 else ():
        palette = group_css(colors, len(groups))
        st.html(legend([("chip", color, name) for color, name in zip(palette, groups, strict=True)]))
    for arm in arms:

        def draw(letter: str, view: RunView, arm: str = arm) -> None:
            counts = view.folder.counts()
            st.html(arm_heading(arm_styles([arm])[arm]).replace("</div>", f" · run {letter}</div>"))
            if arm not in counts:
                st.caption("This run has no such method.")
                return
            table = recall_table({arm: counts[arm]}, view.labels.classes, view.labels.groups)
            fig = fairness.dumbbell(table, view.labels.colors)
            fig.update_xaxes(range=fairness.NARROW)
            show(
                fig,
                table,
                key=f"classes-{arm}-{letter}",
                alt=f"Recall of each group in each class, {arm_label(arm)} in run {letter}.",
                title=f"{arm_label(arm)}, run {letter}: recall of each group",
                percent=("recall", "low", "high", "gap"),
            )

        side_by_side(views, draw)
    st.caption(
        "A dot is a group, the mean over the networks. The names are the worst and the best group; +2 means "
        "that two more do as badly, or as well."
    )


def curves(views: Sequence[RunView], arms: Sequence[str]) -> None:
    """Draw the residuals over the iterations on common axes, a column per run."""
    name = "worst_residual"
    tables = {view.id: curves_table(view.folder.steps()) for view in views}
    tables = {run: table[table["arm"].isin(arms)] for run, table in tables.items()}
    if all(table.empty for table in tables.values()):
        return
    title, sentence = CURVES[name]
    st.header(f"On the way there: {title.lower()}", anchor=False)
    low, high = plots.common_range([table[name] for table in tables.values()])
    last = max(view.spec.distill.iterations for view in views)

    def draw(letter: str, view: RunView) -> None:
        st.html(run_heading(letter, view))
        table = tables[view.id]
        if table.empty:
            st.caption("This run kept no curve of these methods.")
            return
        fig = curve(table, name, total=last, log_y=False)
        fig.update_yaxes(range=[low, high])
        show(
            fig,
            table[["arm", "iteration", name]],
            key=f"curve-{letter}",
            alt=f"{title} of each method over the iterations, run {letter}.",
            title=f"{title}, run {letter}",
        )

    side_by_side(views, draw)
    st.caption(f"{sentence} All runs have the same axes.")


def images(views: Sequence[RunView], arms: Sequence[str]) -> None:
    """Show the last images of every method, a column per run."""
    st.header("The images at the end", anchor=False)
    for arm in arms:

        def draw(letter: str, view: RunView, arm: str = arm) -> None:
            iterations = view.folder.snapshot_iterations()
            st.html(arm_heading(arm_styles([arm])[arm]).replace("</div>", f" · run {letter}</div>"))
            found = {}
            with errors.catch_damage(view):
                found = view.folder.snapshot(iterations[-1]) if iterations else {}
            if arm not in found:
                st.caption("This run has no images of this method.")
                return
            text = f"Synthetic images of {arm_label(arm)} in run {letter} after {iterations[-1]} iterations."
            st.html(grid_html(found[arm], view.labels.classes, alt=text))

        side_by_side(views, draw)
