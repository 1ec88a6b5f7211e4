"""Two to four runs side by side: what differs, how far apart they are, and how sure that is."""

from __future__ import annotations

import sqlite3

import streamlit as st

from fairdd_core.errors import UserError
from fairdd_core.plots.theme import arm_label
from pages.ui.common import errors, notices, url
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView
from pages.ui.compare import view as compare_view
from pages.ui.compare.model import MAX_RUNS, common_arms, comparable, label, parse
from pages.ui.studio.export import export_popover

CHOICE, ARMS = "compare-runs", "compare-arms"


def choose(known: dict[str, RunView], linked: bool) -> list[RunView]:
    """Draw the choice of runs; the address names them too, and what it names wrongly is told."""
    asked = st.query_params.get("runs")
    if asked is not None and linked:
        chosen, unknown = parse(asked, list(known))
        st.session_state[CHOICE] = chosen
        if unknown:
            names = ", ".join(f"“{escape_markdown(name)}”" for name in unknown)
            notices.warn(
                f"The link names {names}, which cannot be compared: not here, not tested yet, or beyond the "
                f"{MAX_RUNS} that fit."
            )
    if CHOICE not in st.session_state:
        st.session_state[CHOICE] = list(known)[:2]
    st.session_state[CHOICE] = [run for run in st.session_state[CHOICE] if run in known]
    chosen = st.multiselect(
        "Runs to compare",
        list(known),
        format_func=lambda run: label(known[run]),
        key=CHOICE,
        max_selections=MAX_RUNS,
        persist_state="session",
        placeholder="Choose two to four runs",
        help="Every run that has been tested, newest first, and the examples that came with the explorer.",
    )
    url.update(runs=",".join(chosen))
    return [known[run] for run in chosen]


def sound(views: list[RunView]) -> list[RunView]:
    """Return the runs whose results can be read, and say of the others that they cannot."""
    kept = []
    for view in views:
        with errors.catch_damage(view):
            view.folder.count_series()
            kept.append(view)
    return kept


def choose_arms(views: list[RunView], linked: bool) -> list[str]:
    """Draw the choice of methods for what is shown method by method."""
    offered = common_arms(views)
    if linked:
        asked = list(filter(None, st.query_params.get("arms", "").split(",")))
        st.session_state[ARMS] = [arm for arm in asked if arm in offered]
        if unknown := [f"“{escape_markdown(arm)}”" for arm in asked if arm not in offered]:
            st.warning(f"These runs have no method {', '.join(unknown)}.", icon=":material/info:")
    kept = [arm for arm in st.session_state.get(ARMS, []) if arm in offered]
    st.session_state[ARMS] = kept or offered[:2]
    arms = st.pills(
        "Methods below",
        offered,
        selection_mode="multi",
        format_func=arm_label,
        key=ARMS,
        persist_state="session",
        help="The class by class figures, the curves and the images show these methods.",
    )
    url.update(arms=",".join(arms))
    return list(arms)


def comparison(views: list[RunView], linked: bool) -> None:
    """Draw everything about the chosen runs."""
    compare_view.what_differs(views, export_popover)
    left, right = st.columns([5, 7], gap="large")
    with left:
        compare_view.scatter(views)
    with right:
        compare_view.differences(views)
    arms = choose_arms(views, linked)
    if not arms:
        st.info("Choose at least one method above.", icon=":material/arrow_upward:")
        return
    compare_view.classes(views, arms)
    compare_view.curves(views, arms)
    compare_view.images(views, arms)


def main() -> None:
    """Draw the page."""
    st.title("Compare runs", anchor=False)
    try:
        linked = url.from_link()
        views = choose(comparable(), linked)
        notices.show()
        readable = sound(views)
        if len(readable) >= 2:
            comparison(readable, linked)
            return
        if readable != views:
            st.info("Choose others above to compare.", icon=":material/compare_arrows:")
            return
    except (UserError, OSError, sqlite3.Error) as error:
        st.error(f"**The runs cannot be read.** {escape_markdown(error)}", icon=":material/error:")
        return
    st.info(
        "Choose at least two runs above. Every run that has been tested can be compared with every other: "
        "launch one in the Studio with another skew, or another method, and come back.",
        icon=":material/compare_arrows:",
    )
    st.page_link("studio.py", label="Go to the Studio", icon=":material/science:", width="content")


main()
