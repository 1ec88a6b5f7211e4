"""The state of the lesson: in the session, where it survives a change of page, and in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import streamlit as st

from fairdd_core.playground.scene import DISTANCES, LIMITS, Scene, adapted
from pages.ui.common import notices, url

SECTIONS = ("Playground", "Bias", "Distil", "The gap", "Align", "Balanced")
"""The playground and the five steps."""
CHOICES: dict[int, tuple[str, ...]] = {
    4: ("falls", "stays", "rises"),
    5: ("nothing", "residuals", "everything"),
}
"""Step -> names of the answers to its question."""
SCALES: dict[int, tuple[int, int]] = {1: (0, 40), 2: (0, 100), 3: (0, 100)}
"""Step -> smallest and largest number that answers its question."""
SECTION, ALL, _PREDICTIONS = "learn-section", "play-all", "learn-predictions"

Predictions = dict[int, int | str]
"""Step -> the prediction made there."""


@dataclass(frozen=True)
class Lesson:
    """Where a visitor is, and what the visitor predicted and built.

    Attributes:
        section: index into ``SECTIONS``.
        scene: of the playground.
        every_target: whether the playground marks all barycenters.
        predictions: so far.
    """

    section: int = 0
    scene: Scene = field(default_factory=Scene)
    every_target: bool = False
    predictions: Predictions = field(default_factory=dict)


def to_query(lesson: Lesson) -> dict[str, str]:
    """Return the query parameters of a lesson: what differs from the start."""
    start, scene = Scene(), lesson.scene
    params = {"step": str(lesson.section)} if lesson.section else {}
    for name in (entry.name for entry in fields(Scene)):
        if getattr(scene, name) != getattr(start, name):
            params[name] = str(getattr(scene, name))
    if lesson.every_target:
        params["all"] = "1"
    return params | {f"q{step}": str(answer) for step, answer in sorted(lesson.predictions.items())}


def from_query(params: Mapping[str, str]) -> tuple[Lesson, list[str]]:
    """Return the lesson of some query parameters, and ``name=value`` for each that cannot be used."""
    unusable: list[str] = []
    scene = _scene(params, unusable)
    answers: Predictions = {}
    for step in (*SCALES, *CHOICES):
        parse: Callable[[str], Any] = _whole(*SCALES[step]) if step in SCALES else url.one_of(CHOICES[step])
        if (answer := url.read(params, f"q{step}", parse, unusable)) is not None:
            answers[step] = answer
    section = url.read(params, "step", _whole(0, len(SECTIONS) - 1), unusable) or 0
    every_target = url.read(params, "all", url.one_of(("0", "1")), unusable) == "1"
    return Lesson(section, scene, every_target, answers), unusable


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within limits."""

    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _scene(params: Mapping[str, str], unusable: list[str]) -> Scene:
    parsers: dict[str, Callable[[str], Any]] = {name: _whole(*limits) for name, limits in LIMITS.items()}
    parsers["distance"] = url.one_of(DISTANCES)
    read = {name: url.read(params, name, parse, unusable) for name, parse in parsers.items()}
    values = {name: value for name, value in read.items() if value is not None}
    wanted = Scene(**values)
    scene = adapted(wanted)  # values that are possible by themselves need not fit together
    unusable += [f"{name}={params[name]}" for name in values if getattr(scene, name) != values[name]]
    return scene


def set_scene(scene: Scene) -> None:
    """Set every control of the playground."""
    for entry in fields(Scene):
        st.session_state[f"play-{entry.name}"] = getattr(scene, entry.name)


def scene_now() -> Scene:
    """Return the scene that the controls of the playground describe."""
    return Scene(**{entry.name: st.session_state[f"play-{entry.name}"] for entry in fields(Scene)})


def predictions() -> Predictions:
    """Return the predictions made so far."""
    made: Predictions = st.session_state.setdefault(_PREDICTIONS, {})
    return made


def restore() -> None:
    """Take the state from the address, once per session and whenever a link brings another one."""
    # Without parameters we are back from another screen.
    if SECTION in st.session_state and not url.from_link():
        return
    lesson, unusable = from_query(url.params())
    st.session_state[SECTION] = SECTIONS[lesson.section]
    st.session_state[ALL] = lesson.every_target
    st.session_state[_PREDICTIONS] = dict(lesson.predictions)
    set_scene(lesson.scene)
    notices.warn_unusable(unusable)


def keep_address() -> None:
    """Make the address a permalink of the state."""
    section = SECTIONS.index(st.session_state[SECTION])
    url.write(to_query(Lesson(section, scene_now(), bool(st.session_state[ALL]), predictions())))
    url.flush()
