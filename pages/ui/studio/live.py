"""A run that is waiting or working: where it stands, and what it has made so far."""

from __future__ import annotations

import html
import sqlite3
import time

import pandas as pd
import streamlit as st

from fairdd_core.analysis.tables import curves_table
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.plots.curves import curve
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs import engine
from fairdd_core.runs.storage.index import RunRecord, RunState
from pages.ui.common import notices
from pages.ui.common import timing as history
from pages.ui.common.errors import escape_markdown
from pages.ui.common.estimate import duration
from pages.ui.common.figures import show
from pages.ui.common.runs import RunView, open_run, store
from pages.ui.history.rows import seconds_text
from pages.ui.studio.images import image_grids

LOOK_SECONDS, LOOK_LATER_SECONDS = 1.0, 2.0
"""Between two looks at a run: a young one changes fast, and an old one must not cost much to watch."""
YOUNG_SECONDS = 20
_TITLES = {
    "data": "Data",
    "distill": "Distil",
    "evaluate": "Test",
    "baselines": "Baselines",
    "embed": "Maps",
}


def live_panel(view: RunView, images: bool) -> None:
    """Draw the run and keep it fresh until it ends.

    Args:
        view: the run.
        images: whether the growing images are shown below (other views redraw when there is news for them).
    """
    st.fragment(_panel, run_every=_pace(view))(view.id, images, _news(view), _pace(view))


def _news(view: RunView) -> tuple[object, ...]:
    """What decides how the rest of the page looks; a change of it redraws the page."""
    files = (view.folder.counts_file, view.folder.points_file)
    return (view.state, *(file.stat().st_mtime if file.exists() else 0 for file in files))


def _pace(view: RunView) -> float:
    """Seconds between two looks at a run."""
    started = view.record.started if view.record else None
    return LOOK_SECONDS if started is None or time.time() - started < YOUNG_SECONDS else LOOK_LATER_SECONDS


def keep_going() -> None:
    """Start the dispatcher again if it is gone while runs are live; every watcher of runs calls this."""
    try:
        engine.wake(store().workspace)
    except (OSError, sqlite3.Error) as error:
        st.warning(
            f"The process that starts runs is gone and cannot be started again: {escape_markdown(error)} "
            "Nothing is lost. Free some memory or disk space; this page tries again by itself.",
            icon=":material/warning:",
        )


def _panel(run_id: str, images: bool, drawn: tuple[object, ...], pace: float) -> None:
    keep_going()
    try:
        view = open_run(run_id)
    except UserError:  # removed for good just now
        st.rerun()
    news = _news(view)
    if not view.live or pace != _pace(view) or (not images and news != drawn):
        st.rerun()
    record = view.record
    assert record is not None
    steps = curves_table(view.folder.steps())
    _status(view, record, steps)
    if not images:
        return
    iterations = view.folder.snapshot_iterations()
    if iterations:
        st.caption(
            f"Synthetic images after **{iterations[-1]}** of {view.spec.distill.iterations} iterations"
        )
        image_grids(view, iterations[-1])
    elif record.state is RunState.RUNNING:
        st.caption("The first images appear in a moment.")
    if not steps.empty:
        st.markdown("**Matching loss**")
        show(
            curve(steps, "loss", total=view.spec.distill.iterations, height=200),
            None,
            key="live-loss",
            alt="Matching loss of each method over the iterations so far.",
        )


def _status(view: RunView, record: RunRecord, steps: pd.DataFrame) -> None:
    with st.container(border=True, key="live-status"):
        words, button = st.columns([4, 1], vertical_alignment="center")
        with words:
            st.markdown(f"{headline(view.spec, record)}")
            st.html(_steps_html(record))
        with button:
            st.button(
                "Stop run",
                icon=":material/stop_circle:",
                key="stop",
                on_click=_stop,
                args=(view.id,),
                width="stretch",
                disabled=record.cancelled is not None,
                help="Ends the run. What it has made so far stays and can be continued later.",
            )
        share = record.done / record.total if record.total else 0.0
        st.progress(min(1.0, share), text=progress_text(record) + _loss_text(record, steps))


def headline(spec: RunSpec, record: RunRecord) -> str:
    """Return where a live run stands, in Markdown."""
    if record.state is RunState.QUEUED:
        place = record.position or 1
        waiting = "It starts next." if place == 1 else f"Number {place} in the queue."
        return f"**Waiting for {device_words(record)}.** {waiting}"
    if record.cancelled:
        return "**Stopping.** What it has made is kept."
    elapsed = time.time() - (record.started or time.time())
    left = history.remaining(spec, record, elapsed)
    return f"**Running on {device_words(record)}** for {seconds_text(elapsed)}" + (
        f", {duration(left)} left" if left else ""
    )


def device_words(record: RunRecord) -> str:
    """Return what a run waits for or works on."""
    return "the processor" if record.device == "cpu" else f"GPU {record.device.removeprefix('cuda:')}"


def progress_text(record: RunRecord) -> str:
    """Return how far a live run is."""
    if record.state is RunState.QUEUED or not record.total:
        return "Starting"
    arm, comma, rest = record.note.partition(",")  # what a worker notes begins with an arm's plain name
    note = f" · {arm_label(arm)}{comma}{rest}" if record.note else ""
    return f"{_TITLES.get(record.phase, record.phase)}: {record.done} of {record.total}{note}"


def _loss_text(record: RunRecord, steps: pd.DataFrame) -> str:
    """The latest loss of every arm, while there is something to distil."""
    if record.phase != "distill" or steps.empty:
        return ""
    latest = steps.groupby("arm", sort=False)["loss"].last()
    return " · loss " + ", ".join(f"{arm_label(str(arm))} {loss:.3g}" for arm, loss in latest.items())


def _steps_html(record: RunRecord) -> str:
    phases = list(_TITLES)
    at = phases.index(record.phase) if record.phase in phases else -1
    items = []
    for i, phase in enumerate(phases):
        kind, mark = ("done", "✓") if i < at else ("now", "●") if i == at else ("", "○")
        items.append(
            f'<li class="{kind}"><span aria-hidden="true">{mark}</span>{html.escape(_TITLES[phase])}</li>'
        )
    return f'<ol class="fx-steps">{"".join(items)}</ol>'


def _stop(run_id: str) -> None:
    notices.attempt("The run could not be stopped.", lambda: engine.cancel(store().workspace, run_id))
