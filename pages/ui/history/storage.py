"""Runs from files, the space that runs take, and the bin."""

from __future__ import annotations

import time

import streamlit as st

from fairdd_core.runs.storage import trash
from fairdd_core.runs.storage.index import RunRecord
from fairdd_core.units import age_text, bytes_text
from pages.ui.common import notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import row_of, store
from pages.ui.history import actions
from pages.ui.history.rows import size_of

_BIN_SHOWN = 20
Sized = list[tuple[RunRecord, int]]


def sized(deleted: bool = False) -> Sized:
    """Return the runs, newest first, with their bytes on disk."""
    index = store()
    return [(run, size_of(index, run)) for run in index.list(deleted=deleted)]


def total_text(runs: Sized, binned: Sized) -> str:
    """Say how many runs there are and what they take."""
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    text = f"{count} on this machine, {bytes_text(sum(size for _, size in runs))}"
    return text + (f"; {len(binned)} more in the bin" if binned else "")


def import_button() -> None:
    """Offer to add a run from a file."""
    if st.button("Import", icon=":material/upload_file:", key="import", on_click=notices.dismiss):
        _import_dialog()


@st.dialog("Import a run", icon=":material/upload_file:")
def _import_dialog() -> None:
    last = notices.outcome()
    if last is not None and last.good:
        st.rerun()
    st.markdown("Add a run that was exported here or on another machine.")
    key = f"upload-{st.session_state.get('import-count', 0)}"  # a new field after each file
    st.file_uploader(
        "Exported run",
        type=["zip"],
        key=key,
        on_change=actions.import_uploaded,
        args=(key,),
        help="A zip file from Export as zip. Every file in it is checked; nothing in it is executed.",
    )
    if last is not None:
        st.error(last.text, icon=":material/error:")


def storage_popover(runs: Sized, binned: Sized) -> None:
    """Offer to remove old runs."""
    with st.popover("Storage", icon=":material/database:", key="storage"):
        own, bin_size = sum(size for _, size in runs), sum(size for _, size in binned)
        st.markdown(f"Runs take **{bytes_text(own)}**, the bin **{bytes_text(bin_size)}**.")
        limit = st.number_input(
            "Keep at most (MB)",
            min_value=0,
            value=max(1, round(own / 1e6)),
            step=10,
            key="prune-limit",
            persist_state="session",
            help="Removes the oldest runs that have ended until the rest fits. Live runs stay.",
        )
        old = trash.oldest_beyond(runs, int(limit) * 1_000_000)
        lost = [f"the oldest {len(old)} of {len(runs)} runs"] if old else []
        lost += ["everything in the bin"] if binned else []
        if not lost:
            st.caption("Everything fits. Lower the number to make room.")
        else:
            freed = bytes_text(bin_size + sum(size for run, size in runs if run in old))
            st.markdown(f"This removes {' and '.join(lost)}, **{freed}**, and cannot be undone.")
        st.button(
            "Remove for good",
            icon=":material/delete_forever:",
            key="prune",
            on_click=actions.prune,
            args=(int(limit) * 1_000_000,),
            disabled=not lost,
        )
        st.caption(f"They lie in `{store().workspace.runs}`.")


def bin_view(binned: Sized) -> None:
    """Draw the runs in the bin, each with a way back."""
    if not binned:
        return
    now, days = time.time(), round(trash.RETENTION_SECONDS / 86400)
    size = bytes_text(sum(size for _, size in binned))
    with st.expander(f"Bin ({len(binned)})", icon=":material/delete:", key="bin"):
        st.caption(f"{size}. A run is removed for good {days} days after it was deleted.")
        for run, _ in sorted(binned, key=lambda entry: entry[0].deleted or 0.0, reverse=True)[:_BIN_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center", key=f"bin-{run.id}"):
                name = escape_markdown(row_of(run).name)
                when = age_text(run.deleted or now, now)
                st.markdown(f"{name} · {run.id} · deleted {when}", width="stretch")
                st.button(
                    "Bring back",
                    icon=":material/restore_from_trash:",
                    key=f"restore-{run.id}",
                    on_click=actions.restore,
                    args=(run.id,),
                )
        if len(binned) > _BIN_SHOWN:
            st.caption(f"And {len(binned) - _BIN_SHOWN} older ones.")
        st.button(
            "Empty the bin",
            icon=":material/delete_forever:",
            key="empty-bin",
            on_click=actions.empty_bin,
            help="Removes these runs for good.",
        )
