"""What a user gives for a new set: files, and how they are to be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import ValidationError

from fairdd_core.config.spec.base import user_error
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.samples import IMAGE_SUFFIXES
from fairdd_core.data.custom.validation import Upload

MAX_UPLOAD_MB = 2000
UPLOAD, PATH = "Upload", "From this machine"
PATH_KEY, TURN = "data-path", "data-turn"
Given = Path | Sequence[Upload]


def where() -> tuple[Given | None, object]:
    """Draw the choice of files; return them, and what they are known by."""
    choice = st.segmented_control(
        "Where are the images?",
        [UPLOAD, PATH],
        default=UPLOAD,
        required=True,
        key="data-where",
        help="Large sets are quicker from a folder or a zip file that lies on this machine already.",
    )
    return _path() if choice == PATH else _uploaded()


def _path() -> tuple[Path | None, object]:
    text = st.text_input(
        "Path",
        key=PATH_KEY,
        placeholder="/home/me/faces, /home/me/faces.zip or /home/me/faces/labels.csv",
        help="A folder, a zip file or a table (CSV). It is read where it is and never changed.",
    )
    path = Path(text.strip()) if text and text.strip() else None
    if path is not None and path.parts[:1] == ("~",):
        path = Path.home().joinpath(*path.parts[1:])
    if path is not None and not path.is_absolute():
        st.error("Give the whole path, beginning with /.", icon=":material/error:")
        return None, None
    return path, str(path)


def _uploaded() -> tuple[list[Upload] | None, object]:
    files = st.file_uploader(
        "One zip file, or a table (CSV) and its images",
        type=["zip", "csv", "tsv", *(ending[1:] for ending in sorted(IMAGE_SUFFIXES))],
        accept_multiple_files=True,
        key=f"data-upload-{st.session_state.get(TURN, 0)}",  # a new field after each set
        max_upload_size=MAX_UPLOAD_MB,
        help="Nothing leaves this machine. Of files uploaded one by one, folders in the table do not count.",
    )
    if not files:
        return None, None
    return [(file.name, file) for file in files], tuple(file.file_id for file in files)


def how() -> Options | None:
    """Draw the settings of the import; return them, or None with the reason shown."""
    with st.expander("Columns, size and test set", icon=":material/tune:"):
        left, middle, right = st.columns(3, gap="medium")
        with left:
            values = _size_and_draw()
        with middle:
            values |= _columns()
        with right:
            values |= _split()
    try:
        return Options.model_validate(values)
    except ValidationError as error:
        st.error(str(user_error(error)), icon=":material/error:")
        return None


def _size_and_draw() -> dict[str, Any]:
    return {
        "side": st.segmented_control(
            "Size",
            [32, 64],
            default=32,
            required=True,
            format_func=lambda side: f"{side}×{side}",
            key="data-side",
            help="Images are brought to this size: the short side first, then the centre. 64 takes four "
            "times as long to distil.",
        ),
        "skip_bad": st.toggle(
            "Leave out images with problems",
            key="data-skip",
            help="Rows and images with a problem of their own then no longer keep the rest from being added.",
        ),
    }


def _columns() -> dict[str, Any]:
    groups = st.text_input(
        "Group columns",
        key="data-group",
        placeholder="all that begin with group",
        help="One or several, joined by commas. Several are crossed: each combination is a group.",
    )
    return {
        "group_columns": tuple(name.strip() for name in (groups or "").split(",") if name.strip()),
        "label_column": st.text_input(
            "Label column", "label", key="data-label", help="The column of the table that is to be predicted."
        ),
        "file_column": st.text_input(
            "File column", "file", key="data-file", help="The column with the paths of the images."
        ),
    }


def _split() -> dict[str, Any]:
    share = st.slider(
        "Test share",
        5,
        75,
        25,
        5,
        format="%d %%",
        key="data-share",
        help="Of every class and group, where nothing says which images are for the test.",
    )
    return {
        "split_column": st.text_input(
            "Split column",
            key="data-split",
            placeholder="split, if there is one",
            help="Says train or test. Without it, test images are drawn from every class and group.",
        )
        or "",
        "test_share": share / 100,
        "seed": st.number_input(
            "Seed of the draw", 0, 2**31 - 1, 0, key="data-seed", help="Another seed draws other test images."
        ),
    }
