"""Gaps with their intervals and noise floors, over methods and class by class, and paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.class_gaps import defined_text
from fairdd_core.analysis.metrics import GAPS, METRICS
from fairdd_core.analysis.wording import FLOOR_MARK, HOW_DEALT, NO_INTERVAL, differences_text, no_floor_text
from fairdd_core.plots.dots import gap_dots
from fairdd_core.plots.theme import arm_label
from pages.ui.common.cache import method_differences
from pages.ui.common.figures import difference_figures, show_figure, show_table
from pages.ui.common.runs import RunView
from pages.ui.fairness.headline import REFERENCE

PERCENT = ("gap", "mean", "std", "low", "high", "floor", "floor_std", "excess")
_SHOWN = ("deo_mean", "deo_max")


def method_gaps(results: pd.DataFrame) -> None:
    """Draw mean and largest gap of every method and baseline, with what chance explains of them."""
    st.header("Gaps, and what chance explains", anchor=False)
    table = results[results["metric"].isin(_SHOWN)]
    show_figure(
        gap_dots(table, "title", "mean", "← better  ·  gap between groups"),
        table.drop(columns="metric"),
        key="gaps-methods",
        alt=f"Mean and largest gap of every method and baseline. {_alt(table, 'mean')}",
        caption=_caption(table, "mean"),
        percent=PERCENT,
    )


def class_gaps(table: pd.DataFrame) -> None:
    """Draw the rows of ``class_gap_table`` of the arms that are compared."""
    st.header("Gap of each class", anchor=False)
    show_figure(
        gap_dots(table, "class", "gap", "← better  ·  gap between groups"),
        table,
        key="gaps-classes",
        alt=f"Gap of each class for every method shown. {_alt(table, 'gap')}",
        caption=_caption(table, "gap"),
        percent=PERCENT,
    )


def _caption(table: pd.DataFrame, gap: str) -> str:
    known, missing = table["floor"].notna(), table[gap].notna() & table["low"].isna()
    floors = f"{FLOOR_MARK} {HOW_DEALT}" if known.any() else no_floor_text(table[gap])
    without = f" No interval: {NO_INTERVAL}." if missing.any() else ""
    return f"Bars are 95 % intervals over test images. {floors}{without}"


def _alt(table: pd.DataFrame, gap: str) -> str:
    """Return how many of the gaps lie above their noise floor."""
    known = table[table["floor"].notna() & table[gap].notna()]
    above = int((known[gap] > known["floor"] + known["floor_std"]).sum())
    return (
        f"{above} of {len(known)} lie more than one standard deviation above what is expected by chance."
        if len(known)
        else "The noise floor is unknown."
    )


def other_gaps(results: pd.DataFrame, counts: Mapping[str, np.ndarray]) -> None:
    """Draw the table of all gaps, with what each leaves out, in an expander."""
    rows = results[results["metric"].isin(list(GAPS))]
    left_out = [
        defined_text(counts[row["arm"]], METRICS[row["metric"]]) or "all" for row in rows.to_dict("records")
    ]
    table = rows.assign(defined=left_out)[
        ["arm", "title", "mean", "low", "high", "floor", "floor_std", "excess", "defined"]
    ]
    with st.expander(
        "All gaps, and how much of each is defined", icon=":material/table_rows:", type="compact"
    ):
        show_table(table, key="all-gaps-table", percent=PERCENT)
        st.caption(
            "A precision is undefined where a class is never predicted for a group, a recall where a group "
            "has no test image of the class. Undefined rates are left out of a gap, not counted as zero."
        )


def differences_view(view: RunView, arms: Sequence[str], architecture: str) -> None:
    """Draw the paired differences of every method and baseline from one of them.

    Args:
        view: the run.
        arms: that have been tested, baselines included.
        architecture: name of another test network; empty for the run's main one.
    """
    if len(arms) < 2:
        return
    st.header("Differences between methods", anchor=False)
    first = REFERENCE if REFERENCE in arms else arms[0]
    reference = st.selectbox(
        "Difference from",
        arms,
        index=arms.index(first),
        format_func=arm_label,
        key="fairness-reference",
        width=260,
        help="Each difference is another method minus this one.",
    )
    table = method_differences(view.folder.path, architecture, reference)
    hidden = ("by_network", "run")
    difference_figures(table, "method-difference", f"from {arm_label(reference)}", hidden)
    st.caption(differences_text(table))
