"""The seed and how many runs to make of it: an action of the launch, so not part of a specification."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from fairdd_core.config.repeats import MAX_REPEATS, seeds_from, seeds_text
from fairdd_core.config.spec.run import RunSpec
from pages.ui.common import url
from pages.ui.controls.settings import REPEATS, key
from pages.ui.controls.widgets import draw

_KEY = key(REPEATS)


def seed_controls() -> None:
    """Draw the seed, and beside it the number of repeats."""
    st.session_state.setdefault(_KEY, 1)
    left, right = st.columns(2, gap="small", wrap=False, vertical_alignment="bottom")
    draw("seed", left)
    right.number_input(
        "Repeats",
        1,
        MAX_REPEATS,
        key=_KEY,
        persist_state="session",
        help="How many runs to launch: with this seed and the ones after it. Their results are shown as one, "
        "with the spread over seeds and an interval; three or more say something, one says nothing about "
        "other seeds.",
    )


def seeds_of(spec: RunSpec) -> tuple[int, ...]:
    """Return the seeds of a launch.

    Raises:
        UserError: when the last one would be too large.
    """
    return seeds_from(spec.seed, int(st.session_state.get(_KEY, 1)))


def restore(params: Mapping[str, str], unusable: list[str]) -> None:
    """Take the number of repeats from an address; name what cannot be used."""
    st.session_state[_KEY] = url.read(params, REPEATS, _parse, unusable) or 1


def _parse(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MAX_REPEATS:
        raise ValueError(text)
    return count


def to_address() -> dict[str, str]:
    """Return the parameter of the address; none for a single run."""
    count = int(st.session_state.get(_KEY, 1))
    return {REPEATS: str(count)} if count > 1 else {}


def launch_text(seeds: tuple[int, ...], finished: Mapping[int, str]) -> str:
    """Return what a launch of several seeds does, in a sentence.

    Args:
        seeds: of the launch.
        finished: seed -> run that is used again.
    """
    text = f"{len(seeds)} runs, seeds {seeds_text(seeds)}, one after the other."
    if len(finished) == len(seeds):
        return f"All {len(seeds)} seeds are finished already: nothing is run again."
    if finished:
        word, are = ("Seed", "is") if len(finished) == 1 else ("Seeds", "are")
        text += f" {word} {seeds_text(tuple(finished))} {are} finished already and not run again."
    return text
