"""Telling an address that a link brought from one that this session wrote itself."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

STUDIO, LEARN = "studio-addresses", "learn-addresses"
"""Keys of the screens under which their own addresses are noted."""
MEMORY = 50
"""Addresses of a screen that are noted."""


def write(screen: str, params: Mapping[str, str]) -> None:
    """Make ``params`` the address, and note them as written here.

    They are noted first: a click may overtake the change of the address, and must not pass for a link.
    """
    wanted, own = dict(params), st.session_state.setdefault(screen, [])
    if wanted not in own:
        own.append(wanted)
        del own[:-MEMORY]
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def by_link(screen: str) -> bool:
    """Return whether the address says something, and does not come from ``write``."""
    params = st.query_params.to_dict()
    return bool(params) and params not in st.session_state.get(screen, [])
