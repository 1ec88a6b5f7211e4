"""Drawing the first figures of a visit after everything else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import streamlit as st

from pages.ui import addresses

_READY = "figures-ready"
_SECONDS = 1.0
"""From when the rest has been sent until the figures are asked for."""


def after_the_rest(draw: Callable[[], None]) -> None:
    """Draw figures; on the first page of a visit, once the rest of it has reached the browser.

    The browser loads some four megabytes of code for the first figure, and does nothing else meanwhile: with
    the figures in the first answer, controls and images would wait for them too.
    """
    if st.session_state.get(_READY):
        draw()
        return
    st.session_state[_READY] = True
    ticks = count()
    st.fragment(lambda: _tick(next(ticks)), run_every=_SECONDS)()


def _tick(number: int) -> None:
    """Draw nothing; at the first turn of the clock have the whole page drawn, this time without a clock."""
    if number:
        addresses.notice_again()
        st.rerun()
