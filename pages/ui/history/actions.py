"""The actions on a run of the list, which report their outcome and how to undo it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial

import streamlit as st

from fairdd_core.errors import UserError
from fairdd_core.runs.storage import archive, trash
from fairdd_core.runs.storage.cache import ResultCache
from pages.ui.common import notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import row_of, store, title_of

TITLE_LENGTH = 120
UPLOAD_KEY = "import-file"


def delete(run_id: str) -> None:
    """Move a run to the trash."""

    def do() -> None:
        trash.delete(store().workspace, run_id)
        days = round(trash.RETENTION_SECONDS / 86400)
        text = f"**{_name(run_id)}** is in the trash, where it is kept for {days} days."
        notices.report(text, undo=partial(restore, run_id))

    notices.attempt("The run could not be deleted; it stays as it was.", do)


def restore(run_id: str) -> None:
    """Take a run out of the trash."""

    def do() -> None:
        trash.restore(store().workspace, run_id)
        notices.report(f"**{_name(run_id)}** is back in the list.", run_id=run_id)

    notices.attempt("The run could not be restored.", do)


def rename(run_id: str, key: str, shown: str) -> None:
    """Name a run after the text field ``key``; after its settings when that is empty.

    Args:
        run_id: of the run.
        key: of the field.
        shown: what the field was drawn with. A browser may send a field once more after it is gone, which
            looks like a change.
    """
    title = " ".join(st.session_state[key].split())[:TITLE_LENGTH]
    if title == " ".join(shown.split())[:TITLE_LENGTH]:
        return

    def do() -> None:
        spec = row_of(store().get(run_id)).spec
        store().update(run_id, title=title or (title_of(spec) if spec else ""))

    notices.attempt("The run could not be renamed; it keeps its name.", do)


def empty_trash() -> None:
    """Remove the runs in the trash for good."""
    _remove("The trash could not be emptied.", lambda: trash.empty(store().workspace))


def prune(max_bytes: int) -> None:
    """Remove for good the runs in the trash and the oldest ones."""
    _remove("Not everything could be removed.", lambda: trash.prune(store().workspace, max_bytes))


def empty_cache() -> None:
    """Remove the results that later runs would reuse."""

    def do() -> None:
        n = ResultCache(store().workspace).clear()
        notices.report(f"The cache is empty; {'1 result was' if n == 1 else f'{n} results were'} removed.")

    notices.attempt("The cache could not be emptied.", do)


def _remove(failure: str, remove: Callable[[], list[str]]) -> None:
    def do() -> None:
        n = len(remove())
        notices.report(f"{'1 run was' if n == 1 else f'{n} runs were'} removed for good.")

    notices.attempt(failure, do)


def export(run_id: str) -> bytes:
    """Return a run as a zip file."""
    buffer = io.BytesIO()
    archive.export_run(store().workspace, run_id, buffer)
    return buffer.getvalue()


def import_uploaded() -> None:
    """Import the run in the file that was uploaded."""
    upload = st.session_state.get(UPLOAD_KEY)
    if upload is None:
        notices.report("**Choose the zip file of a run first.**", good=False)
        return
    name = escape_markdown(upload.name)

    def do() -> None:
        try:
            run_id = archive.import_run(store().workspace, upload)
        except (zipfile.LargeZipFile, ValueError, RuntimeError) as error:
            # The readers of zip files and arrays raise these for bad input.
            raise error if isinstance(error, UserError) else OSError(str(error)) from error
        notices.report(f"**{_name(run_id)}** was imported from {name}.", run_id=run_id)

    notices.attempt(f"{name} could not be imported; nothing was changed.", do)


def _name(run_id: str) -> str:
    return escape_markdown(row_of(store().get(run_id)).name)
