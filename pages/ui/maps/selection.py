"""What is picked out in the maps: drawn round with the mouse, clicked, or chosen by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from fairdd_core.embed.map_table import Polygon, Projection, Selection, select
from pages.ui.common.runs import RunView
from pages.ui.maps import zoom as map_zoom

_RUN, _DRAWN, _GROUPS = "map-run", "map-drawn", "map-groups"
UNKNOWN = -1
"""Stands for the images of unknown group."""


def prepare(run_id: str) -> None:
    """Forget what was picked out of another run, and which part of its maps was shown."""
    if st.session_state.get(_RUN) != run_id:
        clear()
        map_zoom.forget()
        st.session_state[_RUN] = run_id


def clear() -> None:
    """Pick nothing out."""
    st.session_state[_DRAWN] = Selection()
    st.session_state[_GROUPS] = []


def take(view: RunView, text: str) -> None:
    """Pick out the groups that an address names by their numbers."""
    wanted = [int(part) for part in text.split(",")] if text else []
    if not set(wanted) <= set(range(len(view.labels.groups))):
        raise ValueError(text)
    prepare(view.id)
    clear()
    st.session_state[_GROUPS] = wanted


def text(view: RunView) -> str:
    """Return the groups that are picked out for an address; what was drawn by hand is not kept in it."""
    groups = st.session_state.get(_GROUPS, []) if st.session_state.get(_RUN) == view.id else []
    return ",".join(str(g) for g in groups if g != UNKNOWN)


def forget_drawn() -> None:
    """Forget what was drawn round or clicked, for it belongs to the class that was in focus."""
    st.session_state[_DRAWN] = Selection()


def group_control(view: RunView, candidates: pd.DataFrame) -> None:
    """Draw the way to pick out samples without a mouse."""
    names = dict(enumerate(view.labels.groups))
    real = candidates[candidates["kind"] == "real"]
    if (real["group_id"] < 0).any():
        names[UNKNOWN] = "unknown"
    st.pills(
        "Pick out groups",
        list(names),
        selection_mode="multi",
        format_func=names.__getitem__,
        key=_GROUPS,
        persist_state="session",
        on_change=forget_drawn,
        help="Makes the real samples of these groups stand out in every map and shows their images below. "
        "Drawing round points with the mouse does the same.",
    )


def chosen_of(candidates: pd.DataFrame, projection: Projection) -> Selection:
    """Return what is picked out now.

    Args:
        candidates: the points that can be, at the iteration that is shown.
        projection: of the maps.
    """
    groups = st.session_state.get(_GROUPS)
    if groups:
        real = candidates[(candidates["kind"] == "real") & candidates["group_id"].isin(groups)]
        return select(real, projection=projection)
    return st.session_state[_DRAWN]


def on_select(key: str, candidates: pd.DataFrame, projection: Projection) -> Callable[[], None]:
    """Return what to do when something is drawn or clicked in the map of a key."""
    return partial(_selected, key, candidates, projection)


def _selected(key: str, candidates: pd.DataFrame, projection: Projection) -> None:
    event = st.session_state[key]["selection"]
    if not any(event[part] for part in ("points", "box", "lasso")):
        return  # the map that was drawn in is gone already; only the button clears
    map_zoom.take("select" if event["box"] else "lasso" if event["lasso"] else "")
    if st.session_state[_GROUPS]:
        st.toast("What you drew round is picked out now, instead of the groups.")
    st.session_state[_DRAWN] = selection(event, candidates, projection)
    st.session_state[_GROUPS] = []


def clicked(candidates: pd.DataFrame, projection: Projection, data: Any) -> None:
    """Pick out the point of which a map gives this ``customdata``; anything else is left."""
    found = selection({"points": [{"customdata": data}], "box": [], "lasso": []}, candidates, projection)
    if found:
        st.session_state[_DRAWN], st.session_state[_GROUPS] = found, []


def selection(event: Mapping[str, Any], candidates: pd.DataFrame, projection: Projection) -> Selection:
    """Return what an event of a map picks out.

    An outline takes what lies within it in the map of every arm, for all maps have the same axes; a click
    takes the one point.

    Args:
        event: the ``selection`` of a Plotly chart.
        candidates: the points that can be picked out, at the iteration that is shown.
        projection: of the map.
    """
    outlines = [_corners(box) for box in event["box"]] + [_path(lasso) for lasso in event["lasso"]]
    if outlines:
        return select(candidates, outlines, projection)
    clicked = [point.get("customdata") for point in event["points"]]
    taken = pd.Series(False, index=candidates.index)
    for data in clicked:
        if isinstance(data, list | tuple) and len(data) == 5:
            _, _, kind, arm, index = data
            taken |= (
                (candidates["kind"] == kind) & (candidates["arm"] == arm) & (candidates["index"] == index)
            )
    return select(candidates[taken], projection=projection)


def _corners(box: Mapping[str, list[float]]) -> Polygon:
    (x0, x1), (y0, y1) = box["x"], box["y"]
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _path(lasso: Mapping[str, list[float]]) -> Polygon:
    return tuple(zip(lasso["x"], lasso["y"], strict=True))
