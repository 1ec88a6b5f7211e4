"""The results of a run over its repeats, which differ from it in nothing but the seed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import HEADLINE, results_grid
from fairdd_core.plots.theme import arm_styles
from fairdd_core.report.repeats import (
    SPREAD,
    SeedResults,
    differences_figure,
    dots_figure,
    seed_results,
    sentences,
)
from fairdd_core.runs.storage.repeats import Repeats
from pages.ui.common.figures import seeds_metric_control, show_figure
from pages.ui.common.html import arm_markdown
from pages.ui.common.runs import RunView, repeats_of_run

_SENTENCES = ("deo_mean", "accuracy")


def repeats_view(view: RunView, architecture: str) -> None:
    """Draw the results over seeds of a run that has repeats; nothing for another run.

    Args:
        view: the run.
        architecture: a further one of the evaluation; empty for its own.
    """
    repeats = repeats_of_run(view)
    if not repeats.several:
        return
    count = len(repeats.used)
    st.header(f"Over {count} seeds" if count > 1 else "Repeats with other seeds", anchor=False)
    _links(view, repeats)
    found = seed_results(repeats, architecture)
    if found.count < 2:
        st.info(
            f"{'One seed has' if count == 1 else 'No seed has'} finished: the results over seeds appear with "
            "the second one.",
            icon=":material/hourglass_empty:",
        )
        return
    for sentence in sentences(found.pairs, _SENTENCES):
        st.markdown(sentence)
    _table(found.means, found.count)
    _figures(found)


def _links(view: RunView, repeats: Repeats) -> None:
    """Draw a link to every other repeat, and say which do not count."""
    with st.container(horizontal=True, vertical_alignment="center", key="repeats-links", gap="small"):
        st.markdown("Runs with these settings:", width="content")
        for repeat in repeats.used:
            if repeat.run == view.id:
                st.markdown(f"**seed {repeat.seed}** (this run)", width="content")
                continue
            link = {"run": repeat.run, "view": "fairness"}
            st.page_link("studio.py", label=f"seed {repeat.seed}", query_params=link, width="content")
    if note := repeats.note():
        st.caption(note)


def _table(means: pd.DataFrame, count: int) -> None:
    grid = results_grid(means, markup="markdown")
    heads = [arm_markdown(style) for style in arm_styles(list(grid.index)).values()]
    titles = [f"**{METRICS[name].title}**" for name in HEADLINE]
    shown = grid.T.set_axis(heads, axis=1).set_axis(pd.Index(titles, name="Metric"))
    st.table(shown, border="horizontal", alt="Every metric over seeds")
    wide = " With two seeds it is very wide: run more." if count == 2 else ""
    st.caption(
        f"n = {count} seeds, each the mean of its test networks. {SPREAD}{wide} pt: percentage points."
    )


def _figures(found: SeedResults) -> None:
    metric = seeds_metric_control("repeats-metric")
    figures = (dots_figure(found, metric), differences_figure(found, metric))
    for column, figure in zip(st.columns(2, gap="large"), figures, strict=True):
        if figure is None:
            continue
        with column:
            st.markdown(f"**{figure.title}**")
            show_figure(
                figure.figure,
                figure.table,
                key=figure.name.removesuffix(f"-{metric}"),
                alt=figure.alt,
                title=figure.title,
                caption=figure.caption,
                percent=_percent(figure.table),
            )


def _percent(table: pd.DataFrame) -> tuple[str, ...]:
    shares = {"mean", "std", "low", "high", "floor", "excess", "difference"}
    return tuple(name for name in table.columns if name.rpartition("_")[2] in shares)
