"""The controls of the maps: projection, colour and the class in focus."""

from __future__ import annotations

import streamlit as st

from fairdd_core.embed.map_table import Projection
from fairdd_core.plots.maps import ColorBy
from fairdd_core.text import one_line
from pages.ui.common.runs import RunView
from pages.ui.common.url import QueryControl, QueryPart
from pages.ui.maps import selection

PROJECTIONS: list[Projection] = ["pca", "umap"]
_COLORS: list[ColorBy] = ["group", "class", "method"]
_ALL = -1


PROJECTION = QueryControl("map-projection", lambda view: {"": "pca"} | {name: name for name in PROJECTIONS})
COLOR = QueryControl("map-color", lambda view: {"": "group"} | {name: name for name in _COLORS})
FOCUS = QueryControl(
    "map-focus",
    lambda view: {"": 0, "all": _ALL} | {str(c): c for c in range(len(view.labels.classes))},
)
QUERY: dict[str, QueryPart] = {"map": PROJECTION, "color": COLOR, "focus": FOCUS, "picked": selection}
"""Parameter of the address -> part of the state of the maps."""


def controls(view: RunView, available: list[Projection]) -> tuple[Projection, ColorBy, int | None]:
    """Draw the controls.

    Args:
        view: the run.
        available: the projections that have been computed; at least one.

    Returns:
        Projection, what the colours stand for, and the index of the class in focus, None for all.
    """
    classes = view.labels.classes
    _set_defaults(available, len(classes))
    first, second, third = st.columns([1, 1.4, 1.6], vertical_alignment="bottom")
    pending = " It is being computed." if view.live and len(available) < 2 else ""
    with first:
        projection = st.segmented_control(
            "Projection",
            available,
            format_func=str.upper,
            required=True,
            key=PROJECTION.key,
            persist_state="session",
            help=f"PCA is ready first. UMAP takes longer.{pending}",
        )
    with second:
        color_by = st.segmented_control(
            "Colour",
            _COLORS,
            format_func=str.capitalize,
            required=True,
            key=COLOR.key,
            persist_state="session",
            help="What the colour of a point stands for. With Method, the real samples are grey.",
        )
    with third:
        focus = st.selectbox(
            "Class in focus",
            [_ALL, *range(len(classes))],
            format_func=lambda c: "All classes" if c == _ALL else one_line(classes[c]),
            key=FOCUS.key,
            persist_state="session",
            on_change=selection.clear_points,
            help="Highlights the points of a class; only these can be selected. Lines join the mean of each "
            "group to the method's target, and a curve shows the trajectory of its synthetic images.",
        )
    assert projection is not None and color_by is not None  # one of each is required
    return projection, color_by, None if focus == _ALL else int(focus)


def _set_defaults(available: list[Projection], classes: int) -> None:
    """Set controls that have no value, or one that this run does not offer."""
    if st.session_state.get(PROJECTION.key) not in available:
        st.session_state[PROJECTION.key] = available[0]
    st.session_state.setdefault(COLOR.key, _COLORS[0])
    if not _ALL <= st.session_state.get(FOCUS.key, classes) < classes:
        st.session_state[FOCUS.key] = 0
