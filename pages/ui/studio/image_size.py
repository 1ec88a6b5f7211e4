"""How large the images are drawn."""

from __future__ import annotations

import streamlit as st

from pages.ui.common.runs import RunView

_SIZE, _FIT, _LARGE = "image-size", "Fit", "Large"


def large() -> bool:
    """Return whether the methods lie below each other, and every image has as much room as there is."""
    return bool(st.session_state.get(_SIZE) == _LARGE)


def control() -> None:
    """Draw the choice."""
    st.session_state.setdefault(_SIZE, _FIT)
    st.segmented_control(
        "Images",
        [_FIT, _LARGE],
        required=True,
        key=_SIZE,
        persist_state="session",
        help="Large puts the methods below each other and gives every image as much room as there is.",
    )


def take(view: RunView, text: str) -> None:
    """Take the size that an address names."""
    sizes = {"": _FIT, _LARGE.lower(): _LARGE}
    if text not in sizes:
        raise ValueError(text)
    st.session_state[_SIZE] = sizes[text]


def text(view: RunView) -> str:
    """Return the size for an address; empty for the usual one."""
    return _LARGE.lower() if large() else ""
