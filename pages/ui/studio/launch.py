"""Launching one run or several seeds, and stopping all seeds that are left."""

from __future__ import annotations

import streamlit as st

from fairdd_core.config.checks import check_sizes
from fairdd_core.config.repeats import seeds_text
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import repeats as launches
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.repeats import Repeats, describe_seeds
from fairdd_core.units import estimate_text
from fairdd_core.workspace import Workspace
from pages.ui.common import eta, notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView, repeats_of_run
from pages.ui.controls.repeats import launch_text, seeds_of
from pages.ui.studio.view_state import show_run

_REUSE = "reuse-results"
_FAILED = "The run could not be started, and nothing was changed."


def launch_button(spec: RunSpec) -> None:
    """Draw the button that launches a run, or one for each seed, with the time that it takes."""
    try:
        check_sizes(spec, Workspace.default().data)
        seeds = seeds_of(spec)
    except UserError as error:
        st.error(escape_markdown(error), icon=":material/error:")
        return
    finished = launches.plan(Workspace.default(), spec, seeds) if len(seeds) > 1 and not _fresh() else {}
    seconds, left = eta.predicted(spec), len(seeds) - len(finished)
    known = bool(seconds) and left > 0
    takes = f"Takes {estimate_text(left * sum((seconds or {}).values()))} on this machine." if known else ""
    what = "a run in its own process" if len(seeds) == 1 else f"{len(seeds)} runs, one after the other"
    st.button(
        "Launch" if len(seeds) == 1 else f"Launch {len(seeds)} seeds",
        type="primary",
        icon=":material/rocket_launch:",
        width="stretch",
        key="launch-button",
        on_click=_launch,
        args=(spec, seeds),
        help=f"Starts {what}. {takes}",
    )
    several = launch_text(seeds, finished) if len(seeds) > 1 else ""
    if text := " ".join(filter(None, (several, takes))):
        st.caption(text)
    if finished or _fresh() or ResultCache(Workspace.default()).size()[0]:
        st.checkbox(
            "Reuse earlier results",
            value=True,
            key=_REUSE,
            help="Takes what an earlier run computed from the same data with the same settings, code and "
            "machine, for example its baselines. Without it, everything is computed anew; the results are "
            "the same.",
        )


def _fresh() -> bool:
    """Return whether the next run is to compute everything anew."""
    return not st.session_state.get(_REUSE, True)


def _launch(spec: RunSpec, seeds: tuple[int, ...]) -> None:
    launched: list[launches.Launched] = []

    def launch() -> None:
        launched.extend(launches.launch(Workspace.default(), spec, seeds, fresh=_fresh()))
        show_run(next((one for one in launched if not one.reused), launched[0]).run)

    if notices.attempt(_FAILED, launch) and len(launched) > 1:
        reused = [one.seed for one in launched if one.reused]
        queued = [one.seed for one in launched if not one.reused]
        parts = [f"Queued: {describe_seeds(queued)}."] if queued else []
        parts += [f"Finished before and used again: {describe_seeds(reused)}."] if reused else []
        notices.report(" ".join(parts))


def repeats_panel(view: RunView) -> None:
    """Draw how far the seeds of a run are while some are queued or running, with a button that stops them."""
    repeats = repeats_of_run(view)
    if not repeats.several or not repeats.live:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="repeats-live"):
        st.markdown(_progress_text(repeats))
        st.button(
            "Stop all seeds",
            key="stop-repeats",
            icon=":material/stop_circle:",
            on_click=_stop,
            args=([one.run for one in repeats.live],),
            help="Stops every run with these settings that is waiting or running. Finished ones are kept; "
            "stopped ones can be resumed.",
        )


def _progress_text(repeats: Repeats) -> str:
    total = len({repeat.seed for repeat in repeats.all})
    others = [f"seed {one.seed} {one.left_out}" for one in repeats.left_out]
    done = f" (seeds {seeds_text(repeats.seeds)})" if len(repeats.seeds) > 1 else ""
    return f"**{len(repeats.used)} of {total} seeds done**{done} · {' · '.join(others)}"


def _stop(runs: list[str]) -> None:
    notices.attempt("The runs could not be stopped.", lambda: launches.cancel(Workspace.default(), runs))
