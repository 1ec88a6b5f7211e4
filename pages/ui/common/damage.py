"""A file of a run that cannot be read: which one, what is kept, and one thing to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

import streamlit as st

from fairdd_core.files import DamagedFile
from pages.ui.common.runs import RunView
from pages.ui.history.actions import literal

Draw = TypeVar("Draw", bound=Callable[..., None])
_NEXT = {
    True: "Fetch the explorer's files again: this run came with it.",
    False: "To have it again, open the run in the Studio and press **Launch**: the panel on the left then "
    "holds its settings.",
}


@contextmanager
def told(view: RunView) -> Iterator[None]:
    """Draw a part of a page; where a file behind it is damaged, say so in its place and go on."""
    try:
        yield
    except DamagedFile as error:
        explain(view, error)


def guarded(draw: Draw) -> Draw:
    """Let what draws a part of a run, its first argument, do so under ``told``.

    For parts without which the rest makes sense, and for all that a fragment draws: it runs again without the
    code around it.
    """

    @wraps(draw)
    def drawn(view: RunView, *args: Any, **named: Any) -> None:
        with told(view):
            draw(view, *args, **named)

    return cast(Draw, drawn)


def explain(view: RunView, error: DamagedFile) -> None:
    """Say what a damaged file means."""
    st.error(
        f"**`{error.path.name}` of this run is damaged**, so what needs it is not shown here. "
        f"{literal(str(error.got))}. Every other file of the run is kept and untouched. "
        f"{_NEXT[view.example]}",
        icon=":material/broken_image:",
    )
