"""Searching and filtering the list of runs. The address remembers the filters."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.index import RunState
from pages.ui.common import notices
from pages.ui.common.runs import STATE_WORDS, Row, title_of
from pages.ui.common.url import one_of, read

_STATES = {str(state): word for state, word in STATE_WORDS.items()}


def restore_filters() -> None:
    """Set the filters of a new session from the address."""
    if "search" not in st.session_state:
        st.session_state["search"] = st.query_params.get("search", "")
        unusable: list[str] = []
        names = [part for part in st.query_params.get("state", "").split(",") if part]
        states = [read({"state": name}, "state", one_of(_STATES), unusable) for name in names]
        st.session_state["state"] = [state for state in _STATES if state in states]
        notices.warn_unusable(unusable)


def filter_rows(rows: list[Row]) -> list[Row]:
    """Draw the filters and return the rows that pass."""
    with st.container(horizontal=True, vertical_alignment="center", key="runs-filter"):
        text = st.text_input(
            "Search",
            type="search",
            key="search",
            live=True,
            placeholder="Name, data set, method, id …",
            icon=":material/search:",
            label_visibility="collapsed",
            width=300,
        )
        states = st.pills(
            "State",
            list(_STATES),
            selection_mode="multi",
            format_func=_STATES.__getitem__,
            key="state",
            label_visibility="collapsed",
            wrap=True,
        )
    for name, value in (("search", text or ""), ("state", ",".join(states))):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
    return [row for row in rows if matches(row, text or "", {RunState(state) for state in states})]


def matches(row: Row, text: str, states: Collection[RunState]) -> bool:
    """Return whether a row is in one of ``states`` (none: any) and contains every word of ``text``."""
    if states and row.record.state not in states:
        return False
    texts = [row.record.title, row.id, STATE_WORDS[row.record.state], *map(arm_label, row.arms)]
    if row.spec:
        texts += [title_of(row.spec), row.spec.data.dataset, row.spec.preset]
    searched = " ".join(texts).casefold()
    return all(word in searched for word in text.casefold().split())
