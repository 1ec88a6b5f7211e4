"""The state of a run: the progress of a live one; of another why it ended early and what was kept."""

from __future__ import annotations

import html
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import streamlit as st

from fairdd_core.analysis.tables import curves_table
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.plots.curves import curve
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.blown_up import blown_up_text
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState
from fairdd_core.runs.storage.summary import reuse_text
from pages.ui.common import progress, url
from pages.ui.common.cache import cached, stamp
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import show_figure
from pages.ui.common.runs import RunView, open_run
from pages.ui.controls.sidebar import adopt
from pages.ui.studio.images import live_grids

POLL_LATER_SECONDS, YOUNG_SECONDS = 2.0, 20
"""A young run changes fast, and is polled more often than an older one, which must not cost much to watch."""
_OUTCOMES = {
    RunState.STOPPED: "Stopped.",
    RunState.FAILED: "The run failed.",
    RunState.LOST: "The run's process disappeared, for example because the machine was switched off.",
}


def live_panel(view: RunView, images: bool) -> None:
    """Draw a live run and keep it up to date until it ends.

    Args:
        view: the run.
        images: whether its images are shown below; other views redraw when there are new files for them.
    """
    st.fragment(_poll, run_every=_interval(view))(view.id, images, _version(view), _interval(view))


def _version(view: RunView) -> tuple[object, ...]:
    """Return what the rest of the page depends on; a change of it redraws the page."""
    return view.state, *stamp(view.folder.counts_file, view.folder.points_file)


def _interval(view: RunView) -> float:
    """Return the seconds between two polls."""
    started = view.record.started if view.record else None
    young = started is None or time.time() - started < YOUNG_SECONDS
    return progress.POLL_SECONDS if young else POLL_LATER_SECONDS


def _poll(run_id: str, images: bool, drawn: tuple[object, ...], interval: float) -> None:
    progress.ensure_dispatcher()
    try:
        view = open_run(run_id)
    except UserError:  # deleted for good just now
        st.rerun()
    if not view.live or interval != _interval(view) or (not images and _version(view) != drawn):
        st.rerun()
    record = view.record
    assert record is not None
    steps = curves_table(view.folder.steps())
    _progress(view, record, steps)
    if not images:
        return
    total = view.spec.distill.iterations
    if iterations := view.folder.snapshot_iterations():
        st.caption(f"Synthetic images after **{iterations[-1]}** of {total} iterations")
        live_grids(view, iterations[-1])
    elif record.state is RunState.RUNNING:
        st.caption("The first images appear in a moment.")
    if not steps.empty:
        st.markdown("**Matching loss**")
        show_figure(
            curve(steps, "loss", total=total, height=200),
            None,
            key="live-loss",
            alt="Matching loss of each method over the iterations so far.",
        )


def _progress(view: RunView, record: RunRecord, steps: pd.DataFrame) -> None:
    with st.container(border=True, key="live-status"):
        text, button = st.columns([4, 1], vertical_alignment="center")
        text.markdown(progress.headline(view.spec, record))
        text.html(_phases_html(record))
        with button:
            progress.stop_button(record, "stop")
        share = record.done / record.total if record.total else 0.0
        st.progress(min(1.0, share), text=progress.progress_text(record) + _loss_text(record, steps))


def _loss_text(record: RunRecord, steps: pd.DataFrame) -> str:
    """Return the latest loss of every arm during distillation."""
    if record.phase != "distill" or steps.empty:
        return ""
    latest = steps.groupby("arm", sort=False)["loss"].last()
    return " · loss " + ", ".join(f"{arm_label(str(arm))} {loss:.3g}" for arm, loss in latest.items())


def _phases_html(record: RunRecord) -> str:
    phases = list(progress.PHASES)
    at = phases.index(record.phase) if record.phase in phases else -1
    items = []
    for i, (phase, title) in enumerate(progress.PHASES.items()):
        kind, mark = ("now", "●") if phase == record.phase else ("done", "✓") if i < at else ("", "○")
        items.append(f'<li class="{kind}"><span aria-hidden="true">{mark}</span>{html.escape(title)}</li>')
    return f'<ol class="fx-steps">{"".join(items)}</ol>'


def ended_panel(view: RunView) -> None:
    """Explain a run that was stopped, failed or was lost; draw the remarks on a finished one."""
    record = view.record
    hint = escape_markdown(record.hint) if record else ""
    if record is None or view.state not in _OUTCOMES:
        with suppress(DamagedFile):  # reported where it is shown
            if text := _blown_up(view.folder.path):
                st.warning(f"{escape_markdown(text)}", icon=":material/warning:")
        reused = reuse_text(view.folder.reused(), arm_label)
        for text in filter(None, (hint, reused and f"Reused: {escape_markdown(reused)}.")):
            st.caption(text)
        return
    outcome = record.message or _OUTCOMES[view.state]
    kept = "" if "kept" in outcome else f"Kept: {_kept(view)}."
    box = st.info if view.state is RunState.STOPPED else st.error
    box(" ".join(filter(None, (f"**{escape_markdown(outcome)}**", kept, hint))), icon=":material/info:")
    if record.resumable:
        progress.resume_button(view.id, "resume")
    else:
        st.button(
            "Change settings",
            icon=":material/tune:",
            key="edit",
            on_click=_edit,
            args=(view.spec,),
            help=progress.EDIT_HELP,
        )


@cached(lambda path: [RunFolder(path).synthetic_file], size=64)
def _blown_up(path: Path) -> str:
    return blown_up_text(RunFolder(path), arm_label)


def _kept(view: RunView) -> str:
    """Return what a run has made, in words."""
    parts = []
    if iterations := view.folder.snapshot_iterations():
        parts.append(f"images up to iteration {iterations[-1]} of {view.spec.distill.iterations}")
    with suppress(DamagedFile):  # reported where it is shown
        if counts := view.folder.counts():
            parts.append(f"test results of {sum(len(c) for c in counts.values())} networks")
    if view.folder.points_file.exists():
        parts.append("maps")
    return ", ".join(parts) if parts else "nothing but the settings"


def _edit(spec: RunSpec) -> None:
    """Leave a run for the controls, with its settings."""
    adopt(spec)
    params = url.params()
    url.write({name: value for name, value in params.items() if name != "run"})
    st.session_state["view"] = "data"
