"""What all maps of a run share: the selected points, the visible part and the active tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.embed.map_table import Polygon, Projection, Selection, select
from pages.ui import ASSETS
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView

_RUN, _POINTS, _GROUPS = "map-run", "map-points", "map-groups"
_KEY, _VIEWPORT, _TOOL = "map-zoom", "map-viewport", "map-tool"
_TOOLS = ("lasso", "select", "pan")
UNKNOWN = -1
"""Stands for the images whose group is unknown."""
Axes = tuple[list[float], list[float]]


def prepare(run_id: str) -> None:
    """Clear the selection and the zoom when another run is shown."""
    if st.session_state.get(_RUN) != run_id:
        clear()
        reset_zoom()
        st.session_state[_RUN] = run_id


def clear() -> None:
    """Select nothing."""
    clear_points()
    st.session_state[_GROUPS] = []


def clear_points() -> None:
    """Clear what was selected by lasso, box or click."""
    st.session_state[_POINTS] = Selection()


def from_query(view: RunView, text: str) -> None:
    """Select the groups whose indices the address lists.

    Raises:
        ValueError: when the run has no such group.
    """
    groups = [int(part) for part in text.split(",")] if text else []
    if not set(groups) <= set(range(len(view.labels.groups))):
        raise ValueError(text)
    prepare(view.id)
    clear()
    st.session_state[_GROUPS] = groups


def to_query(view: RunView) -> str:
    """Return the selected groups for the address, which does not hold points selected with the mouse."""
    groups = st.session_state.get(_GROUPS, []) if st.session_state.get(_RUN) == view.id else []
    return ",".join(str(g) for g in groups if g != UNKNOWN)


def group_control(view: RunView, selectable: pd.DataFrame) -> None:
    """Draw the control that selects samples without a mouse."""
    names = dict(enumerate(view.labels.groups))
    if (selectable.loc[selectable["kind"] == "real", "group_id"] < 0).any():
        names[UNKNOWN] = "unknown"
    st.pills(
        "Select groups",
        list(names),
        selection_mode="multi",
        format_func=lambda g: escape_markdown(names[g]),
        key=_GROUPS,
        persist_state="session",
        on_change=clear_points,
        help="Highlights the real samples of these groups in every map and shows their images below. "
        "The lasso in a map does the same for any points.",
    )


def selected(selectable: pd.DataFrame, projection: Projection) -> Selection:
    """Return what is selected now.

    Args:
        selectable: the points that can be selected, at the iteration shown.
        projection: of the maps.
    """
    if groups := st.session_state.get(_GROUPS):
        real = selectable[(selectable["kind"] == "real") & selectable["group_id"].isin(groups)]
        return select(real, projection=projection)
    return st.session_state[_POINTS]


def on_select(key: str, selectable: pd.DataFrame, projection: Projection) -> None:
    """Take over what was selected in the map with this key."""
    event = st.session_state[key]["selection"]
    if not any(event[part] for part in ("points", "box", "lasso")):
        return  # the map of the selection has been redrawn; only the button clears
    _set_tool("select" if event["box"] else "lasso" if event["lasso"] else "")
    if st.session_state[_GROUPS]:
        st.toast("The points you selected replace the selected groups.")
    st.session_state[_POINTS], st.session_state[_GROUPS] = from_event(event, selectable, projection), []


def on_click(selectable: pd.DataFrame, projection: Projection) -> None:
    """Select the point that was clicked; a click on anything else changes nothing."""
    data = st.session_state[_KEY]["clicked"]
    found = from_event({"points": [{"customdata": data}], "box": [], "lasso": []}, selectable, projection)
    if found:
        st.session_state[_POINTS], st.session_state[_GROUPS] = found, []


def from_event(event: Mapping[str, Any], selectable: pd.DataFrame, projection: Projection) -> Selection:
    """Return what a selection event of a map selects.

    A lasso or box selects the points inside it in the maps of all arms, which share their axes; a click
    selects one point.

    Args:
        event: the ``selection`` of a Plotly chart.
        selectable: the points that can be selected, at the iteration shown.
        projection: of the map.
    """
    outlines = [_corners(box) for box in event["box"]] + [_path(lasso) for lasso in event["lasso"]]
    if outlines:
        return select(selectable, outlines, projection)
    clicked = pd.Series(False, index=selectable.index)
    for data in (point.get("customdata") for point in event["points"]):
        if isinstance(data, list | tuple) and len(data) == 5:
            kind, arm, index = data[2:]
            clicked |= (
                (selectable["kind"] == kind) & (selectable["arm"] == arm) & (selectable["index"] == index)
            )
    return select(selectable[clicked], projection=projection)


def _corners(box: Mapping[str, list[float]]) -> Polygon:
    (x0, x1), (y0, y1) = box["x"], box["y"]
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _path(lasso: Mapping[str, list[float]]) -> Polygon:
    return tuple(zip(lasso["x"], lasso["y"], strict=True))


@cache
def _component() -> Callable[..., Any]:
    js = (ASSETS / "map_zoom.js").read_text()
    return st.components.v2.component("fairdd_map_zoom", js=js, isolate_styles=False)


def reset_zoom() -> None:
    """Show the whole of all maps."""
    st.session_state[_VIEWPORT] = {}


def viewport(projection: str, whole: Axes) -> Axes:
    """Return the visible ranges of the axes."""
    return st.session_state.get(_VIEWPORT, {}).get(projection, whole)


def tool() -> str:
    """Return what dragging does, in Plotly's words."""
    return str(st.session_state.get(_TOOL, _TOOLS[0]))


def _set_tool(name: str) -> None:
    """Activate a tool; unknown names are ignored."""
    if name in _TOOLS:
        st.session_state[_TOOL] = name


def link_zoom(projection: Projection, whole: Axes, panels: str, selectable: pd.DataFrame) -> None:
    """Apply zooming, panning and the choice of a tool in one map to all of them.

    Plotly reports a click only while dragging pans, so the component reports clicks for the other tools.

    Args:
        projection: of the maps.
        whole: ranges of the axes that show everything.
        panels: CSS selector of the container of the maps.
        selectable: the points that a click can select.
    """
    axes = viewport(projection, whole)
    _component()(
        key=_KEY,
        data={"axes": [list(axis) for axis in axes], "panels": panels},
        on_moved_change=partial(_moved, projection),
        on_clicked_change=partial(on_click, selectable, projection),
        height=1,
    )
    if not np.allclose(axes, whole):
        st.button(
            "Show the whole map",
            icon=":material/zoom_out_map:",
            key="map-whole",
            on_click=reset_zoom,
            help="Resets zoom and pan in all maps.",
        )


def _moved(projection: str) -> None:
    """Take over tool and axes from the browser, whose message is not trusted."""
    message = st.session_state[_KEY]["moved"]
    if not isinstance(message, dict):
        return
    _set_tool(str(message.get("drag")))
    try:
        axes_22 = np.asarray(message.get("axes"), float)
    except (TypeError, ValueError):
        return
    if axes_22.shape == (2, 2) and np.isfinite(axes_22).all():
        x, y = axes_22.tolist()
        st.session_state[_VIEWPORT] = st.session_state.get(_VIEWPORT, {}) | {projection: (x, y)}
