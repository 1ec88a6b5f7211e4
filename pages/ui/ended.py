"""A run that did not end well: the cause, what was kept, and one thing to do next."""

from __future__ import annotations

import streamlit as st

from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.store import RunState
from pages.ui.run_actions import literal
from pages.ui.runs import RunView, store

_CAUSES = {
    RunState.STOPPED: "Stopped.",
    RunState.FAILED: "The run failed.",
    RunState.LOST: "The run's process vanished, for example because the machine was switched off.",
}


def kept(view: RunView) -> str:
    """Say in words what a run has left behind."""
    parts = []
    if iterations := view.folder.snapshot_iterations():
        parts.append(f"images up to iteration {iterations[-1]} of {view.spec.distill.iterations}")
    if counts := view.folder.counts():
        parts.append(f"test results of {sum(len(c) for c in counts.values())} networks")
    if view.folder.points() is not None:
        parts.append("maps")
    return ", ".join(parts) if parts else "nothing but the settings"


def ended_panel(view: RunView) -> None:
    """Explain a run that was stopped, failed or lost; nothing for one that is done."""
    if view.record is None or view.state not in _CAUSES:
        return
    cause = view.record.message or _CAUSES[view.state]
    left = "" if "kept" in cause else f" Kept: {kept(view)}."
    box = st.info if view.state is RunState.STOPPED else st.error
    hint = f" {literal(view.record.hint)}" if view.record.hint else ""
    box(f"**{literal(cause)}**{left}{hint}", icon=":material/info:")
    st.button(
        "Resume",
        icon=":material/resume:",
        key="resume",
        on_click=_resume,
        args=(view.id,),
        help="Goes on from the last checkpoint; the result is the same as without the interruption.",
    )


def _resume(run_id: str) -> None:
    try:
        engine.resume(store().home, run_id)
    except (UserError, OSError) as error:
        st.session_state["notice"] = f"The run could not be continued. {error}"
