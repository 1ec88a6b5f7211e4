"""The sweep: when does bias hurt, and when does alignment help? Every cell of the picture is a run."""

from __future__ import annotations

import sqlite3

import streamlit as st

from fairdd_core.config.sweep import SweepSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import sweeps
from fairdd_core.runs.storage.index import RunState
from fairdd_core.runs.storage.sweeps import Cell
from fairdd_core.units import estimate_text
from fairdd_core.workspace import Workspace
from pages.ui.common import eta, notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.progress import ensure_dispatcher
from pages.ui.sweep.controls import controls, prepare
from pages.ui.sweep.model import SweepView, all_sweeps
from pages.ui.sweep.view import arrive, pictures

LOOK_SECONDS = 2.0


def _attempt(failure: str, action: str, *arguments: object) -> None:
    """Do something with a sweep; if it cannot be done, say why."""

    def do() -> None:
        result = getattr(sweeps, action)(Workspace.default(), *arguments)
        if action == "launch":
            st.query_params["sweep"] = result.id
            st.session_state["sweep-choice"] = result.id

    notices.attempt(failure, do)


def new_sweep() -> None:
    """Draw the sidebar: what to sweep, how long it takes, and Launch."""
    with st.sidebar:
        prepare()
        spec = controls()
        if spec is None:
            return
        time = _time(spec)
        with st.container(key="launch"):
            st.button(
                "Launch the sweep",
                type="primary",
                icon=":material/rocket_launch:",
                width="stretch",
                key="launch-sweep",
                on_click=_attempt,
                args=("The sweep could not be started, and nothing was changed.", "launch", spec),
                help="Queues every run that is not here already. They go on without the browser.",
            )
            st.caption(time)


def _time(spec: SweepSpec) -> str:
    todo = [
        run
        for run, found in zip(spec.runs(), sweeps.plan(Workspace.default(), spec), strict=True)
        if not found
    ]
    total = len(spec.points())
    here = f", {total - len(todo)} of them here already" if len(todo) < total else ""
    if not todo:
        return f"All {total} runs are here already: nothing to wait for."
    each = eta.predicted(todo[0])
    time = f" Takes {estimate_text(len(todo) * sum(each.values()))} on this machine." if each else ""
    return f"{total} runs{here}.{time}"


def choose(views: dict[str, SweepView]) -> SweepView | None:
    """Draw the list of sweeps and return the chosen one; a link that leads nowhere is explained."""
    wanted = st.query_params.get("sweep")
    if wanted and wanted not in views:
        notices.warn(f"The link names a sweep that is not here: `{escape_markdown(wanted)}`.")
        del st.query_params["sweep"]
        wanted = None
    if not views:
        return None
    if st.session_state.get("sweep-choice") not in views:
        st.session_state["sweep-choice"] = wanted or next(iter(views))
    chosen = st.selectbox(
        "Sweep",
        list(views),
        format_func=lambda i: views[i].title,
        key="sweep-choice",
        help="The sweeps of this machine, newest first, and the one that came with the explorer.",
        width=420,
    )
    st.query_params["sweep"] = chosen
    return views[chosen]


def status(view: SweepView, cells: list[Cell]) -> None:
    """Say how far a sweep is, with what can be done about it."""
    done, live = sum(cell.result is not None for cell in cells), [cell for cell in cells if cell.live]
    missing = [cell for cell in cells if cell.missing]
    if view.bundled or not (live or missing):
        return
    at_work = [cell.state_text for cell in live if cell.record and cell.record.state is RunState.RUNNING]
    text = f"{done} of {len(cells)} runs done" + (f" · {at_work[0]}" if at_work else "")
    st.progress(done / len(cells), text=text + (f" · {len(missing)} stopped or missing" if missing else ""))
    with st.container(horizontal=True):
        if live:
            st.button(
                "Stop the rest",
                icon=":material/stop_circle:",
                key="cancel-sweep",
                on_click=_attempt,
                args=("The rest could not be stopped.", "cancel", view.sweep),
                help="Finished runs stay, and the others can be resumed. Runs of others are left alone.",
            )
        if missing:
            st.button(
                "Resume what is missing",
                icon=":material/resume:",
                key="resume-sweep",
                on_click=_attempt,
                args=("The sweep could not be continued.", "resume", view.sweep),
                help="Stopped and failed runs go on from their last checkpoint; deleted ones are made anew.",
            )


def board(view: SweepView, watching: bool) -> None:
    """Draw a sweep; while it is live this is drawn again and again."""
    if watching:
        ensure_dispatcher()
    cells = view.cells()
    if watching != any(cell.live for cell in cells):
        st.rerun()
    status(view, cells)
    pictures(view, cells)


def main() -> None:
    """Draw the page."""
    st.title("When does bias hurt, and when does alignment help?", anchor=False)
    st.markdown(
        "Two things must come together: groups of unequal size (**skew**), and groups that look different "
        "(**separation**). Every cell below is a run of its own."
    )
    try:
        new_sweep()
        view = choose(all_sweeps(Workspace.default()))
        if view is not None:
            arrive(view)
        notices.show()
        if view is None:
            st.info("No sweep has been run yet. Choose one on the left.", icon=":material/grid_on:")
            return
        live = any(cell.live for cell in view.cells())
        st.fragment(board, run_every=LOOK_SECONDS if live else None)(view, live)
    except (UserError, OSError, sqlite3.Error) as error:
        st.error(
            f"**The sweeps cannot be read.** {escape_markdown(error)} Nothing is lost; reload the page.",
            icon=":material/error:",
        )


main()
