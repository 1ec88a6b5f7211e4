"""Telling an address that a link brought from one that the screen wrote itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.ui.controls.address import told
from pages.ui.history.actions import literal

MEMORY = 50
"""Addresses that are noted."""
_SCREEN, _OWN, _NOTICE = "screen", "own-addresses", "notice"


def arrive(screen: str) -> None:
    """Say which screen is drawn; what another one has written is forgotten, so a link works a second time."""
    if st.session_state.get(_SCREEN) != screen:
        st.session_state[_SCREEN] = screen
        st.session_state[_OWN] = []


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


def write_also(**params: str) -> None:
    """Set some parameters of the address, as ``write`` does."""
    write(st.query_params.to_dict() | params)


def complain(complaints: Sequence[str]) -> None:
    """Let the page say what in its address cannot be used; see ``notice``."""
    if complaints:
        remark(literal(told(complaints)))


def remark(text: str) -> None:
    """Let the page say something, in Markdown, beside what else it has to remark; see ``notice``."""
    st.session_state[_NOTICE] = " ".join(filter(None, (st.session_state.get(_NOTICE), text)))


def notice() -> None:
    """Say once what the page has to remark."""
    if text := st.session_state.pop(_NOTICE, None):
        st.warning(text, icon=":material/info:")


def by_link() -> bool:
    """Return whether the address says something, and does not come from ``write``."""
    params = st.query_params.to_dict()
    return bool(params) and params not in st.session_state.get(_OWN, [])
