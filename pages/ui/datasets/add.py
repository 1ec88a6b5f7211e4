"""Adding a set: where it is, how it is read, what is in it, and what it will be called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from fairdd_core.data.custom import store
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import InvalidDataset
from fairdd_core.data.custom.store import add
from fairdd_core.data.custom.validation import Progress, ValidationReport, validate
from fairdd_core.errors import UserError
from fairdd_core.workspace import Workspace
from pages.ui.common.errors import escape_markdown
from pages.ui.datasets.narrative import proposed_title, slug
from pages.ui.datasets.preview import report_view
from pages.ui.datasets.source import PATH_KEY, TURN, Given, how, where

ADDED, _CHECKED = "data-added", "data-checked"


def add_view() -> None:
    """Draw the steps from files to a data set."""
    given, identity = where()
    options = how()
    if options is None:
        return
    wanted = (identity, options)
    checked: tuple[tuple[object, Options], ValidationReport] | None = st.session_state.get(_CHECKED)
    fresh = checked is not None and checked[0] == wanted
    if given is not None:
        same_files = checked is not None and checked[0][0] == identity
        pressed = st.button(
            "Check again",
            icon=":material/fact_check:",
            type="secondary" if fresh else "primary",
            key="check",
            help="Looks through all images with the settings above.",
        )
        # New files are looked through at once; other settings only when asked, for it can take minutes.
        if (pressed or not same_files) and (found := _look(given, options)) is not None:
            st.session_state[_CHECKED] = (wanted, found)
            st.rerun()
    if given is None or checked is None or not fresh:
        return
    report_view(checked[1])
    if checked[1].valid:
        _add_form(given, options, checked[1])


def _look(given: Given, options: Options) -> ValidationReport | None:
    """Look through the set with its progress on the screen; None, with the reason shown, if there is none."""
    with _progress("Looking through the images") as tell:
        try:
            return validate(given, options, progress=tell)
        except (UserError, OSError) as error:
            st.error(
                f"**There is nothing to look through.** {escape_markdown(error)}", icon=":material/error:"
            )
    return None


@contextmanager
def _progress(text: str) -> Iterator[Progress]:
    """Show a bar that goes when the work is done, or was given up."""
    bar = st.progress(0.0, text=f"{text} …")

    def tell(done: int, total: int) -> None:
        bar.progress(done / max(1, total), text=f"{text}: {done} of {total}")

    try:
        yield tell
    finally:
        bar.empty()


def _add_form(given: Given, options: Options, found: ValidationReport) -> None:
    """Draw the name and the button that adds the set."""
    st.header("Add it", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="data-add"):
        title = st.text_input(
            "Name",
            proposed_title(found.title),
            max_chars=80,
            key="data-name",
            width=320,
            help="What the set will be called here; the command line knows it by the short name below.",
        )
        pressed = st.button(
            "Add",
            icon=":material/add_circle:",
            type="primary",
            key="data-add-button",
            disabled=not slug(title),
        )
    name = slug(title)
    if not name:
        st.caption("Give it a name with at least one letter or digit.")
        return
    taken = store.PREFIX + name in store.custom_sets(Workspace.default().data)
    st.caption(
        f"It will be known as `{store.PREFIX}{name}`"
        + (", which is taken: choose another name." if taken else ". Only the small images are kept.")
    )
    if pressed and not taken:
        _add(given, options, title, name)


def _add(given: Given, options: Options, title: str, name: str) -> None:
    with _progress("Adding the images") as tell:
        try:
            about = add(Workspace.default().data, name, given, options, title=title, progress=tell)
        except InvalidDataset as refused:  # the files have changed since they were looked through
            st.session_state.pop(_CHECKED, None)
            st.error(f"**Nothing was added.** {escape_markdown(refused)}", icon=":material/error:")
            return
        except (UserError, OSError) as error:
            st.error(f"**Nothing was added.** {escape_markdown(error)}", icon=":material/error:")
            return
    st.session_state[ADDED] = about.key
    st.session_state.pop(_CHECKED, None)
    st.session_state.pop(PATH_KEY, None)
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1  # lets go of the uploaded files
    st.rerun()
