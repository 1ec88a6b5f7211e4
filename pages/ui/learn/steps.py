"""One step of the lesson: a story, a question, a prediction, and only then the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from pages.ui.learn.facts import Facts
from pages.ui.learn.state import CHOICES, SCALES, predictions

CLOSE = 0.06
"""Predictions within this share of the scale are called close."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        title: its heading.
        story: draws what a visitor must know to answer the question.
        question: returns the question.
        hint: a help text for the control.
        answer: returns the correct answer.
        reveal: draws the answer and the evidence.
        unit: of a number.
        choices: name of an answer -> its text, where the prediction is not a number.
    """

    title: str
    story: Callable[[], None]
    question: Callable[[], str]
    hint: str
    answer: Callable[[], int | float | str]
    reveal: Callable[[], None]
    unit: str = ""
    choices: dict[str, str] = field(default_factory=dict)


def draw_step(number: int, step: Step) -> None:
    """Draw a step; the answer only once there is a prediction."""
    st.header(f"Step {number}: {step.title}", anchor=False)
    step.story()
    with st.container(border=True, key=f"learn-question-{number}"):
        st.markdown(f"**What do you expect?** {step.question()}")
        if number in predictions():
            _feedback(number, step)
        else:
            _ask(number, step)
    if number in predictions():
        step.reveal()


def _ask(number: int, step: Step) -> None:
    key = f"guess-{number}"
    if number in SCALES:
        low, high = SCALES[number]
        if key not in st.session_state:
            st.session_state[key] = (low + high) // 2
        unit = f" {step.unit.replace('%', '%%')}" if step.unit else ""
        st.slider(
            "Your prediction", low, high, format=f"%d{unit}", key=key, persist_state="session", help=step.hint
        )
    else:
        st.radio(
            "Your prediction",
            list(CHOICES[number]),
            index=None,
            format_func=lambda name: step.choices[name],
            key=key,
            persist_state="session",
            help=step.hint,
        )
    st.button(
        "Show the answer",
        type="primary",
        icon=":material/visibility:",
        key=f"show-{number}",
        on_click=_save,
        args=(number,),
        disabled=st.session_state.get(key) is None,
        help="Your prediction is shown beside the answer and kept in the address.",
    )


def _save(number: int) -> None:
    guess = st.session_state.get(f"guess-{number}")
    if guess is not None:
        predictions()[number] = guess


def _withdraw(number: int) -> None:
    guess = predictions().pop(number, None)
    if guess is not None:
        st.session_state[f"guess-{number}"] = guess


def _feedback(number: int, step: Step) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(feedback_text(number, step), width="content")
        st.button(
            "Change it",
            type="tertiary",
            icon=":material/edit:",
            key=f"again-{number}",
            on_click=_withdraw,
            args=(number,),
            help="Hides the answer and asks again.",
        )


def feedback_text(number: int, step: Step) -> str:
    """Return the prediction beside the answer, in one line of Markdown."""
    guess, answer = predictions()[number], step.answer()
    if number in CHOICES:
        said = f"You said “{step.choices[str(guess)]}”"
        if guess == answer:
            return f"{said}, and **that is correct**."
        return f"{said}. The runs show: **{step.choices[str(answer)]}**."
    low, high = SCALES[number]
    unit = f" {step.unit}" if step.unit else ""
    close = abs(float(guess) - float(answer)) <= CLOSE * (high - low)
    return f"You said {guess}{unit}; it is **{float(answer):.4g}{unit}**." + (" Close." if close else "")


def studio_link(f: Facts, view: str, label: str) -> None:
    """Draw a button that opens a bundled run, with its settings, in the Studio."""
    if st.button(
        label,
        type="tertiary",
        icon=":material/science:",
        key=f"studio-{f.view.id}-{view}",
        help="Opens the run and its settings. Your place in the lesson is kept.",
    ):
        st.switch_page("studio.py", query_params=f.link(view))


def source(*runs: Facts) -> None:
    """Draw which runs the numbers of a step come from."""
    names = ", ".join(f"`{f.view.folder.path.name}`" for f in runs)
    spec = runs[0].view.spec
    st.caption(
        f"Numbers: from the files of the bundled run{'s' if len(runs) > 1 else ''} {names}, quick preset, "
        f"seed {spec.seed}, means over {spec.evaluation.networks} networks."
    )
