"""Choosing, launching, stopping and resuming sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from fairdd_core.config.sweep import SweepSpec
from fairdd_core.runs.engine import sweeps
from fairdd_core.runs.storage.index import RunState
from fairdd_core.runs.storage.sweeps import Cell
from fairdd_core.units import estimate_text
from fairdd_core.workspace import Workspace
from pages.ui.common import eta, notices
from pages.ui.common.errors import escape_markdown
from pages.ui.sweep.model import SweepView

_CHOICE = "sweep-choice"


def choose(views: dict[str, SweepView]) -> SweepView | None:
    """Draw the choice of the sweep and return it; None when there are no sweeps."""
    wanted = st.query_params.get("sweep")
    if wanted and wanted not in views:
        notices.warn(f"The link names an unknown sweep: `{escape_markdown(wanted)}`.")
        del st.query_params["sweep"]
        wanted = None
    if not views:
        return None
    if st.session_state.get(_CHOICE) not in views:
        st.session_state[_CHOICE] = wanted or next(iter(views))
    chosen = st.selectbox(
        "Sweep",
        list(views),
        format_func=lambda sweep_id: views[sweep_id].title,
        key=_CHOICE,
        help="The sweeps of this machine, newest first, and the bundled example.",
        width=420,
    )
    st.query_params["sweep"] = chosen
    return views[chosen]


def _attempt(failure: str, action: Callable[[], object]) -> None:
    notices.attempt(failure, action)


def launch_button(spec: SweepSpec) -> None:
    """Draw the button that launches a sweep, with the number of runs and their time."""

    def launch() -> None:
        sweep = sweeps.launch(Workspace.default(), spec)
        st.query_params["sweep"] = sweep.id
        st.session_state[_CHOICE] = sweep.id

    size = _size_text(spec)
    with st.container(key="launch"):
        st.button(
            "Launch the sweep",
            type="primary",
            icon=":material/rocket_launch:",
            width="stretch",
            key="launch-sweep",
            on_click=_attempt,
            args=("The sweep could not be started; nothing was changed.", launch),
            help="Queues every run that has no result yet. The runs continue when the browser is closed.",
        )
        st.caption(size)


def _size_text(spec: SweepSpec) -> str:
    known = sweeps.plan(Workspace.default(), spec)
    missing = [run for run, found in zip(spec.runs(), known, strict=True) if not found]
    if not missing:
        return f"All {len(known)} runs exist already: no waiting."
    exist = f", {len(known) - len(missing)} of them exist already" if len(missing) < len(known) else ""
    each = eta.predicted(missing[0])
    time = f" Takes {estimate_text(len(missing) * sum(each.values()))} on this machine." if each else ""
    return f"{len(known)} runs{exist}.{time}"


def status(view: SweepView, cells: Sequence[Cell]) -> None:
    """Draw the progress of a sweep that is not complete, with buttons to stop and resume it."""
    live, missing = [cell for cell in cells if cell.live], [cell for cell in cells if cell.missing]
    if view.bundled or not (live or missing):
        return
    done, workspace = sum(cell.result is not None for cell in cells), Workspace.default()
    parts = [f"{done} of {len(cells)} runs done"]
    parts += [c.state_text for c in live if c.record and c.record.state is RunState.RUNNING][:1]
    parts += [f"{len(missing)} stopped or missing"] if missing else []
    st.progress(done / len(cells), text=" · ".join(parts))
    with st.container(horizontal=True):
        if live:
            st.button(
                "Stop the rest",
                icon=":material/stop_circle:",
                key="cancel-sweep",
                on_click=_attempt,
                args=("The rest could not be stopped.", partial(sweeps.cancel, workspace, view.sweep)),
                help="Finished runs are kept; the others can be resumed. Runs that were started elsewhere "
                "are not stopped.",
            )
        if missing:
            st.button(
                "Resume missing runs",
                icon=":material/resume:",
                key="resume-sweep",
                on_click=_attempt,
                args=("The sweep could not be resumed.", partial(sweeps.resume, workspace, view.sweep)),
                help="Stopped and failed runs continue from their last checkpoint; deleted ones run again.",
            )
