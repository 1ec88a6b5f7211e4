"""The progress of a live run, and the actions that stop and resume a run."""

from __future__ import annotations

import sqlite3
import time

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs import engine
from fairdd_core.runs.storage.index import RunRecord, RunState
from fairdd_core.units import estimate_text, seconds_text
from pages.ui.common import eta, notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import row_of, store

POLL_SECONDS = 1.0
EDIT_HELP = (
    "Fills the sidebar of the Studio with the settings of this run, to be changed and launched again. "
    "Resuming it unchanged would only end in the same way."
)
PHASES = {"data": "Data", "distill": "Distil", "evaluate": "Test", "baselines": "Baselines", "embed": "Maps"}


def ensure_dispatcher() -> None:
    """Start the dispatcher again if it is gone while runs are live; screens call it whenever they poll."""
    try:
        engine.wake(store().workspace)
    except (OSError, sqlite3.Error) as error:
        st.warning(
            f"The process that starts runs is gone and cannot be started again: {escape_markdown(error)} "
            "Nothing is lost. Free some memory or disk space; this page tries again by itself.",
            icon=":material/warning:",
        )


def headline(spec: RunSpec, record: RunRecord) -> str:
    """Return the state of a live run, in Markdown."""
    device = "the processor" if record.device == "cpu" else f"GPU {record.device.removeprefix('cuda:')}"
    if record.state is RunState.QUEUED:
        place = record.position or 1
        return f"**Waiting for {device}.** " + (
            "It starts next." if place == 1 else f"Number {place} in the queue."
        )
    if record.cancelled:
        return "**Stopping.** What it has made is kept."
    elapsed = time.time() - (record.started or time.time())
    left = eta.remaining(spec, record, elapsed)
    return f"**Running on {device}** for {seconds_text(elapsed)}" + (
        f", {estimate_text(left)} left" if left else ""
    )


def progress_text(record: RunRecord) -> str:
    """Return the progress of a live run within its phase."""
    if record.state is RunState.QUEUED or not record.total:
        return "Starting"
    arm, comma, rest = record.note.partition(",")  # a worker's note begins with the arm's name
    note = f" · {arm_label(arm)}{comma}{rest}" if record.note else ""
    return f"{PHASES.get(record.phase, record.phase)}: {record.done} of {record.total}{note}"


def stop(run_id: str) -> None:
    """Stop a run."""
    notices.attempt("The run could not be stopped.", lambda: engine.cancel(store().workspace, run_id))


def stop_button(record: RunRecord, key: str) -> None:
    """Draw the button that stops a live run."""
    st.button(
        "Stopping" if record.cancelled else "Stop run",
        icon=":material/stop_circle:",
        key=key,
        on_click=stop,
        args=(record.id,),
        disabled=record.cancelled is not None,
        help="Ends the run. What it has made so far is kept, and the run can be resumed later.",
    )


def resume_button(run_id: str, key: str) -> None:
    """Draw the button that resumes a run that ended early."""
    text = "Continues from the last checkpoint. On the same processor the result is as without a break."
    st.button("Resume", icon=":material/resume:", key=key, on_click=resume, args=(run_id,), help=text)


def resume(run_id: str) -> None:
    """Queue a run again."""

    def do() -> None:
        remark = engine.resume(store().workspace, run_id)
        name = escape_markdown(row_of(store().get(run_id)).name)
        text = f"**{name}** continues from its last checkpoint. {escape_markdown(remark)}"
        notices.report(text.rstrip(), run_id=run_id)

    notices.attempt("The run could not be resumed; it stays as it was.", do)
