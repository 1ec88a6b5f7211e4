"""The part of the maps that is shown and the tool in hand: the same in all maps, whichever was touched."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import streamlit as st

from pages.ui import ASSETS

_JS = ASSETS / "map_zoom.js"
_KEY, _PART, _TOOL = "map-zoom", "map-part", "map-tool"
_TOOLS = ("lasso", "select", "pan")
Axes = tuple[list[float], list[float]]


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("fairdd_map_zoom", js=_JS.read_text(), isolate_styles=False)


def forget() -> None:
    """Show the whole maps."""
    st.session_state[_PART] = {}


def shown(projection: str, whole: Axes) -> Axes:
    """Return the ranges of the axes that are shown."""
    return st.session_state.get(_PART, {}).get(projection, whole)


def tool() -> str:
    """Return what dragging does, as Plotly calls it."""
    return str(st.session_state.get(_TOOL, _TOOLS[0]))


def take(name: str) -> None:
    """Put another tool into the hand; one that there is not is left."""
    if name in _TOOLS:
        st.session_state[_TOOL] = name


def follow(projection: str, whole: Axes, panels: str, clicked: Callable[[Any], None]) -> None:
    """Take over the part that is shown from whichever map is zoomed or moved, and offer the way back.

    Args:
        projection: of the maps.
        whole: ranges of the axes that show everything.
        panels: CSS selector of what holds the maps.
        clicked: called with the ``customdata`` of a point that is clicked while dragging draws round points;
            Plotly itself takes a click for a choice only while dragging moves the map.
    """

    def told() -> None:
        clicked(st.session_state[_KEY]["clicked"])

    part = shown(projection, whole)
    _component()(
        key=_KEY,
        data={"axes": [list(axis) for axis in part], "panels": panels},
        on_moved_change=partial(_moved, projection),
        on_clicked_change=told,
        height=1,
    )
    if not np.allclose(part, whole):
        st.button(
            "Show the whole map",
            icon=":material/zoom_out_map:",
            key="map-whole",
            on_click=forget,
            help="Ends zooming and moving in all maps.",
        )


def _moved(projection: str) -> None:
    """Take over what the browser says, of which nothing is believed."""
    told = st.session_state[_KEY]["moved"]
    if not isinstance(told, dict):
        return
    take(str(told.get("drag")))
    try:
        axes_22 = np.asarray(told.get("axes"), float)
    except (TypeError, ValueError):
        return
    if axes_22.shape == (2, 2) and np.isfinite(axes_22).all():
        x, y = axes_22.tolist()
        st.session_state[_PART] = st.session_state.get(_PART, {}) | {projection: (x, y)}
