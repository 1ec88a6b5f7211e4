"""The lesson's state in the session: it survives a change of page and a reload."""

from __future__ import annotations

from dataclasses import fields

import streamlit as st

from fairdd_core.playground.scene import Scene
from pages.ui.common import notices, url
from pages.ui.learn.state import STATIONS, Lesson, Said, from_address, to_address

STATION, ALL, SAID = "learn-at", "play-all", "learn-said"
_FIELDS = tuple(entry.name for entry in fields(Scene))


def set_scene(scene: Scene) -> None:
    """Set every control of the playground."""
    for name in _FIELDS:
        st.session_state[f"play-{name}"] = getattr(scene, name)


def scene_now() -> Scene:
    """Return what the controls of the playground say."""
    return Scene(**{name: st.session_state[f"play-{name}"] for name in _FIELDS})


def said() -> Said:
    """Return the predictions made so far."""
    made: Said = st.session_state.setdefault(SAID, {})
    return made


def lesson_now() -> Lesson:
    """Return the whole state."""
    return Lesson(
        STATIONS.index(st.session_state[STATION]), scene_now(), bool(st.session_state[ALL]), dict(said())
    )


def restore() -> None:
    """Take the state from the address, once per session and whenever a link brings another one."""
    # Without parameters we are back from another screen.
    if STATION in st.session_state and not url.from_link():
        return
    lesson, complaints = from_address(st.query_params.to_dict())
    st.session_state[STATION] = STATIONS[lesson.station]
    st.session_state[ALL] = lesson.every_target
    st.session_state[SAID] = dict(lesson.said)
    set_scene(lesson.scene)
    notices.warn_unusable(complaints)


def keep_address() -> None:
    """Make the address a permalink of the state."""
    url.write(to_address(lesson_now()))
