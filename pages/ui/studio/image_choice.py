"""Which synthetic image is looked at closely: the same place in the set of every arm."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView

_RUN, _CLASS, _NUMBER, _PART = "look-run", "look-class", "look-number", "look-part"


@dataclass(frozen=True)
class Place:
    """An image of a synthetic set.

    Attributes:
        class_id: its class.
        number: its place among the images of the class, from 0.
        part: of a mosaic that holds several training images, from 0; 0 where it is one itself.
    """

    class_id: int
    number: int
    part: int = 0

    def index(self, ipc: int, factor: int) -> int:
        """Return the row in the finished set of C·IPC·factor² training images."""
        return (self.class_id * ipc + self.number) * factor**2 + self.part


def choose(class_id: int, number: int) -> None:
    """Look at an image."""
    st.session_state.update({_CLASS: class_id, _NUMBER: number + 1, _PART: 1})


def close() -> None:
    """Look at none."""
    st.session_state[_CLASS] = None


def take(view: RunView, text: str) -> None:
    """Look at the image that an address names: number of the class, image, and part of a mosaic if any."""
    if not text:
        close()
        return
    spec, parts = view.spec.distill, [int(part) for part in text.split(".")]
    class_id, number, part = [*parts, 1][:3] if len(parts) in (2, 3) else (-1, 0, 0)
    known = class_id in range(len(view.labels.classes))
    if not (known and 1 <= number <= spec.ipc and 1 <= part <= spec.factor**2):
        raise ValueError(text)
    st.session_state.update({_RUN: view.id, _CLASS: class_id, _NUMBER: number, _PART: part})


def text(view: RunView) -> str:
    """Return the image that is looked at for an address; empty where there is none."""
    place = chosen(view)
    if place is None:
        return ""
    part = f".{place.part + 1}" if place.part else ""
    return f"{place.class_id}.{place.number + 1}{part}"


def chosen(view: RunView) -> Place | None:
    """Return the image that is looked at, if any; another run starts with none."""
    spec = view.spec.distill
    if st.session_state.get(_RUN) != view.id:
        st.session_state.update({_RUN: view.id, _CLASS: None, _NUMBER: 1, _PART: 1})
    class_id = st.session_state.get(_CLASS)
    if class_id is None:
        return None
    number = min(st.session_state.get(_NUMBER, 1), spec.ipc)
    return Place(class_id, number - 1, min(st.session_state.get(_PART, 1), spec.factor**2) - 1)


def controls(view: RunView) -> None:
    """Draw the way to an image that needs no mouse."""
    spec, names = view.spec.distill, view.labels.classes
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Class",
            range(len(names)),
            index=None,
            format_func=lambda c: escape_markdown(names[c]),
            key=_CLASS,
            persist_state="session",
            placeholder="Choose a class",
            width=180,
            help="Of the image to look at. A click on any image above chooses it, too.",
        )
        if st.session_state.get(_CLASS) is None:
            return
        st.number_input(
            "Image",
            1,
            spec.ipc,
            key=_NUMBER,
            persist_state="session",
            width=140,
            help="Its place in the row of its class. In each method it began as the same image.",
        )
        if spec.factor > 1:
            st.number_input(
                "Part",
                1,
                spec.factor**2,
                key=_PART,
                persist_state="session",
                width=140,
                help="Each image is a mosaic of training images, counted row by row.",
            )
        st.button("Close", icon=":material/close:", key="look-close", on_click=close)
