"""Errors that a user may see, and text from outside made safe for Markdown."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import streamlit as st

from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.text import one_line

if TYPE_CHECKING:
    from pages.ui.common.runs import RunView

EXPECTED = (UserError, OSError, sqlite3.Error)
"""Errors of files, index or input; every other exception is a fault of the program."""
Draw = TypeVar("Draw", bound=Callable[..., None])
_ADVICE = {
    True: "Fetch the explorer's files again: this run is one of its examples.",
    False: "To repeat it, open the run in the Studio and press **Launch**: the sidebar holds its settings.",
}


def escape_markdown(text: object, *, links: bool = False) -> str:
    """Return text so that Markdown shows it unchanged: names may come from a file of somebody else.

    Markdown makes links of addresses however they are escaped; an invisible joiner prevents it, except with
    ``links``, for text of our own.
    """
    shown = one_line(text)
    if not links:
        shown = re.sub(r"(https?(?=:)|www(?=\.)|(?=@))", "\\1\u2060", shown, flags=re.IGNORECASE)
    return re.sub(r"([\\`*_{}\[\]#+|<>~$:&])", r"\\\1", shown)


def show_error(summary: str, error: Exception, advice: str = "") -> None:
    """Show what failed, the cause and what to do next; ``summary`` and ``advice`` are Markdown."""
    st.error(f"**{summary}** {escape_markdown(error)} {advice}".rstrip(), icon=":material/error:")


def show_damage(view: RunView, error: DamagedFile) -> None:
    """Show which file of a run is damaged, what is kept and what to do next."""
    st.error(
        f"**`{error.path.name}` of this run is damaged**, so what needs it is not shown here. "
        f"{escape_markdown(error.got)}. Every other file of the run is kept and untouched. "
        f"{_ADVICE[view.example]}",
        icon=":material/broken_image:",
    )


@contextmanager
def catch_damage(view: RunView) -> Iterator[None]:
    """Draw a part of a page; where it needs a damaged file, show that instead and go on."""
    try:
        yield
    except DamagedFile as error:
        show_damage(view, error)


def guarded(draw: Draw) -> Draw:
    """Decorate a function that draws a part of a run, its first argument, with ``catch_damage``.

    For parts that the rest can do without, and for fragments, which run again without the code around them.
    """

    @wraps(draw)
    def drawn(view: RunView, *args: Any, **named: Any) -> None:
        with catch_damage(view):
            draw(view, *args, **named)

    return cast(Draw, drawn)
