"""Messages of a screen: warnings about its link, shown once, and the outcome of the last action."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.ui.common import url
from pages.ui.common.errors import EXPECTED, escape_markdown

_WARNINGS, _OUTCOME, _OUTCOME_SECONDS = "notice-warnings", "notice-outcome", 300.0


@dataclass(frozen=True)
class Outcome:
    """What the last action did.

    Attributes:
        text: Markdown.
        good: whether it worked.
        undo: reverses the action; None where that is not possible.
        run_id: of a run to open; empty for none.
        screen: where the action was taken, and its outcome is shown.
        at: seconds since 1970.
    """

    text: str
    good: bool
    undo: Callable[[], None] | None
    run_id: str
    screen: str
    at: float


def warn(text: str) -> None:
    """Show a warning, in Markdown, once: beside the others that are waiting for ``show``."""
    st.session_state.setdefault(_WARNINGS, []).append(text)


def warn_unusable(parameters: list[str]) -> None:
    """Warn of parameters of the address, each ``name=value``, that cannot be used."""
    if parameters:
        named = ", ".join(f"“{escape_markdown(parameter)}”" for parameter in parameters)
        warn(f"The link asked for {named}, which is not possible here; the defaults are shown instead.")


def report(text: str, good: bool = True, *, undo: Callable[[], None] | None = None, run_id: str = "") -> None:
    """Show, in Markdown, what an action did, until the next one."""
    st.session_state[_OUTCOME] = Outcome(text, good, undo, run_id, url.screen(), time.time())


def outcome() -> Outcome | None:
    """Return what the last action did, unless that was on another screen or long ago."""
    last = st.session_state.get(_OUTCOME)
    if not isinstance(last, Outcome) or last.screen != url.screen():
        return None
    return last if time.time() - last.at < _OUTCOME_SECONDS else None


def dismiss() -> None:
    """Forget what the last action did."""
    st.session_state.pop(_OUTCOME, None)


def attempt(failure: str, action: Callable[[], object]) -> bool:
    """Run an action; report an expected error, with its cause, and return whether there was none."""
    dismiss()
    try:
        action()
    except EXPECTED as error:
        report(f"**{failure}** {escape_markdown(error)}", good=False)
        return False
    return True


def show() -> None:
    """Draw the warnings, once, and the outcome of the last action with a way back or on."""
    if warnings := st.session_state.pop(_WARNINGS, None):
        st.warning(" ".join(warnings), icon=":material/info:")
    if (last := outcome()) is None:
        return
    with st.container(key="outcome", horizontal=True, vertical_alignment="center", border=True):
        icon = ":material/check_circle:" if last.good else ":material/error:"
        st.markdown(f"{icon} {last.text}", width="stretch")
        if last.undo:
            st.button("Undo", icon=":material/undo:", key="undo", on_click=last.undo)
        if last.run_id:
            link = {"run": last.run_id}
            st.page_link("studio.py", label="Open", icon=":material/visibility:", query_params=link)
        st.button("Close", key="dismiss", type="tertiary", on_click=dismiss)
