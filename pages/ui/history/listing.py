"""The list of runs: the live ones, which redraw themselves, and those that have ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.index import RunState
from pages.ui.common import notices, progress
from pages.ui.common.cache import thumbnail_of
from pages.ui.common.errors import EXPECTED
from pages.ui.common.progress import (
    EDIT_HELP,
    POLL_SECONDS,
    ensure_dispatcher,
    headline,
    progress_text,
)
from pages.ui.common.runs import Row, list_runs, row_of, store
from pages.ui.controls.sidebar import adopt
from pages.ui.history import actions
from pages.ui.history.card import card_html
from pages.ui.history.repeats import repeat_labels
from pages.ui.history.storage import size_of

Signature = tuple[object, ...]
PAGE_SIZE = 12
QUIET_POLL_SECONDS = 5.0  # while no run is live


def watch(stamp: tuple[int, ...], drawn: Signature) -> None:
    """Redraw a page without live runs when another tab or a command line changes something.

    Args:
        stamp: of the index before the page was drawn; while it stays the same, no run has changed.
        drawn: the signature at that moment.
    """
    st.fragment(_watch, run_every=QUIET_POLL_SECONDS)(stamp, drawn)


def _watch(stamp: tuple[int, ...], drawn: Signature) -> None:
    changed = False
    with suppress(*EXPECTED):  # an index that cannot be read now may be readable next time
        changed = store().stamp() != stamp and signature() != drawn
    if changed:
        st.rerun()


def live_runs(rows: Sequence[Row], drawn: Signature) -> None:
    """Draw the queued and running runs, and redraw them until a run starts or ends.

    Args:
        rows: the live runs to show.
        drawn: the signature before the page was drawn; when it changes, the page is redrawn.
    """
    order = {run.id: i for i, run in enumerate(store().live())}
    ids = sorted((row.id for row in rows), key=lambda run_id: order.get(run_id, len(order)))
    st.fragment(_live, run_every=POLL_SECONDS)(ids, drawn)


def signature() -> Signature:
    """Return what decides which runs are listed; it changes also with actions of tabs and command lines."""
    runs = tuple((run.id, run.state, run.title) for run in store().list())
    return (*runs, len(store().list(deleted=True)), notices.outcome())


def _live(ids: Sequence[str], drawn: Signature) -> None:
    ensure_dispatcher()
    if signature() != drawn:
        st.rerun()
    labels = repeat_labels(list_runs())
    for run_id in ids:
        try:
            row = row_of(store().get(run_id))
        except UserError:  # just removed for good
            st.rerun()
        draw(row, labels.get(row.id, ""))


def ended_runs(rows: Sequence[Row]) -> None:
    """Draw the runs that have ended, a page at a time."""
    shown = PAGE_SIZE * (1 + st.session_state.get("more-runs", 0))
    labels = repeat_labels(list_runs())
    for row in rows[:shown]:
        draw(row, labels.get(row.id, ""))
    if len(rows) > shown:
        st.button(
            f"Show {min(PAGE_SIZE, len(rows) - shown)} more of {len(rows) - shown}",
            key="show-more",
            icon=":material/expand_more:",
            on_click=_more,
        )


def _more() -> None:
    st.session_state["more-runs"] = st.session_state.get("more-runs", 0) + 1


def draw(row: Row, repeat: str = "") -> None:
    """Draw one run with its actions; ``repeat`` says which of several repeats it is."""
    thumbnail = thumbnail_of(store().folder(row.id), row.arms)
    with st.container(border=True, key=f"run-{row.id}", gap="small"):
        words, buttons = st.columns([5, 2], vertical_alignment="top", gap="small")
        with words:
            st.html(card_html(row, thumbnail, size_of(row.record), time.time(), repeat))
            if row.record.state.live:
                _progress(row)
        with buttons:
            right = st.container(
                key=f"do-{row.id}", horizontal=True, horizontal_alignment="right", vertical_alignment="center"
            )
        with right:
            _buttons(row)


def _progress(row: Row) -> None:
    text = headline(row.spec, row.record) if row.spec else ""
    if row.record.state is RunState.QUEUED or not row.record.total:
        st.caption(text)
    else:
        st.progress(
            min(1.0, row.record.done / row.record.total), text=f"{text} · {progress_text(row.record)}"
        )


def _buttons(row: Row) -> None:
    state = row.record.state
    if row.spec is not None:
        link = {"run": row.id}
        st.page_link("studio.py", label="Open", icon=":material/visibility:", query_params=link)
    if state.live:
        progress.stop_button(row.record, f"stop-{row.id}")
    elif row.record.resumable and row.spec is not None:
        progress.resume_button(row.id, f"resume-{row.id}")
    elif state.early and row.spec is not None:
        _edit_button(row.spec, row.id)
    with st.popover("More", key=f"more-{row.id}"):
        _more_actions(row)


def _edit_button(spec: RunSpec, run_id: str) -> None:
    """Draw a button that opens the Studio with the settings of a run."""
    if st.button("Change settings", icon=":material/tune:", key=f"edit-{run_id}", help=EDIT_HELP):
        adopt(spec)
        st.session_state["view"] = "data"
        st.session_state.pop("studio-address", None)
        st.switch_page("studio.py")


def _more_actions(row: Row) -> None:
    key = f"name-{row.id}"
    st.text_input(
        "Name",
        value=row.name,
        key=key,
        max_chars=actions.TITLE_LENGTH,
        on_change=actions.rename,
        args=(row.id, key, row.name),
        help="Leave it empty to name the run after its data set again.",
    )
    if row.record.state.live:
        st.caption("Stop the run to export or delete it.")
        return
    if row.spec is not None:
        st.page_link(
            "compare.py",
            label="Compare",
            icon=":material/compare_arrows:",
            query_params={"runs": row.id},
            width="stretch",
        )
        st.download_button(
            "Export as zip",
            data=partial(actions.export, row.id),
            file_name=f"run-{row.id}.zip",
            mime="application/zip",
            key=f"export-{row.id}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
            help="Settings, images, results and tables; import it here or on another machine.",
        )
    st.button(
        "Delete",
        icon=":material/delete:",
        key=f"delete-{row.id}",
        on_click=actions.delete,
        args=(row.id,),
        width="stretch",
        help="Moves the run to the trash, from where it can be restored.",
    )
