"""One synthetic image of every arm, large, and the real images that it resembles most."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.neighbours import neighbour_table
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.events import Nearest
from fairdd_core.plots.images import Tile, tile_html
from fairdd_core.plots.theme import ArmStyle, arm_styles, group_css
from pages.ui.common import errors
from pages.ui.common.cache import nearest_of, training_set_of
from pages.ui.common.figures import folded, numbers
from pages.ui.common.html import arm_heading
from pages.ui.common.runs import RunView
from pages.ui.studio import image_choice as look_choice
from pages.ui.studio.image_choice import Place

_LARGE, _SMALL = 176, 44
"""CSS pixels of the image itself and of a neighbour."""


@errors.guarded
def look_closer(view: RunView, at: int) -> None:
    """Draw the controls and, once an image is chosen, everything about it.

    Args:
        view: a run that has ended.
        at: the iteration of the scrubber.
    """
    st.header("Look closer", anchor=False)
    place = look_choice.chosen(view)
    if place is None:
        st.caption("Click an image above, or choose it here, to see it large and what it resembles.")
    look_choice.controls(view)
    if place is None:
        return
    images, found = view.folder.snapshot(at), nearest_of(view.folder.path)
    train, why = training_set_of(view) if found else (None, "")
    styles = arm_styles(view.arms)
    per_row = min(3, max(2, len(styles)))
    for start in range(0, len(styles), per_row):
        names = list(styles)[start : start + per_row]
        for column, arm in zip(st.columns(per_row, gap="large"), names, strict=False):
            with column:
                _image(view, styles[arm], images.get(arm), place, at)
                if arm in found:
                    st.html(_neighbours(view, found[arm], place, train))
                elif found:
                    st.caption("The neighbours of this method's images are not known yet.")
    _notes(view, place, found, at, why)


def _image(view: RunView, style: ArmStyle, x_CIKHW: np.ndarray | None, place: Place, at: int) -> None:
    st.html(arm_heading(style))
    if x_CIKHW is None:
        st.caption("No image of this method yet.")
        return
    name = f"class {view.labels.classes[place.class_id]}, image {place.number + 1}"
    alt = f"{style.label} after {at} iterations, {name}"
    tile = Tile(x_CIKHW[place.class_id, place.number], alt, f"{name}, after {at} iterations")
    st.html(f"<div class='fx-look'>{tile_html(tile, _LARGE)}</div>")


def _neighbours(view: RunView, found: Nearest, place: Place, train: GroupedDataset | None) -> str:
    """Return a row per group with the nearest real images; the nearest group of all is marked."""
    table = _table(view, found, place)
    palette = group_css(view.labels.colors, len(view.labels.groups))
    closest = table.loc[table["distance"].idxmin(), "group_id"] if table["distance"].notna().any() else None
    rows = []
    for g, group in enumerate(view.labels.groups):
        own = table[(table["group_id"] == g) & (table["row"] >= 0)]
        tiles = "".join(
            _tile(train, row, view.labels.classes[place.class_id]) for row in own.to_dict("records")
        )
        searched = int(found.searched_CG[place.class_id, g])
        among = f"searched among {searched} real image{'' if searched == 1 else 's'}"
        badge = "<b>nearest group</b>" if g == closest else ""
        rows.append(
            f"<li{' class=fx-nearest' if g == closest else ''}><span><i style='background:{palette[g]}'></i>"
            f"{html.escape(group)}{badge}<small>{among}</small></span><div>{tiles}</div></li>"
        )
    return (
        f"<p class='fx-note'>Nearest real images, group by group</p><ul class='fx-near'>{''.join(rows)}</ul>"
    )


def _tile(train: GroupedDataset | None, row: dict, name: str) -> str:
    told = f"{row['distance']:.3g}"
    if train is None or row["row"] >= len(train):  # an imported run may say anything
        return f"<span class='fx-far'>{told}</span>"
    x_KHW = np.asarray(train.x_NCHW[np.array([row["row"]])])[0]
    alt = f"real image, class {name}, group {row['group']}, at distance {told}"
    return tile_html(Tile(x_KHW, alt, told), _SMALL)


def _table(view: RunView, found: Nearest, place: Place) -> pd.DataFrame:
    spec = view.spec.distill
    return neighbour_table(found, place.index(spec.ipc, spec.factor), place.class_id, view.labels.groups)


def _notes(view: RunView, place: Place, found: dict[str, Nearest], at: int, why: str) -> None:
    if not found:
        how = "was made without looking for it" if view.state == "done" else "ended before it was looked for"
        st.caption(f"What these images resemble is not known: this run {how}.")
        return
    end, data = view.spec.distill.iterations, view.spec.data
    wrong = (
        f" Groups are those that the run was told, of which {data.label_noise:.0%} are wrong."
        if data.label_noise
        else ""
    )
    elsewhere = f" The images above are those after {at} iterations." if at != end else ""
    st.caption(
        "The real training images of its class that are nearest to the **finished** image, in the eyes of "
        "the network that drew the maps; below each its distance. In large groups only a part was searched."
        f"{wrong}{elsewhere} {why}"
    )
    every = pd.concat([_table(view, own, place).assign(arm=arm) for arm, own in found.items()])
    columns = ["arm", "group", "rank", "row", "distance", "searched"]
    table = every.loc[every["row"] >= 0, columns]
    folded("look", lambda: numbers(table, key="look-table"), "Table of the neighbours")
