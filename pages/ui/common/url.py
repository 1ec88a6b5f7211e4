"""The address of a screen: reading its parameters, writing them, and telling a link from the screen's own."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if TYPE_CHECKING:
    from pages.ui.common.runs import RunView

T = TypeVar("T")
MEMORY = 50
"""Addresses of its own that a screen remembers."""
_SCREEN, _OWN = "screen", "own-addresses"
_PENDING, _LINK, _LINKED = "pending-address", "link", "linked"


def enter(name: str) -> None:
    """Note which screen is drawn, and whether its address comes from a link.

    The addresses of another screen are forgotten, so that a link works a second time.
    """
    if st.session_state.get(_SCREEN) != name:
        st.session_state[_SCREEN] = name
        st.session_state[_OWN] = []
        st.session_state.pop(_PENDING, None)
    address = st.query_params.to_dict()
    # With a pending address, the run that followed the link was cut short by a click.
    followed = _PENDING in st.session_state and address == st.session_state.get(_LINK)
    linked = bool(address) and address not in st.session_state[_OWN] and not followed
    st.session_state[_LINKED] = linked or navigated()
    if st.session_state[_LINKED]:
        st.session_state.pop(_PENDING, None)
        st.session_state[_LINK] = address


def screen() -> str:
    """Return the name of the screen that is drawn."""
    return str(st.session_state.get(_SCREEN, ""))


def navigated() -> bool:
    """Return whether *Back* or *Forward* of the browser led to the address."""
    return bool(getattr(get_script_run_ctx(), "is_history_navigation", False))


def params() -> dict[str, str]:
    """Return the parameters of the address, as far as it is written already."""
    pending = st.session_state.get(_PENDING)
    return dict(st.query_params if pending is None else pending)


def write(wanted: Mapping[str, str]) -> None:
    """Make ``wanted`` the address with the next ``flush``, and note it as written here.

    Where only a part of the page is drawn anew, nobody flushes at its end, so it is sent at once.

    It is noted first: a click may overtake the change of the address, and must not pass for a link.
    """
    own = st.session_state.setdefault(_OWN, [])
    if dict(wanted) not in own:
        own.append(dict(wanted))
        del own[:-MEMORY]
    st.session_state[_PENDING] = dict(wanted)
    if getattr(get_script_run_ctx(), "fragment_ids_this_run", None):
        flush()


def flush() -> None:
    """Send the address to the browser: one step of its history, however often it was written."""
    wanted = st.session_state.pop(_PENDING, None)
    if wanted is not None and st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def update(**changed: str) -> None:
    """Set some parameters of the address, as ``write`` does."""
    write(params() | changed)


def from_link() -> bool:
    """Return whether the address was followed: a link, or a step in the browser's history."""
    return bool(st.session_state.get(_LINKED))


def read(params: Mapping[str, str], name: str, parse: Callable[[str], T], unusable: list[str]) -> T | None:
    """Return the value of a parameter, or None where it is absent or cannot be used.

    Args:
        params: of the address.
        name: of the parameter.
        parse: from text to value; raises ValueError for what cannot be used.
        unusable: ``name=value`` is appended for what cannot be used; see ``notices.warn_unusable``.
    """
    if name not in params:
        return None
    try:
        return parse(params[name])
    except ValueError:
        unusable.append(f"{name}={params[name]}")
        return None


def one_of(options: Container[str]) -> Callable[[str], str]:
    """Return a parser that accepts these values only."""

    def parse(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return parse


class QueryPart(Protocol):
    """A part of a screen's state that a parameter of the address holds: an object, or a module."""

    def from_query(self, view: RunView, text: str) -> None:
        """Set the state for a run, the default for the empty text; ValueError: the run has no such value."""

    def to_query(self, view: RunView) -> str:
        """Return the text for the address; empty for the default."""


@dataclass(frozen=True)
class QueryControl:
    """A control that a parameter of the address can set.

    Attributes:
        key: of the widget.
        values: text in the address -> value, for a run; the empty text stands for the default.
    """

    key: str
    values: Callable[[RunView], Mapping[str, object]]

    def from_query(self, view: RunView, text: str) -> None:
        """Set the control.

        Raises:
            ValueError: when the run has no such value.
        """
        values = self.values(view)
        if text not in values:
            raise ValueError(text)
        st.session_state[self.key] = values[text]

    def to_query(self, view: RunView) -> str:
        """Return the text for the address; empty for the default."""
        now = st.session_state.get(self.key)
        return next((text for text, value in self.values(view).items() if value == now), "")
