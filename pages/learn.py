"""Learn: a playground without training, then five steps on real runs, each with a prediction first."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from fairdd_core.errors import UserError
from pages.ui.common import notices
from pages.ui.common.errors import show_error
from pages.ui.learn.glossary import glossary
from pages.ui.learn.lesson import STEPS
from pages.ui.learn.playground import playground
from pages.ui.learn.state import SECTION, SECTIONS, keep_address, predictions, restore
from pages.ui.learn.steps import draw_step

_CSS = Path(__file__).resolve().parents[1] / "assets" / "learn.css"


def move(by: int) -> None:
    """Move along the lesson."""
    at = SECTIONS.index(st.session_state[SECTION]) + by
    st.session_state[SECTION] = SECTIONS[min(max(at, 0), len(SECTIONS) - 1)]


def section_label(name: str) -> str:
    """Return a section's name with its number, and a tick once its question is answered."""
    number = SECTIONS.index(name)
    if not number:
        return f":material/scatter_plot: {name}"
    return f"{':material/check_circle: ' if number in predictions() else ''}{number} {name}"


def section_control() -> None:
    """Draw the choice of the section."""
    st.segmented_control(
        "Lesson",
        list(SECTIONS),
        format_func=section_label,
        key=SECTION,
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )


def back_and_next(at: int) -> None:
    """Draw the two buttons that move along the lesson, each with a keyboard shortcut."""
    last = len(SECTIONS) - 1
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="learn-nav"
    ):
        st.button(
            "Back",
            icon=":material/arrow_back:",
            key="learn-back",
            on_click=move,
            args=(-1,),
            disabled=at == 0,
            shortcut="Ctrl+Backspace",
        )
        answered = len(STEPS.keys() & predictions().keys())
        st.caption(f"{answered} of {len(STEPS)} questions answered", width="content")
        st.button(
            f"Next: {SECTIONS[at + 1].lower()}" if at < last else "Next",
            icon=":material/arrow_forward:",
            icon_position="right",
            type="primary" if at == 0 or at in predictions() else "secondary",
            key="learn-next",
            on_click=move,
            args=(1,),
            disabled=at == last,
            shortcut="Ctrl+Enter",
        )


def main() -> None:
    """Draw the page."""
    restore()
    st.html(f"<style>{_CSS.read_text()}</style>")
    st.title("Learn: why balancing the groups is not the whole story", anchor=False)
    section_control()
    keep_address()
    notices.show()
    at = SECTIONS.index(st.session_state[SECTION])
    if at == 0:
        playground()
    else:
        try:
            draw_step(at, STEPS[at])
        except (UserError, OSError) as error:
            show_error(
                "This step needs a bundled run that cannot be read.",
                error,
                "Your answers are kept; the playground works without it.",
            )
    st.divider()
    glossary()
    back_and_next(at)


main()
