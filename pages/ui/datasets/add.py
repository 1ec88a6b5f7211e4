"""Adding a custom set: its files, how they are read, the validation, and a name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import streamlit as st
from pydantic import ValidationError
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fairdd_core.config.spec.base import user_error
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.custom import store
from fairdd_core.data.custom.matching import IMAGE_SUFFIXES
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import InvalidDataset, Problems
from fairdd_core.data.custom.validation import Progress, Upload, ValidationReport, survey, validate
from fairdd_core.workspace import Workspace
from pages.ui.common.errors import EXPECTED, escape_markdown, show_error
from pages.ui.datasets.catalogue import open_button
from pages.ui.datasets.preview import report_view
from pages.ui.datasets.reading import reading_view, table_choice

MAX_UPLOAD_MB = 2000
_UPLOAD, _FOLDER, _PATH = "Upload", "Upload a folder", "From this machine"
_ADDED, _CHECKED, _PATH_KEY, _TURN = "data-added", "data-checked", "data-path", "data-turn"
_SURVEYED = "data-surveyed"
Given = Path | Sequence[Upload]


def added_view(cards: dict[str, DatasetCard]) -> None:
    """Draw which set was just added, with a button that opens it in the Studio."""
    if (key := st.session_state.get(_ADDED)) not in cards:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="data-flash"):
        title = escape_markdown(cards[key].title)
        st.markdown(f":material/check_circle: **{title}** was added as `{key}`.", width="stretch")
        open_button(key, place="flash", primary=True)


def add_view() -> None:
    """Draw the steps from files to a data set."""
    st.markdown(
        "Images with a **label** to predict and a **group** to treat fairly: a table (CSV) with the columns "
        "`file`, `label`, `group` and, if wanted, `split` (train or test), where several columns that begin "
        "with `group` are crossed; or folders `label/group/image`; or Parquet as Hugging "
        "Face writes it. Other names and orders can be chosen."
    )
    given, identity = _files()
    if given is None:
        return
    turn = hashlib.sha256(repr(identity).encode()).hexdigest()[:8]
    columns = _columns(given, identity, turn)
    options = _options(columns)
    if options is None:
        return
    wanted = (identity, options)
    checked: tuple[tuple[object, Options], ValidationReport] | None = st.session_state.get(_CHECKED)
    fresh = checked is not None and checked[0] == wanted
    same_files = checked is not None and checked[0][0] == identity
    pressed = st.button(
        "Check again",
        icon=":material/fact_check:",
        type="secondary" if fresh else "primary",
        key="check",
        on_click=st.session_state.pop,
        args=(_SURVEYED, None),
        help="Checks all images with the settings above.",
    )
    # New files are checked at once; new settings only when asked, because it can take minutes.
    if (pressed or not same_files) and (report := _validate(given, options)) is not None:
        st.session_state[_CHECKED] = (wanted, report)
        st.rerun()
    if checked is None or not fresh:
        return
    report_view(checked[1])
    if checked[1].valid:
        _name_form(given, options, checked[1])


def _columns(given: Given, identity: object, turn: str) -> dict[str, Any]:
    """Draw how the files are understood and return the options that were chosen by hand."""
    reading = _surveyed(given, identity, "").reading
    if reading is None:
        return {}
    table = table_choice(reading, turn)
    if table:
        reading = _surveyed(given, identity, table).reading or reading
    return {"table": table, **reading_view(reading, f"{turn}-{reading.table}")}


def _surveyed(given: Given, identity: object, table: str) -> ValidationReport:
    """Return how files are understood; for files that do not exist, nothing is."""
    known: dict[tuple[object, str], ValidationReport] = st.session_state.setdefault(_SURVEYED, {})
    key = (identity, table)
    if key not in known:
        if all(kept[0] != identity for kept in known):
            known.clear()
        try:
            known[key] = survey(given, Options(table=table))
        except EXPECTED:  # the check says why
            return ValidationReport("", Problems(), pd.DataFrame())
    return known[key]


def slug(title: str) -> str:
    """Return a valid name for a set of this title; empty when it has no ASCII letter or digit."""
    ascii_text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:40].strip("-")


def proposed_title(source: str) -> str:
    """Return a title for a set from the name of its file or folder."""
    return re.sub(r"\.(zip|csv|tsv|parquet)$", "", source, flags=re.IGNORECASE).replace("_", " ").strip()


def _files() -> tuple[Given | None, object]:
    """Draw the choice of files; return them, or None, and what identifies them."""
    choice = st.segmented_control(
        "Where are the images?",
        [_UPLOAD, _FOLDER, _PATH],
        default=_UPLOAD,
        required=True,
        key="data-where",
        help="Large sets are faster from a folder or a zip file on this machine.",
    )
    if choice != _PATH:
        files = _uploaded(folder=choice == _FOLDER)
        if not files:
            return None, None
        return [(file.name, file) for file in files], tuple(file.file_id for file in files)
    text = st.text_input(
        "Path",
        key=_PATH_KEY,
        placeholder="/home/me/faces, /home/me/faces.zip or /home/me/faces/labels.csv",
        help="A folder, a zip file or a table (CSV, Parquet). It is read in place and never changed.",
    )
    path = Path(text.strip()) if text and text.strip() else None
    if path is not None and path.parts[:1] == ("~",):
        path = Path.home().joinpath(*path.parts[1:])
    if path is not None and not path.is_absolute():
        st.error("Enter the absolute path, beginning with /.", icon=":material/error:")
        return None, None
    return path, str(path)


def _uploaded(*, folder: bool) -> Sequence[UploadedFile]:
    """Draw the uploader of files, or of a folder, and return what was uploaded."""
    title = "One zip or Parquet file, or a table (CSV) and its images"
    known = ["zip", "csv", "tsv", "parquet", *(suffix[1:] for suffix in sorted(IMAGE_SUFFIXES))]
    if folder:
        title = "A folder of images, with a table (CSV) or in folders label/group"
    return st.file_uploader(
        title,
        type=None if folder else known,  # of a folder, files of other types would be dropped without a word
        accept_multiple_files="directory" if folder else True,
        # Another key after each set empties the uploader.
        key=f"data-{'folder' if folder else 'upload'}-{st.session_state.get(_TURN, 0)}",
        max_upload_size=MAX_UPLOAD_MB,
        help="Nothing leaves this machine. Of single files, folders in the table are ignored. The browser "
        "needs minutes to send and list hundreds of files, but not for one zip file.",
    )


def _options(columns: dict[str, Any]) -> Options | None:
    """Draw the other settings of the import; return all of them, or None with the reason shown.

    Args:
        columns: the settings that are chosen already.
    """
    fields = Options.model_fields

    def about(name: str, key: str) -> dict[str, Any]:
        return {"label": fields[name].title, "help": fields[name].description, "key": key}

    with st.expander("Size and test set", icon=":material/tune:"):
        left, middle, right = st.columns(3, gap="medium")
    with left:
        side = st.segmented_control(
            **about("side", "data-side"),
            options=get_args(fields["side"].annotation),
            default=fields["side"].default,
            required=True,
            format_func=lambda side: f"{side}×{side}",
        )
        skip_bad = st.toggle(**about("skip_bad", "data-skip"))
    with middle:
        share = st.slider(
            **about("test_share", "data-share"),
            min_value=5,
            max_value=75,
            value=25,
            step=5,
            format="%d %%",
        )
    with right:
        seed = st.number_input(**about("seed", "data-seed"), min_value=0, max_value=2**31 - 1, value=0)
    try:
        return Options.model_validate(
            {"side": side, "skip_bad": skip_bad, "test_share": share / 100, "seed": seed, **columns}
        )
    except ValidationError as error:
        st.error(str(user_error(error)), icon=":material/error:")
        return None


def _validate(given: Given, options: Options) -> ValidationReport | None:
    """Validate a set behind a progress bar; return None, with the reason shown, where it does not exist."""
    with _progress("Checking the images") as progress:
        try:
            return validate(given, options, progress=progress)
        except EXPECTED as error:
            show_error("There is nothing to check.", error)
    return None


@contextmanager
def _progress(text: str) -> Iterator[Progress]:
    """Show a progress bar for as long as the work lasts."""
    bar = st.progress(0.0, text=f"{text} …")

    def update(done: int, total: int) -> None:
        bar.progress(done / max(1, total), text=f"{text}: {done} of {total}")

    try:
        yield update
    finally:
        bar.empty()


def _name_form(given: Given, options: Options, report: ValidationReport) -> None:
    """Draw the name and the button that adds the set."""
    st.header("Add the set", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="data-add"):
        title = st.text_input(
            "Name",
            proposed_title(report.title),
            max_chars=80,
            key="data-name",
            width=320,
            help="The title of the set here. Links and the command line use the short name below.",
        )
        name = slug(title)
        pressed = st.button(
            "Add",
            icon=":material/add_circle:",
            type="primary",
            key="data-add-button",
            disabled=not name,
        )
    if not name:
        st.caption("Enter a name with at least one letter or digit.")
        return
    taken = store.PREFIX + name in store.custom_sets(Workspace.default().data)
    st.caption(
        f"Its short name is `{store.PREFIX}{name}`"
        + (", which is taken: choose another name." if taken else ". Only the resized images are stored.")
    )
    if pressed and not taken:
        _add(given, options, title, name)


def _add(given: Given, options: Options, title: str, name: str) -> None:
    with _progress("Adding the images") as progress:
        try:
            about = store.add(Workspace.default().data, name, given, options, title=title, progress=progress)
        except EXPECTED as error:
            if isinstance(error, InvalidDataset):  # the files have changed since the check
                st.session_state.pop(_CHECKED, None)
            show_error("Nothing was added.", error)
            return
    st.session_state[_ADDED] = about.key
    st.session_state.pop(_CHECKED, None)
    st.session_state.pop(_PATH_KEY, None)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.rerun()
