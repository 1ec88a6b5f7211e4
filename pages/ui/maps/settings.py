"""How the maps are drawn: the projection, what colour says, and the class in focus."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from fairdd_core.embed.map_table import Projection
from fairdd_core.plots.maps import ColorBy
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView
from pages.ui.maps import selection as map_choice

PROJECTIONS: list[Projection] = ["pca", "umap"]
_COLORS: list[ColorBy] = ["group", "class", "method"]
_PROJECTION, _COLOR, _FOCUS = "map-projection", "map-color", "map-focus"
_ALL, _EVERY = -1, "all"


def controls(view: RunView, offered: list[Projection]) -> tuple[Projection, ColorBy, int | None]:
    """Draw the choices.

    Args:
        view: a run.
        offered: the projections that have been computed; at least one.

    Returns:
        Projection, what colour says, and the index of the class in focus, None for all.
    """
    classes = view.labels.classes
    _prepare(offered, len(classes))
    first, second, third = st.columns([1, 1.4, 1.6], vertical_alignment="bottom")
    coming = " It is on its way." if view.live and len(offered) < 2 else ""
    with first:
        projection = st.segmented_control(
            "Projection",
            offered,
            format_func=str.upper,
            required=True,
            key=_PROJECTION,
            persist_state="session",
            help=f"PCA is there at once. UMAP takes longer.{coming}",
        )
    with second:
        color_by = st.segmented_control(
            "Colour",
            _COLORS,
            format_func=str.capitalize,
            required=True,
            key=_COLOR,
            persist_state="session",
            help="What the colour of a point says. Method leaves the real samples grey.",
        )
    with third:
        focus = st.selectbox(
            "Class in focus",
            [_ALL, *range(len(classes))],
            format_func=lambda c: "All classes" if c == _ALL else escape_markdown(classes[c]),
            key=_FOCUS,
            persist_state="session",
            on_change=map_choice.forget_drawn,
            help="Its points stand out and can be picked out, the mean of each group is tied to where the "
            "method aims, and a line shows the way of its synthetic images.",
        )
    assert projection is not None and color_by is not None  # one of each is required
    return projection, color_by, None if focus == _ALL else int(focus)


def _prepare(offered: list[Projection], classes: int) -> None:
    """Set what is not set yet, or was set for another run."""
    if st.session_state.get(_PROJECTION) not in offered:
        st.session_state[_PROJECTION] = offered[0]
    st.session_state.setdefault(_COLOR, _COLORS[0])
    if not _ALL <= st.session_state.get(_FOCUS, classes) < classes:
        st.session_state[_FOCUS] = 0


def take_projection(view: RunView, text: str) -> None:
    """Take the projection that an address names; whether the run has it, ``controls`` sees."""
    _take(_PROJECTION, {"": PROJECTIONS[0]} | {name: name for name in PROJECTIONS}, text)


def projection_text(view: RunView) -> str:
    """Return the projection for an address."""
    return _unless_first(st.session_state.get(_PROJECTION), PROJECTIONS[0])


def take_color(view: RunView, text: str) -> None:
    """Take what colour says from an address."""
    _take(_COLOR, {"": _COLORS[0]} | {name: name for name in _COLORS}, text)


def color_text(view: RunView) -> str:
    """Return what colour says for an address."""
    return _unless_first(st.session_state.get(_COLOR), _COLORS[0])


def take_focus(view: RunView, text: str) -> None:
    """Take the class in focus from an address: its number, or all."""
    numbers = {str(c): c for c in range(len(view.labels.classes))}
    _take(_FOCUS, {"": 0, _EVERY: _ALL} | numbers, text)


def focus_text(view: RunView) -> str:
    """Return the class in focus for an address."""
    focus = st.session_state.get(_FOCUS)
    return _EVERY if focus == _ALL else _unless_first(focus, 0)


def _take(key: str, known: Mapping[str, object], text: str) -> None:
    if text not in known:
        raise ValueError(text)
    st.session_state[key] = known[text]


def _unless_first(value: object, first: object) -> str:
    return "" if value in (None, first) else str(value)
