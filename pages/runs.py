"""The runs of this machine: what is at work, what came out of the earlier ones, and room for new ones."""

from __future__ import annotations

import sqlite3

import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.index import RunState
from pages.ui.common import notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import STATE_WORDS, Row, list_runs, store
from pages.ui.common.url import one_of, read
from pages.ui.history.listing import News, ended_runs, live_runs, news, watch
from pages.ui.history.rows import matches
from pages.ui.history.storage import Sized, bin_view, import_button, sized, storage_popover, total_text

Seen = tuple[tuple[int, ...], News]
_STATES = {str(state): word for state, word in STATE_WORDS.items()}


def header(runs: Sized, binned: Sized) -> None:
    """Draw the title, and what concerns all runs."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs-header"):
        with st.container(gap="xxsmall"):
            st.title("Runs", anchor=False)
            st.caption(total_text(runs, binned))
        with st.container(horizontal=True, width="content"):
            import_button()
            if runs or binned:
                storage_popover(runs, binned)


def restore_filters() -> None:
    """Set the filters of a new session from the address."""
    if "search" not in st.session_state:
        st.session_state["search"] = st.query_params.get("search", "")
        complaints: list[str] = []
        asked = [part for part in st.query_params.get("state", "").split(",") if part]
        wanted = [read({"state": state}, "state", one_of(_STATES), complaints) for state in asked]
        st.session_state["state"] = [state for state in _STATES if state in wanted]
        notices.warn_unusable(complaints)


def filters(rows: list[Row]) -> list[Row]:
    """Draw the filters and return the rows that pass; the address remembers them."""
    with st.container(horizontal=True, vertical_alignment="center", key="runs-filter"):
        text = st.text_input(
            "Search",
            type="search",
            key="search",
            live=True,
            placeholder="Name, data set, method, id …",
            icon=":material/search:",
            label_visibility="collapsed",
            width=300,
        )
        states = st.pills(
            "State",
            list(_STATES),
            selection_mode="multi",
            format_func=_STATES.__getitem__,
            key="state",
            label_visibility="collapsed",
            wrap=True,
        )
    for name, value in (("search", text or ""), ("state", ",".join(states))):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
    chosen = {RunState(state) for state in states}
    return [row for row in rows if matches(row, text or "", chosen)]


def nothing_yet() -> None:
    """Say what to do on a machine without runs."""
    with st.container(border=True, key="no-runs"):
        st.markdown(
            "**No runs yet.** Choose a biased data set in the Studio and press **Launch**; the run will be "
            "listed here, with its images and results, also after the browser was closed. "
            "Or press **Import** above to add a run that somebody exported."
        )
        st.page_link("studio.py", label="Go to the Studio", icon=":material/science:", width="content")


def listing(rows: list[Row], seen: Seen) -> None:
    """Draw the runs that pass the filters; ``seen`` is the state of the index that they show."""
    shown = filters(rows)
    live = [row for row in shown if row.record.state.live]
    ended = [row for row in shown if not row.record.state.live]
    with st.container(key="live-runs"):  # always there, so that the rest of the list keeps its place
        if any(row.record.state.live for row in rows):
            live_runs(live, seen[1])
        else:
            watch(*seen)
    if not shown:
        st.info("No run fits. Clear the search or choose other states.", icon=":material/filter_alt_off:")
    ended_runs(ended)
    if any(row.result for row in ended):
        gap = METRICS["deo_mean"]
        st.caption(
            f"Means over the test networks; pt: percentage points. {gap.title}: {gap.sentence} "
            "Open a run for its intervals and every other measure."
        )


def main() -> None:
    """Draw the page."""
    if wanted := st.query_params.get("run"):  # a link to a run that was opened in a new tab
        st.switch_page("studio.py", query_params={"run": wanted})
    try:
        seen = store().stamp(), news()  # before the rest: what changes meanwhile is then seen as a change
        rows, runs, binned = list_runs(), sized(), sized(deleted=True)
    except (UserError, OSError, sqlite3.Error) as error:
        st.title("Runs", anchor=False)
        st.error(
            f"**The list of runs cannot be read.** {escape_markdown(error)} The runs are untouched, in "
            f"`{store().workspace.runs}`. Reload the page; if that does not help, restart the explorer.",
            icon=":material/error:",
        )
        return
    header(runs, binned)
    restore_filters()
    notices.show()
    if rows:
        listing(rows, seen)
    else:
        watch(*seen)
        nothing_yet()
    bin_view(binned)


main()
