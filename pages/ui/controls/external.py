"""Adding distilled sets that were made elsewhere to the methods of the next run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import streamlit as st

from fairdd_core.config.settings import ARMS
from fairdd_core.config.spec.distill import MAX_ARMS
from fairdd_core.data.distilled.read import FORMATS, DistilledSet, Reading, read_distilled, target_of
from fairdd_core.data.distilled.values import NORMALISATIONS, RANGES
from fairdd_core.data.registry import card_of
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.external import external_arms, keep
from fairdd_core.workspace import Workspace
from pages.ui.common.errors import escape_markdown
from pages.ui.controls.settings import KEPT, key

MAX_UPLOAD_MB = 500
_FILES, _RANGE, _NORMALISATION = "external-files", "external-range", "external-normalisation"
_EXPERIMENT, _HARD, _SAID = "external-experiment", "external-hard", "external-said"


def external_control() -> None:
    """Offer to add files of synthetic images as methods that are only tested."""
    with st.popover("Add a distilled set", icon=":material/upload_file:", key="external", width="stretch"):
        st.caption(
            "Images that were distilled elsewhere become a method that is tested like the others. They must "
            "be for the data set chosen above. What is not given is guessed, and the guess is stated."
        )
        files = st.file_uploader(
            "Files",
            type=[ending.removeprefix(".") for ending in FORMATS],
            accept_multiple_files=True,
            key=_FILES,
            max_upload_size=MAX_UPLOAD_MB,
            help="Arrays of images and labels, a PNG grid with a row for each class, or a zip file of "
            "folders CLASS/*.png. Nothing in a file is executed.",
        )
        guess: dict[str, Any] = {"index": None, "placeholder": "Guess"}
        st.selectbox("Range of the numbers", RANGES, key=_RANGE, **guess)
        st.selectbox("Normalisation", list(NORMALISATIONS), key=_NORMALISATION, **guess)
        st.text_input(
            "Experiment", key=_EXPERIMENT, help="Of a file with several: its number or name, or all."
        )
        st.checkbox("Soft labels count for their largest share", key=_HARD)
        st.button("Add", type="primary", key="external-add", disabled=not files, on_click=_add)
    for kind, text in st.session_state.get(_SAID, ()):
        (st.error if kind == "error" else st.caption)(escape_markdown(text))


def _add() -> None:
    """Read the files, keep the sets and choose them as methods."""
    state = st.session_state
    reading = Reading(
        value_range=state.get(_RANGE) or "",
        normalisation=state.get(_NORMALISATION) or "",
        experiment=(state.get(_EXPERIMENT) or "").strip(),
        hard_labels=bool(state.get(_HARD)),
    )
    try:
        sets = read_uploads([(file.name, file.getvalue()) for file in state.get(_FILES) or ()], reading)
        add_sets(sets)
    except (UserError, OSError) as error:
        state[_SAID] = [("error", str(error))]


def read_uploads(files: Sequence[tuple[str, bytes]], reading: Reading) -> list[DistilledSet]:
    """Return the sets in uploaded files, read for the chosen data set.

    Args:
        files: name and content.
        reading: what was said about them.

    Raises:
        UserError: naming what is wrong with a file.
    """
    state, data_dir = st.session_state, Workspace.default().data
    card = card_of(state[key("dataset")], data_dir)
    labels = card.labels(card.usual(state.get(key("label")) or "", state.get(key("group")) or ""))
    target = target_of(card, labels.classes, state[key("dataset")])
    sets: list[DistilledSet] = []
    with tempfile.TemporaryDirectory(prefix="fairdd-") as folder:
        for name, content in files:
            path = Path(folder) / (PurePosixPath(name.replace("\\", "/")).name.lstrip(".") or "set")
            path.write_bytes(content)
            sets += read_distilled(path, target, reading)
    return sets


def add_sets(sets: Sequence[DistilledSet]) -> None:
    """Keep sets in the workspace and choose them as methods of the next run.

    Raises:
        UserError: when there would be too many methods.
    """
    state, workspace = st.session_state, Workspace.default()
    chosen = list(state[key("arms")])
    if len(chosen) + len(sets) > MAX_ARMS:
        raise UserError(ARMS, f"at most {MAX_ARMS} methods", len(chosen) + len(sets), "Take some out first.")
    arms = external_arms((("", one) for one in sets), chosen)
    for one in sets:
        keep(workspace, one)
    kept = [arm for arm in state[key(KEPT)].get(ARMS, ()) if arm.name in chosen]
    state[key(KEPT)] = {**state[key(KEPT)], ARMS: (*kept, *arms)}
    state[key("arms")] = [*chosen, *(arm.name for arm in arms)]
    state[_SAID] = [
        ("said", f"{arm.name}: {' '.join(one.statements)}") for arm, one in zip(arms, sets, strict=True)
    ]
