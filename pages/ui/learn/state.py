"""The lesson's state and its address. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fairdd_core.playground.scene import DISTANCES, LIMITS, Scene, adapted

STATIONS = ("Playground", "Bias", "Distil", "The gap", "Align", "Balanced")
"""The playground and the five steps."""
CHOICES: dict[int, tuple[str, ...]] = {
    4: ("falls", "stays", "rises"),
    5: ("nothing", "residuals", "everything"),
}
"""Step -> names of the answers to its question."""
SCALES: dict[int, tuple[int, int]] = {1: (0, 40), 2: (0, 100), 3: (0, 100)}
"""Step -> smallest and largest number that answers its question."""

Said = dict[int, int | str]
"""Step -> the prediction made there."""


@dataclass(frozen=True)
class Lesson:
    """Where a visitor is, and what the visitor said and built.

    Attributes:
        station: index into ``STATIONS``.
        scene: of the playground.
        every_target: whether the playground marks all barycenters.
        said: predictions so far.
    """

    station: int = 0
    scene: Scene = field(default_factory=Scene)
    every_target: bool = False
    said: Said = field(default_factory=dict)


def to_address(lesson: Lesson) -> dict[str, str]:
    """Return what an address must say to give ``lesson`` back: what differs from the start."""
    start = Scene()
    params = {"step": str(lesson.station)} if lesson.station else {}
    for entry in fields(Scene):
        value = getattr(lesson.scene, entry.name)
        if value != getattr(start, entry.name):
            params[entry.name] = str(value)
    if lesson.every_target:
        params["all"] = "1"
    return params | {f"q{step}": str(said) for step, said in sorted(lesson.said.items())}


def from_address(params: Mapping[str, str]) -> tuple[Lesson, list[str]]:
    """Return the lesson of an address, and a complaint for every value that was not usable."""
    complaints: list[str] = []
    scene = _scene(params, complaints)
    said: Said = {}
    for step in (*SCALES, *CHOICES):
        text = params.get(f"q{step}")
        if text is not None:
            answer = _answer(step, text)
            if answer is None:
                complaints.append(f"q{step}={text}")
            else:
                said[step] = answer
    station = _whole(params.get("step", "0"), 0, len(STATIONS) - 1)
    if station is None:
        complaints.append(f"step={params['step']}")
    if params.get("all", "0") not in {"0", "1"}:
        complaints.append(f"all={params['all']}")
    return Lesson(station or 0, scene, params.get("all") == "1", said), complaints


def _whole(text: str, low: int, high: int) -> int | None:
    try:
        value = int(text)
    except ValueError:
        return None
    return value if low <= value <= high else None


def _answer(step: int, text: str) -> int | str | None:
    if step in SCALES:
        return _whole(text, *SCALES[step])
    return text if text in CHOICES[step] else None


def _scene(params: Mapping[str, str], complaints: list[str]) -> Scene:
    values: dict[str, Any] = {}
    for name, limits in LIMITS.items():
        if name in params:
            values[name] = _whole(params[name], *limits)
    if "distance" in params:
        values["distance"] = params["distance"] if params["distance"] in DISTANCES else None
    wanted = Scene(**{name: value for name, value in values.items() if value is not None})
    scene = adapted(wanted)  # single values may be possible and not fit together
    complaints += [
        f"{name}={params[name]}"
        for name, value in values.items()
        if value is None or getattr(scene, name) != getattr(wanted, name)
    ]
    return scene
