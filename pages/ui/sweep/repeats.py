"""The results over seeds at a place of the grid."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import results_grid, results_table
from fairdd_core.plots.theme import arm_styles
from fairdd_core.report.repeats import SPREAD, results_of, sentences
from fairdd_core.runs.storage.sweeps import Cell
from pages.ui.common.html import arm_markdown
from pages.ui.sweep.model import SHOWN_METRICS, SweepView


def over_seeds(view: SweepView, cells: Sequence[Cell]) -> None:
    """Draw what the seeds at one place say together; nothing for a sweep of one seed.

    Args:
        view: the sweep.
        cells: the runs at the place.
    """
    if len(cells) < 2:
        return
    found = results_of(
        view.arms, {cell.point.seed: results_table(cell.result.get("arms")) for cell in cells if cell.result}
    )
    st.markdown(f"**Over {found.count} of {len(cells)} seeds**")
    if found.count < 2:
        st.caption("The results over seeds appear when the second seed is done.")
        return
    for sentence in sentences(found.pairs, SHOWN_METRICS):
        st.markdown(sentence)
    grid = results_grid(found.means, SHOWN_METRICS, view.arms, markup="markdown")
    grid.index = pd.Index([arm_markdown(style) for style in arm_styles(view.arms).values()], name="Method")
    titles = {name: METRICS[name].title for name in SHOWN_METRICS}
    st.table(grid.rename(columns=titles), border="horizontal", alt="Results over seeds at the place in focus")
    st.caption(f"n = {found.count} seeds. {SPREAD}")
