"""The address of a screen: reading its parameters, writing them, and telling a link from the screen's own."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import streamlit as st

if TYPE_CHECKING:
    from pages.ui.common.runs import RunView

T = TypeVar("T")
MEMORY = 50
"""Addresses of its own that a screen remembers."""
_SCREEN, _OWN = "screen", "own-addresses"


def enter(name: str) -> None:
    """Note which screen is drawn, and forget the addresses of another one, so a link works a second time."""
    if st.session_state.get(_SCREEN) != name:
        st.session_state[_SCREEN] = name
        st.session_state[_OWN] = []


def screen() -> str:
    """Return the name of the screen that is drawn."""
    return str(st.session_state.get(_SCREEN, ""))


def write(params: Mapping[str, str]) -> None:
    """Make ``params`` the address, and note them as written here.

    They are noted first: a click may overtake the change of the address, and must not pass for a link.
    """
    wanted, own = dict(params), st.session_state.setdefault(_OWN, [])
    if wanted not in own:
        own.append(wanted)
        del own[:-MEMORY]
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def update(**params: str) -> None:
    """Set some parameters of the address, as ``write`` does."""
    write(st.query_params.to_dict() | params)


def from_link() -> bool:
    """Return whether the address has parameters and does not come from ``write``."""
    params = st.query_params.to_dict()
    return bool(params) and params not in st.session_state.get(_OWN, [])


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
