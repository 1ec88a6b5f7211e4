"""The runs of this machine: live ones, results of earlier ones, storage and trash."""

from __future__ import annotations

import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.wording import NOISE_FLOOR
from pages.ui.common import notices
from pages.ui.common.errors import EXPECTED, show_error
from pages.ui.common.runs import Row, list_runs, store
from pages.ui.history.filters import filter_rows, restore_filters
from pages.ui.history.listing import Signature, ended_runs, live_runs, signature, watch
from pages.ui.history.storage import (
    Sized,
    cache_is_empty,
    import_popover,
    sized_runs,
    storage_popover,
    total_text,
    trash_view,
)


def header(runs: Sized, deleted: Sized) -> None:
    """Draw the title and the actions on all runs."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs-header"):
        with st.container(gap="xxsmall"):
            st.title("Runs", anchor=False)
            st.caption(total_text(runs, deleted))
        with st.container(horizontal=True, width="content"):
            import_popover()
            if runs or deleted or not cache_is_empty():
                storage_popover(runs, deleted)


def empty_list() -> None:
    """Explain how to get a first run."""
    with st.container(border=True, key="no-runs"):
        st.markdown(
            "**No runs yet.** Choose a biased data set in the Studio and press **Launch**; the run will be "
            "listed here with its images and results, even after the browser is closed. "
            "Or press **Import** above to add an exported run."
        )
        st.page_link("studio.py", label="Go to the Studio", icon=":material/science:", width="content")


def listing(rows: list[Row], stamp: tuple[int, ...], drawn: Signature) -> None:
    """Draw the filters and the runs that pass them (see ``watch`` for the other arguments)."""
    shown = filter_rows(rows)
    live = [row for row in shown if row.record.state.live]
    ended = [row for row in shown if not row.record.state.live]
    with st.container(key="live-runs"):  # always there, so that the rest of the list does not move
        if any(row.record.state.live for row in rows):
            live_runs(live, drawn)
        else:
            watch(stamp, drawn)
    if not shown:
        st.info("No run fits. Clear the search or choose other states.", icon=":material/filter_alt_off:")
    ended_runs(ended)
    if any(row.result for row in ended):
        gap = METRICS["deo_mean"]
        st.caption(
            f"Means over the test networks; pt: percentage points. {gap.title}: {gap.sentence} "
            f"{NOISE_FLOOR} Small ranges are 95 % intervals over test images."
        )


def main() -> None:
    """Draw the page."""
    if wanted := st.query_params.get("run"):  # from a link to a run
        st.switch_page("studio.py", query_params={"run": wanted})
    try:
        stamp, drawn = store().stamp(), signature()  # first, so that later changes are noticed
        rows, runs, deleted = list_runs(), sized_runs(), sized_runs(deleted=True)
    except EXPECTED as error:
        st.title("Runs", anchor=False)
        show_error(
            "The list of runs cannot be read.",
            error,
            f"The runs are untouched, in `{store().workspace.runs}`. Reload the page; if that does not help, "
            "restart the explorer.",
        )
        return
    header(runs, deleted)
    restore_filters()
    notices.show()
    if rows:
        listing(rows, stamp, drawn)
    else:
        watch(stamp, drawn)
        empty_list()
    trash_view(deleted)


main()
