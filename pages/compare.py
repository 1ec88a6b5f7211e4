"""Two to four runs side by side: settings, results with intervals, curves and images."""

from __future__ import annotations

import streamlit as st

from pages.ui.common import notices, url
from pages.ui.common.errors import EXPECTED, show_error
from pages.ui.common.runs import RunView
from pages.ui.compare import view as sections
from pages.ui.compare.choice import choose_arms, choose_runs, comparable, readable
from pages.ui.compare.repeats import seeds_view
from pages.ui.studio.export import export_popover


def comparison(views: list[RunView], linked: bool) -> None:
    """Draw every section about the chosen runs."""
    sections.settings(views, export_popover)
    sections.noise_floor()
    left, right = st.columns([5, 7], gap="large")
    with left:
        sections.tradeoff(views)
    with right:
        sections.differences(views)
    sections.within_runs(views)
    seeds_view(views, str(st.session_state.get("compare-reference", "A")))
    if arms := choose_arms(views, linked):
        sections.recalls(views, arms)
        sections.curves(views, arms)
        sections.images(views, arms)


def main() -> None:
    """Draw the page."""
    st.title("Compare runs", anchor=False)
    try:
        linked = url.from_link()
        views = choose_runs(comparable(), linked)
        notices.show()
        kept = readable(views)
        if len(kept) >= 2:
            comparison(kept, linked)
            return
    except EXPECTED as error:
        show_error("The runs cannot be read.", error)
        return
    if kept != views:
        st.info("Choose other runs above to compare.", icon=":material/compare_arrows:")
        return
    st.info(
        "Choose at least two runs above. Any runs that have been tested can be compared: launch one in the "
        "Studio with another skew or another method, and come back.",
        icon=":material/compare_arrows:",
    )
    st.page_link("studio.py", label="Go to the Studio", icon=":material/science:", width="content")


main()
