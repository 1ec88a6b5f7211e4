"""A run that is waiting or working: where it stands, and what it has made so far."""

from __future__ import annotations

import html
import time

import pandas as pd
import streamlit as st

from fairdd_core.analysis.tables import curves_table
from fairdd_core.errors import UserError
from fairdd_core.plots.curves import curve
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.index import RunRecord, RunState
from pages.ui.common.figures import show
from pages.ui.common.progress import PHASES, POLL_SECONDS, ensure_dispatcher, headline, progress_text, stop
from pages.ui.common.runs import RunView, open_run
from pages.ui.studio.images import image_grids

POLL_LATER_SECONDS = 2.0
"""Between two looks at a run: a young one changes fast, and an old one must not cost much to watch."""
YOUNG_SECONDS = 20


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
    return POLL_SECONDS if started is None or time.time() - started < YOUNG_SECONDS else POLL_LATER_SECONDS


def _panel(run_id: str, images: bool, drawn: tuple[object, ...], pace: float) -> None:
    ensure_dispatcher()
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
                on_click=stop,
                args=(view.id,),
                width="stretch",
                disabled=record.cancelled is not None,
                help="Ends the run. What it has made so far stays and can be continued later.",
            )
        share = record.done / record.total if record.total else 0.0
        st.progress(min(1.0, share), text=progress_text(record) + _loss_text(record, steps))


def _loss_text(record: RunRecord, steps: pd.DataFrame) -> str:
    """The latest loss of every arm, while there is something to distil."""
    if record.phase != "distill" or steps.empty:
        return ""
    latest = steps.groupby("arm", sort=False)["loss"].last()
    return " · loss " + ", ".join(f"{arm_label(str(arm))} {loss:.3g}" for arm, loss in latest.items())


def _steps_html(record: RunRecord) -> str:
    phases = list(PHASES)
    at = phases.index(record.phase) if record.phase in phases else -1
    items = []
    for i, phase in enumerate(phases):
        kind, mark = ("done", "✓") if i < at else ("now", "●") if i == at else ("", "○")
        items.append(
            f'<li class="{kind}"><span aria-hidden="true">{mark}</span>{html.escape(PHASES[phase])}</li>'
        )
    return f'<ol class="fx-steps">{"".join(items)}</ol>'
