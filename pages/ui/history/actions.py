"""What can be done to a run of the list. Every action says what came of it, and how to take it back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial

import streamlit as st

from fairdd_core.errors import UserError
from fairdd_core.runs.storage import archive, trash
from fairdd_core.workspace import Workspace
from pages.ui.common import notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import row_of, store, title_of

TITLE_LENGTH = 120


def delete(run_id: str) -> None:
    """Move a run to the bin."""

    def do() -> None:
        trash.delete(Workspace.default(), run_id)
        days = round(trash.RETENTION_SECONDS / 86400)
        notices.report(
            f"**{_name(run_id)}** is in the bin, and kept there for {days} days.",
            undo=partial(restore, run_id),
        )

    notices.attempt("The run could not be deleted; it stays as it was.", do)


def restore(run_id: str) -> None:
    """Take a run out of the bin."""

    def do() -> None:
        trash.restore(Workspace.default(), run_id)
        notices.report(f"**{_name(run_id)}** is back in the list.", run_id=run_id)

    notices.attempt("The run could not be brought back.", do)


def rename(run_id: str, key: str, shown: str) -> None:
    """Call a run what the text field ``key`` says; by its settings again when that is empty.

    Args:
        run_id: of the run.
        key: of the field.
        shown: what the field was drawn with. A browser that has not heard yet that a field is gone sends it
            once more, and that looks like a change.
    """
    title = " ".join(st.session_state[key].split())[:TITLE_LENGTH]
    if title == " ".join(shown.split())[:TITLE_LENGTH]:
        return

    def do() -> None:
        spec = row_of(store().get(run_id)).spec
        store().update(run_id, title=title or (title_of(spec) if spec else ""))

    notices.attempt("The run could not be renamed; it keeps its name.", do)


def empty_bin() -> None:
    """Remove what is in the bin for good."""

    def do() -> None:
        removed = trash.empty(Workspace.default())
        notices.report(f"{_runs(len(removed))} removed for good.")

    notices.attempt("The bin could not be emptied.", do)


def prune(max_bytes: int) -> None:
    """Remove the bin and the oldest runs for good."""

    def do() -> None:
        removed = trash.prune(Workspace.default(), max_bytes)
        notices.report(f"{_runs(len(removed))} removed for good.")

    notices.attempt("Not everything could be removed.", do)


def export(run_id: str) -> Callable[[], bytes]:
    """Return what makes the zip file of a run when it is asked for."""
    workspace = Workspace.default()

    def make() -> bytes:
        buffer = io.BytesIO()
        archive.export_run(workspace, run_id, buffer)
        return buffer.getvalue()

    return make


def import_uploaded(key: str) -> None:
    """Add the run in the file that was just uploaded to the field ``key``."""
    upload, imported = st.session_state.get(key), st.session_state.setdefault("imported-files", set())
    # A browser that has not heard yet that this field is gone sends the file with its next request once more.
    if upload is None or upload.file_id in imported:
        return
    imported.add(upload.file_id)
    # A new field for the next file, for this one would import the same file again with every rerun.
    st.session_state["import-count"] = st.session_state.get("import-count", 0) + 1
    name = escape_markdown(upload.name)

    def do() -> None:
        try:
            run_id = archive.import_run(Workspace.default(), upload)
        except (zipfile.LargeZipFile, ValueError, RuntimeError) as error:
            # The zip and number readers have a dozen kinds of complaint about bad input.
            raise error if isinstance(error, UserError) else OSError(str(error)) from error
        notices.report(f"**{_name(run_id)}** was imported from {name}.", run_id=run_id)

    notices.attempt(f"{name} could not be imported; nothing was changed.", do)


def _name(run_id: str) -> str:
    return escape_markdown(row_of(store().get(run_id)).name)


def _runs(n: int) -> str:
    return "1 run was" if n == 1 else f"{n} runs were"
