"""Learn: a playground without training, then five steps on real runs, each with a prediction first."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from fairdd_core.errors import UserError
from pages.ui.common import notices
from pages.ui.learn import alignment_steps as learn_align
from pages.ui.learn import bias_steps as learn_bias
from pages.ui.learn.glossary import glossary
from pages.ui.learn.playground import playground
from pages.ui.learn.session import STATION, keep_address, restore, said
from pages.ui.learn.state import STATIONS
from pages.ui.learn.steps import Step, draw

_CSS = Path(__file__).resolve().parents[1] / "assets" / "learn.css"
STEPS: dict[int, Step] = learn_bias.STEPS | learn_align.STEPS


def go(by: int) -> None:
    """Move along the lesson."""
    at = STATIONS.index(st.session_state[STATION]) + by
    st.session_state[STATION] = STATIONS[min(max(at, 0), len(STATIONS) - 1)]


def station_label(name: str) -> str:
    """Return a station's name with its number, and a tick once its question is answered."""
    number = STATIONS.index(name)
    if not number:
        return f":material/scatter_plot: {name}"
    return f"{':material/check_circle: ' if number in said() else ''}{number} {name}"


def progress() -> None:
    """Draw where in the lesson we are; any station can be opened."""
    st.segmented_control(
        "Lesson",
        list(STATIONS),
        format_func=station_label,
        key=STATION,
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )


def back_and_next(at: int) -> None:
    """Draw the two buttons; both have keys."""
    last = len(STATIONS) - 1
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="learn-nav"
    ):
        st.button(
            "Back",
            icon=":material/arrow_back:",
            key="learn-back",
            on_click=go,
            args=(-1,),
            disabled=at == 0,
            shortcut="Ctrl+Backspace",
        )
        done = sum(1 for step in STEPS if step in said())
        st.caption(f"{done} of {len(STEPS)} questions answered", width="content")
        st.button(
            f"Next: {STATIONS[at + 1].lower()}" if at < last else "Next",
            icon=":material/arrow_forward:",
            icon_position="right",
            type="primary" if at == 0 or at in said() else "secondary",
            key="learn-next",
            on_click=go,
            args=(1,),
            disabled=at == last,
            shortcut="Ctrl+Enter",
        )


def main() -> None:
    """Draw the page."""
    restore()
    st.html(f"<style>{_CSS.read_text()}</style>")
    st.title("Learn: why balancing the groups is not the whole story", anchor=False)
    progress()
    keep_address()
    notices.show()
    at = STATIONS.index(st.session_state[STATION])
    if at == 0:
        playground()
    else:
        try:
            draw(at, STEPS[at])
        except (UserError, OSError) as error:
            st.error(
                f"This step needs a run that comes with the explorer, and it cannot be read. {error} "
                "Your answers are kept; the playground works without it.",
                icon=":material/error:",
            )
    st.divider()
    glossary()
    back_and_next(at)


main()
