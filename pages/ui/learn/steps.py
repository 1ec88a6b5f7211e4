"""How a step of the lesson goes: a story, a question, a prediction, and only then the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from pages.ui.learn.facts import Facts
from pages.ui.learn.session import said
from pages.ui.learn.state import CHOICES, SCALES

CLOSE = 0.06
"""Predictions off by this share of the scale are called close."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        title: what it is about.
        story: draws what a visitor must know for the question.
        question: asks for a prediction.
        hint: a help line for the control.
        truth: the answer.
        reveal: draws the answer and what backs it.
        unit: of a number.
        choices: name of an answer -> what it says, where the prediction is not a number.
    """

    title: str
    story: Callable[[], None]
    question: Callable[[], str]
    hint: str
    truth: Callable[[], int | float | str]
    reveal: Callable[[], None]
    unit: str = ""
    choices: dict[str, str] = field(default_factory=dict)


def _guess_key(number: int) -> str:
    return f"guess-{number}"


def _commit(number: int) -> None:
    guess = st.session_state.get(_guess_key(number))
    if guess is not None:
        said()[number] = guess


def _forget(number: int) -> None:
    guess = said().pop(number, None)
    if guess is not None:
        st.session_state[_guess_key(number)] = guess


def draw(number: int, step: Step) -> None:
    """Draw a step; the answer only once there is a prediction."""
    st.header(f"Step {number}: {step.title}", anchor=False)
    step.story()
    with st.container(border=True, key=f"learn-question-{number}"):
        st.markdown(f"**What do you expect?** {step.question()}")
        if number in said():
            _answered(number, step)
        else:
            _ask(number, step)
    if number in said():
        step.reveal()


def _ask(number: int, step: Step) -> None:
    key = _guess_key(number)
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
        on_click=_commit,
        args=(number,),
        disabled=st.session_state.get(key) is None,
        help="Your prediction stays beside the answer, and in the address.",
    )


def _answered(number: int, step: Step) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(feedback(number, step), width="content")
        st.button(
            "Change it",
            type="tertiary",
            icon=":material/edit:",
            key=f"again-{number}",
            on_click=_forget,
            args=(number,),
            help="Hides the answer and asks again.",
        )


def feedback(number: int, step: Step) -> str:
    """Return the prediction beside the answer, in one line of Markdown."""
    guess, truth = said()[number], step.truth()
    if number in CHOICES:
        if guess == truth:
            return f"You said “{step.choices[str(guess)]}”, and **so it is**."
        return f"You said “{step.choices[str(guess)]}”. The numbers say: **{step.choices[str(truth)]}**."
    low, high = SCALES[number]
    unit = f" {step.unit}" if step.unit else ""
    close = abs(float(guess) - float(truth)) <= CLOSE * (high - low)
    return f"You said {guess}{unit}; it is **{float(truth):.4g}{unit}**." + (" Close." if close else "")


def studio_link(f: Facts, view: str, label: str) -> None:
    """Draw what opens a bundled run, with its settings, in the Studio."""
    if st.button(
        label,
        type="tertiary",
        icon=":material/science:",
        key=f"studio-{f.view.id}-{view}",
        help="Opens the run and its settings. The lesson stays where it is.",
    ):
        st.switch_page("studio.py", query_params=f.link(view))


def source(*runs: Facts) -> None:
    """Say which runs the numbers of a step come from."""
    names = ", ".join(f"`{f.view.folder.path.name}`" for f in runs)
    st.caption(
        f"Numbers: from the files of the bundled run{'s' if len(runs) > 1 else ''} {names}, quick preset, "
        f"seed {runs[0].view.spec.seed}, means over {runs[0].view.spec.evaluation.networks} networks."
    )
