"""How the files of a set were understood, with every column and level of folders to choose from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.reading import NO_SPLIT, Reading
from pages.ui.common.errors import escape_markdown

_FIELDS = Options.model_fields


def table_choice(reading: Reading, turn: str) -> str:
    """Draw the choice of the table where there are several; return it, or "" for the usual one."""
    if len(reading.tables) < 2:
        return ""
    chosen = st.selectbox(
        "Table",
        reading.tables,
        index=reading.tables.index(reading.table) if reading.table in reading.tables else None,
        placeholder="Choose the table that describes the images",
        key=f"data-table-{turn}",
        help=_FIELDS["table"].description,
    )
    return "" if chosen == reading.table else str(chosen or "")


def reading_view(reading: Reading, turn: str) -> dict[str, Any]:
    """Draw what each column was taken for, and return the options that were changed by hand.

    Args:
        reading: without any column chosen by hand.
        turn: part of the keys of the controls, so that other files begin with their own reading.
    """
    if len(reading.columns) < 2:
        return {}
    keys = {role: f"data-{role}-{turn}" for role in ("label", "group", "file", "split")}
    with st.container(border=True, key="data-reading"):
        st.markdown(f"**How {escape_markdown(reading.table) or 'the folders'} {_verb(reading)} read**")
        if reading.guesses:
            st.info(
                f"{escape_markdown(' '.join(reading.guesses))} **Is that right?** Change it here if not.",
                icon=":material/help:",
            )
        places = st.columns(4 if reading.table else 3, gap="medium")
        exchange = partial(_exchange, reading, keys["label"], keys["group"])
        label = _select(places[0], "Class", reading, reading.label, keys["label"], "label_column", exchange)
        groups = places[1].multiselect(
            "Group",
            reading.columns,
            default=reading.groups,
            format_func=reading.with_examples,
            key=keys["group"],
            placeholder="Choose",
            help=_FIELDS["group_columns"].description,
        )
        split = places[2].selectbox(
            "Split",
            (NO_SPLIT, *reading.columns),
            index=((NO_SPLIT, *reading.columns).index(reading.split or NO_SPLIT)),
            format_func=lambda name: (
                "none: draw test images" if name == NO_SPLIT else reading.with_examples(name)
            ),
            key=keys["split"],
            help=_FIELDS["split_column"].description,
        )
        file = ""
        if reading.table:
            file = _select(places[3], "File", reading, reading.file, keys["file"], "file_column")
    return {
        "label_column": _changed(label, reading.label),
        "group_columns": () if tuple(groups) == reading.groups else tuple(groups),
        "split_column": _changed(str(split), reading.split or NO_SPLIT),
        "file_column": _changed(file, reading.file),
    }


def _exchange(reading: Reading, label: str, group: str) -> None:
    """Where the new class was the only group, make the former class the group."""
    state = st.session_state
    if state[group] == [state[label]] and reading.label and reading.label != state[label]:
        state[group] = [reading.label]


def _select(
    place: Any,
    title: str,
    reading: Reading,
    chosen: str,
    key: str,
    field: str,
    on_change: Callable[[], None] | None = None,
) -> str:
    return (
        place.selectbox(
            title,
            reading.columns,
            index=reading.columns.index(chosen) if chosen in reading.columns else None,
            format_func=reading.with_examples,
            key=key,
            placeholder="Choose",
            help=_FIELDS[field].description,
            on_change=on_change,
        )
        or ""
    )


def _verb(reading: Reading) -> str:
    return "is" if reading.table else "are"


def _changed(chosen: str, guessed: str) -> str:
    return "" if chosen == guessed else chosen
