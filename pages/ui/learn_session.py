"""The lesson's state in the session: it survives a change of page and a reload."""

from __future__ import annotations

from dataclasses import fields

import streamlit as st

from fairdd_core.plane.scene import Scene
from pages.ui.learn_state import STATIONS, Lesson, Said, from_address, to_address

STATION, ALL, SAID, ADDRESSES = "learn-at", "play-all", "learn-said", "learn-addresses"
MEMORY = 50
"""Addresses of this session that are remembered."""
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
    if STATION in st.session_state:
        # Without parameters we are back from another screen. An address of this session means that a click
        # overtook the last change of the address, and must not undo what that change said.
        own = st.session_state.setdefault(ADDRESSES, [])
        if not st.query_params or st.query_params.to_dict() in own:
            return
    lesson, complaints = from_address(st.query_params.to_dict())
    st.session_state[STATION] = STATIONS[lesson.station]
    st.session_state[ALL] = lesson.every_target
    st.session_state[SAID] = dict(lesson.said)
    set_scene(lesson.scene)
    if complaints:
        st.session_state["learn-notice"] = (
            f"The link asked for {', '.join(f'`{c}`' for c in complaints)}, which is not possible here; "
            "the nearest that is possible is shown instead."
        )


def keep_address() -> None:
    """Make the address a permalink of the state."""
    params = to_address(lesson_now())
    if st.query_params.to_dict() != params:
        st.query_params.from_dict(params)
    own = st.session_state.setdefault(ADDRESSES, [])
    if params not in own:
        own.append(params)
        del own[:-MEMORY]
