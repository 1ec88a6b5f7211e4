"""Importing runs, the disk space that runs take, and the trash."""

from __future__ import annotations

import time
from functools import lru_cache

import streamlit as st

from fairdd_core.runs.storage import trash
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState
from fairdd_core.units import age_text, bytes_text
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import row_of, store
from pages.ui.history import actions

_TRASH_SHOWN = 20
Sized = list[tuple[RunRecord, int]]


def size_of(record: RunRecord) -> int:
    """Return the bytes on disk of a run; read again only while it is live or after it has changed state."""
    folder = store().folder(record.id)
    return folder.size() if record.state.live else _size(str(folder.path), record.state, record.finished)


@lru_cache(maxsize=4096)
def _size(path: str, state: RunState, finished: float | None) -> int:
    return RunFolder(path).size()


def sized_runs(deleted: bool = False) -> Sized:
    """Return the runs, newest first, with their bytes on disk."""
    return [(run, size_of(run)) for run in store().list(deleted=deleted)]


def _total(runs: Sized) -> int:
    return sum(size for _, size in runs)


def total_text(runs: Sized, deleted: Sized) -> str:
    """Return how many runs there are and how much space they take."""
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    text = f"{count} on this machine, {bytes_text(_total(runs))}"
    return text + (f"; {len(deleted)} more in the trash" if deleted else "")


def import_popover() -> None:
    """Draw the popover that imports a run."""
    with (
        st.popover("Import", icon=":material/upload_file:", key="import"),
        st.form("import-run", clear_on_submit=True, border=False),
    ):
        st.markdown("Add a run that was exported here or on another machine.")
        st.file_uploader(
            "Exported run",
            type=["zip"],
            key=actions.UPLOAD_KEY,
            help="A zip file from Export as zip. Every file in it is checked; nothing in it is executed.",
        )
        st.form_submit_button("Import run", key="import-uploaded", on_click=actions.import_uploaded)


def storage_popover(runs: Sized, deleted: Sized) -> None:
    """Draw the popover that removes old runs and empties the cache of results."""
    with st.popover("Storage", icon=":material/database:", key="storage"):
        total, trash_size = _total(runs), _total(deleted)
        st.markdown(f"Runs take **{bytes_text(total)}**, the trash **{bytes_text(trash_size)}**.")
        limit = st.number_input(
            "Keep at most (MB)",
            min_value=0,
            value=max(1, round(total / 1e6)),
            step=10,
            key="prune-limit",
            persist_state="session",
            help="Removes the oldest runs that have ended until the rest fits. Live runs stay.",
        )
        max_bytes = int(limit) * 1_000_000
        old = trash.oldest_beyond(runs, max_bytes)
        removed = [f"the oldest {len(old)} of {len(runs)} runs"] if old else []
        removed += ["everything in the trash"] if deleted else []
        if not removed:
            st.caption("Everything fits. Lower the number to make room.")
        else:
            freed = bytes_text(trash_size + sum(size for run, size in runs if run in old))
            st.markdown(f"This removes {' and '.join(removed)}, **{freed}**, and cannot be undone.")
        st.button(
            "Remove for good",
            icon=":material/delete_forever:",
            key="prune",
            on_click=actions.prune,
            args=(max_bytes,),
            disabled=not removed,
        )
        st.caption(f"The runs are stored in `{store().workspace.runs}`.")
        st.divider()
        _cache_section()


def _cache_section() -> None:
    """Draw the size of the cache of results, and the button that empties it."""
    cache = ResultCache(store().workspace)
    count, size = cache.size()
    st.markdown(
        f"Results that later runs reuse take **{bytes_text(size)}** (at most {bytes_text(cache.max_bytes)}).",
        help="Trained baselines, for example. A run reuses a result only if nothing that it depends on has "
        "changed: the same data, settings, code and machine. Those used longest ago are removed first.",
    )
    st.button(
        "Empty the cache",
        icon=":material/delete_sweep:",
        key="empty-cache",
        on_click=actions.empty_cache,
        disabled=not count,
        help="The results of runs stay. The next run computes its baselines anew.",
    )


def cache_is_empty() -> bool:
    """Return whether no result is kept for later runs."""
    return ResultCache(store().workspace).size()[0] == 0


def trash_view(deleted: Sized) -> None:
    """Draw the runs in the trash, each with a button that restores it."""
    if not deleted:
        return
    now, days = time.time(), round(trash.RETENTION_SECONDS / 86400)
    newest = sorted((run for run, _ in deleted), key=lambda run: run.deleted or 0.0, reverse=True)
    with st.expander(f"Trash ({len(deleted)})", icon=":material/delete:", key="trash"):
        size = bytes_text(_total(deleted))
        st.caption(f"{size}. A run is removed for good {days} days after it was deleted.")
        for run in newest[:_TRASH_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center", key=f"trash-{run.id}"):
                name, when = escape_markdown(row_of(run).name), age_text(run.deleted or now, now)
                st.markdown(f"{name} · {run.id} · deleted {when}", width="stretch")
                st.button(
                    "Restore",
                    icon=":material/restore_from_trash:",
                    key=f"restore-{run.id}",
                    on_click=actions.restore,
                    args=(run.id,),
                )
        if len(newest) > _TRASH_SHOWN:
            st.caption(f"And {len(newest) - _TRASH_SHOWN} older ones.")
        st.button(
            "Empty the trash",
            icon=":material/delete_forever:",
            key="empty-trash",
            on_click=actions.empty_trash,
            help="Removes these runs for good.",
        )
