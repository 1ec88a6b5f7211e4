"""The sweep: results over skew and separation, where every cell of a grid is a run."""

from __future__ import annotations

import streamlit as st

from fairdd_core.workspace import Workspace
from pages.ui.common import notices
from pages.ui.common.errors import EXPECTED, show_error
from pages.ui.common.progress import ensure_dispatcher
from pages.ui.sweep.actions import choose, launch_button, status
from pages.ui.sweep.controls import controls, prepare
from pages.ui.sweep.model import SweepView, all_sweeps
from pages.ui.sweep.view import figures, restore

REFRESH_SECONDS = 2.0


def board(view: SweepView, live: bool) -> None:
    """Draw a sweep; a live one is drawn again every ``REFRESH_SECONDS``."""
    if live:
        ensure_dispatcher()
    cells = view.cells()
    if live != any(cell.live for cell in cells):
        st.rerun()
    status(view, cells)
    figures(view, cells)


def main() -> None:
    """Draw the page."""
    st.title("When does bias hurt, and when does alignment help?", anchor=False)
    st.markdown(
        "Harm takes two things together: groups of unequal size (**skew**), and groups that look different "
        "(**separation**). Every cell below is a run of its own."
    )
    try:
        with st.sidebar:
            prepare()
            if spec := controls():
                launch_button(spec)
        view = choose(all_sweeps(Workspace.default()))
        if view is not None:
            restore(view)
        notices.show()
        if view is None:
            st.info("There are no sweeps yet. Launch one on the left.", icon=":material/grid_on:")
            return
        live = any(cell.live for cell in view.cells())
        st.fragment(board, run_every=REFRESH_SECONDS if live else None)(view, live)
    except EXPECTED as error:
        show_error("The sweeps cannot be read.", error, "Nothing is lost; reload the page.")


main()
