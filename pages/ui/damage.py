"""A file of a run that cannot be read: which one, what is kept, and one thing to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from fairdd_core.runs.files import DamagedFile
from pages.ui.run_actions import literal
from pages.ui.runs import RunView

_NEXT = {
    True: "Fetch the explorer's files again: this run came with it.",
    False: "To have it again, open the run in the Studio and press **Launch**: the panel on the left then "
    "holds its settings.",
}


@contextmanager
def told(view: RunView) -> Iterator[None]:
    """Draw a part of a page; where a file behind it is damaged, say so in its place and go on.

    Also a decorator, for what is drawn by a fragment: that runs again without the code around it.
    """
    try:
        yield
    except DamagedFile as error:
        explain(view, error)


def explain(view: RunView, error: DamagedFile) -> None:
    """Say what a damaged file means."""
    st.error(
        f"**`{error.path.name}` of this run is damaged**, so what needs it is not shown here. "
        f"{literal(str(error.got))}. Every other file of the run is kept and untouched. "
        f"{_NEXT[view.example]}",
        icon=":material/broken_image:",
    )
