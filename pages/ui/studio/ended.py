"""A run that did not end well: the cause, what was kept, and one thing to do next."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.files import DamagedFile
from fairdd_core.runs.storage.index import RunState
from pages.ui.common import progress, url
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView
from pages.ui.controls.sidebar import adopt

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
    with suppress(DamagedFile):  # whoever shows it says so
        if counts := view.folder.counts():
            parts.append(f"test results of {sum(len(c) for c in counts.values())} networks")
    if view.folder.points_file.exists():
        parts.append("maps")
    return ", ".join(parts) if parts else "nothing but the settings"


def ended_panel(view: RunView) -> None:
    """Explain a run that was stopped, failed or lost; of one that is done, say what there is to remark."""
    if view.record is not None and view.state is RunState.DONE and view.record.hint:
        st.caption(escape_markdown(view.record.hint))
    if view.record is None or view.state not in _CAUSES:
        return
    cause = view.record.message or _CAUSES[view.state]
    left = "" if "kept" in cause else f" Kept: {kept(view)}."
    box = st.info if view.state is RunState.STOPPED else st.error
    hint = f" {escape_markdown(view.record.hint)}" if view.record.hint else ""
    box(f"**{escape_markdown(cause)}**{left}{hint}", icon=":material/info:")
    if not view.record.resumable:
        st.button(
            "Change settings",
            icon=":material/tune:",
            key="edit",
            on_click=_edit,
            args=(view.spec,),
            help=progress.EDIT_HELP,
        )
        return
    st.button(
        "Resume",
        icon=":material/resume:",
        key="resume",
        on_click=progress.resume,
        args=(view.id,),
        help=progress.RESUME_HELP,
    )


def _edit(spec: RunSpec) -> None:
    """Turn from a run to its settings."""
    adopt(spec)
    params = st.query_params.to_dict()
    url.write({name: value for name, value in params.items() if name != "run"})
    st.session_state["view"] = "data"
