"""The scrubber over the saved iterations of a run, with play, pause and step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import streamlit as st

from pages.ui.common.runs import RunView

PLAY_SECONDS = 0.6
_AT, _PLAYING, _RUN, _DRAWN = "scrub-at", "scrub-playing", "scrub-run", "scrub-drawn"


def playing() -> bool:
    """Return whether the scrubber moves by itself; the fragment around it then reruns on a clock."""
    return bool(st.session_state.get(_PLAYING))


def _step(iterations: Sequence[int], by: int, play_on: bool = False) -> None:
    """Move by a number of steps, and play on or not."""
    at = iterations.index(st.session_state[_AT]) if st.session_state[_AT] in iterations else 0
    st.session_state[_AT] = iterations[min(max(at + by, 0), len(iterations) - 1)]
    st.session_state[_PLAYING] = play_on and st.session_state[_AT] != iterations[-1]


def _toggle(iterations: Sequence[int]) -> None:
    st.session_state[_PLAYING] = not playing()
    if playing() and st.session_state[_AT] == iterations[-1]:
        st.session_state[_AT] = iterations[0]


def prepare(run_id: str, iterations: Sequence[int]) -> int:
    """Return the current iteration: the end of a run that was not shown yet, else where the user left it."""
    if st.session_state.get(_RUN) != run_id:
        st.session_state.update({_RUN: run_id, _PLAYING: False, _AT: iterations[-1]})
    if st.session_state.get(_AT) not in iterations:
        st.session_state[_AT] = min(
            iterations, key=lambda i: abs(i - st.session_state.get(_AT, iterations[-1]))
        )
    return int(st.session_state[_AT])


def from_query(view: RunView, text: str) -> None:
    """Go to the iteration that the address names, the last one for the empty text.

    Raises:
        ValueError: when the run has not saved this iteration.
    """
    iterations = [] if view.live else view.folder.snapshot_iterations()
    known = {str(i): i for i in iterations} | ({"": iterations[-1]} if iterations else {})
    if text and text not in known:
        raise ValueError(text)
    if known:
        prepare(view.id, iterations)
        st.session_state[_AT] = known[text]


def to_query(view: RunView) -> str:
    """Return the iteration for the address; empty at the end of the run."""
    iterations = [] if view.live else view.folder.snapshot_iterations()
    at = st.session_state.get(_AT)
    return str(at) if st.session_state.get(_RUN) == view.id and at in iterations[:-1] else ""


def scrubbed(
    run_id: str,
    iterations: Sequence[int],
    draw: Callable[[int], None],
    beside: Callable[[], None] | None = None,
) -> None:
    """Draw the scrubber and, below it, what it moves; only these are drawn anew when it moves.

    Args:
        run_id: all views of a run share the iteration.
        iterations: the saved ones, in order; at least one.
        draw: draws everything at an iteration.
        beside: draws a control in the row of the scrubber.
    """
    prepare(run_id, iterations)
    if len(iterations) == 1:
        st.fragment(_end)(iterations[0], draw, beside)
        return
    # The clock belongs to the fragment, so a fragment with another clock is another one.
    clock = PLAY_SECONDS if playing() else None
    st.session_state[_DRAWN] = time.monotonic()
    st.fragment(_turn, run_every=clock)(iterations, draw, beside)


def _turn(iterations: Sequence[int], draw: Callable[[int], None], beside: Callable[[], None] | None) -> None:
    ticking = time.monotonic() - st.session_state[_DRAWN] > 0.5 * PLAY_SECONDS
    st.session_state[_DRAWN] = time.monotonic()
    draw(scrubber(iterations, ticking, beside))


def _end(at: int, draw: Callable[[int], None], beside: Callable[[], None] | None) -> None:
    """Draw a run of which only one iteration was saved."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.caption(f"After {at} iterations; earlier images were not saved.")
        if beside is not None:
            beside()
    draw(at)


def scrubber(iterations: Sequence[int], ticking: bool, beside: Callable[[], None] | None = None) -> int:
    """Draw the scrubber and return the chosen iteration.

    Args:
        iterations: the saved ones, in order; ``prepare`` was called with them.
        ticking: whether this is a turn of the clock, so that a playing scrubber moves on.
        beside: draws a control in the same row.
    """
    if ticking and playing():
        _step(iterations, 1, play_on=True)
        if not playing():
            st.rerun()  # ends the clock of the fragment around
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _step_button("Back", ":material/skip_previous:", "scrub-back", iterations, -1)
        label, icon = ("Pause", ":material/pause:") if playing() else ("Play", ":material/play_arrow:")
        # A click must reach the whole page, because the clock belongs to it.
        if st.button(label, icon=icon, key="scrub-play", on_click=_toggle, args=(iterations,)):
            st.rerun()
        _step_button("Next", ":material/skip_next:", "scrub-on", iterations, 1)
        chosen = int(
            st.select_slider(
                "Iteration",
                list(iterations),
                key=_AT,
                format_func=lambda i: f"{i:,}".replace(",", "\u202f"),
                persist_state="session",
                help="Moves the images, the maps and the marks on the curves of all methods to the same "
                "iteration. Early iterations are saved more often, so the steps are not equally long.",
            )
        )
        if beside is not None:
            beside()
    return chosen


def _step_button(label: str, icon: str, key: str, iterations: Sequence[int], by: int) -> None:
    end = iterations[-1 if by > 0 else 0]
    at_end = st.session_state[_AT] == end
    st.button(label, icon=icon, key=key, on_click=_step, args=(iterations, by), disabled=at_end)
