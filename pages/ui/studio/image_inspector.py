"""The image inspector: one synthetic image of every arm, enlarged, with the nearest real images."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.neighbours import neighbour_table
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.events import Nearest
from fairdd_core.plots.images import Tile, tile_html
from fairdd_core.plots.theme import ArmStyle, group_css
from fairdd_core.runs.storage.grids import row_of
from fairdd_core.text import one_line
from pages.ui.common import errors
from pages.ui.common.cache import external_labels, nearest_of, training_set_of
from pages.ui.common.figures import table_expander
from pages.ui.common.html import arm_columns
from pages.ui.common.runs import RunView

_LARGE, _SMALL = 176, 44
"""CSS pixels of the image itself and of a neighbour."""
_RUN, _CLASS, _NUMBER, _PART = "inspected-run", "inspected-class", "inspected-number", "inspected-part"


@dataclass(frozen=True)
class Place:
    """An image of a synthetic set.

    Attributes:
        class_id: its class.
        number: its place among the images of the class, from 0.
        part: of a mosaic that holds several training images, from 0; 0 where it is one itself.
    """

    class_id: int
    number: int
    part: int = 0

    def index(self, ipc: int, factor: int) -> int:
        """Return the row in the finished set of C·IPC·factor² training images."""
        return (self.class_id * ipc + self.number) * factor**2 + self.part


def choose(class_id: int, number: int) -> None:
    """Inspect an image."""
    st.session_state.update({_CLASS: class_id, _NUMBER: number + 1, _PART: 1})


def close() -> None:
    """Inspect no image."""
    st.session_state[_CLASS] = None


def from_query(view: RunView, text: str) -> None:
    """Inspect the image that the address names: index of the class, image, and part of a mosaic if any.

    Raises:
        ValueError: when the run has no such image.
    """
    if not text:
        close()
        return
    spec, parts = view.spec.distill, [int(part) for part in text.split(".")]
    class_id, number, part = [*parts, 1][:3] if len(parts) in (2, 3) else (-1, 0, 0)
    known = class_id in range(len(view.labels.classes))
    if not (known and 1 <= number <= _most(view) and 1 <= part <= spec.factor**2):
        raise ValueError(text)
    st.session_state.update({_RUN: view.id, _CLASS: class_id, _NUMBER: number, _PART: part})


def to_query(view: RunView) -> str:
    """Return the inspected image for the address; empty for none."""
    if (place := chosen(view)) is None:
        return ""
    part = f".{place.part + 1}" if place.part else ""
    return f"{place.class_id}.{place.number + 1}{part}"


def chosen(view: RunView) -> Place | None:
    """Return the inspected image, if any; another run starts with none."""
    spec = view.spec.distill
    if st.session_state.get(_RUN) != view.id:
        st.session_state.update({_RUN: view.id, _CLASS: None, _NUMBER: 1, _PART: 1})
    if (class_id := st.session_state.get(_CLASS)) is None:
        return None
    number = min(st.session_state.get(_NUMBER, 1), _most(view))
    return Place(class_id, number - 1, min(st.session_state.get(_PART, 1), spec.factor**2) - 1)


def _most(view: RunView) -> int:
    """Return the largest number of images that a class has in any method."""
    sets = external_labels(view.folder.path).values()
    return max([view.spec.distill.ipc, *(int(np.bincount(y_N).max()) for y_N in sets)])


def _controls(view: RunView) -> None:
    """Draw the controls that choose an image without a mouse."""
    spec, names = view.spec.distill, view.labels.classes
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Class",
            range(len(names)),
            index=None,
            format_func=lambda c: one_line(names[c]),
            key=_CLASS,
            persist_state="session",
            placeholder="Choose a class",
            width=180,
            help="Of the image to inspect. A click on an image above also chooses it.",
        )
        if st.session_state.get(_CLASS) is None:
            return
        st.number_input(
            "Image",
            1,
            _most(view),
            key=_NUMBER,
            persist_state="session",
            width=140,
            help="Its place in the row of its class. All methods start from the same image there.",
        )
        if spec.factor > 1:
            st.number_input(
                "Part",
                1,
                spec.factor**2,
                key=_PART,
                persist_state="session",
                width=140,
                help="Each image is a mosaic of training images, counted row by row.",
            )
        st.button("Close", icon=":material/close:", key="inspected-close", on_click=close)


@errors.guarded
def image_inspector(view: RunView, at: int) -> None:
    """Draw the controls and, once an image is chosen, the image with its neighbours.

    Args:
        view: a run that has ended.
        at: the iteration of the scrubber.
    """
    st.header("Image inspector", anchor=False)
    place = chosen(view)
    if place is None:
        st.caption("Click an image above, or choose one here, to enlarge it and see its nearest real images.")
    _controls(view)
    if place is None:
        return
    images, nearest = view.folder.snapshot(at), nearest_of(view.folder.path)
    train, why = training_set_of(view) if nearest else (None, "")
    for arm, style, column in arm_columns(view.arms):
        with column:
            _image(view, style, images.get(arm), place, at)
            if arm in nearest and _row(view, arm, place) is not None:
                st.html(_neighbours(view, nearest[arm], place, train))
            elif nearest and arm not in nearest:
                st.caption("The nearest real images of this method are not known yet.")
    _notes(view, place, nearest, at, why)


def _image(view: RunView, style: ArmStyle, x_CIKHW: np.ndarray | None, place: Place, at: int) -> None:
    if x_CIKHW is None:
        st.caption("No image of this method yet.")
        return
    name = f"class {view.labels.classes[place.class_id]}, image {place.number + 1}"
    if place.number >= x_CIKHW.shape[1] or np.ma.getmaskarray(x_CIKHW[place.class_id, place.number]).all():
        st.caption(f"This method has no {name}.")
        return
    alt = f"{style.label} after {at} iterations, {name}"
    tile = Tile(np.ma.getdata(x_CIKHW)[place.class_id, place.number], alt, f"{name}, after {at} iterations")
    st.html(f"<div class='fx-inspected'>{tile_html(tile, _LARGE)}</div>")


def _neighbours(view: RunView, nearest: Nearest, place: Place, train: GroupedDataset | None) -> str:
    """Return a row per group with its nearest real images; the nearest group of all is marked."""
    table = _table(view, nearest, place)
    palette = group_css(view.labels.colors, len(view.labels.groups))
    closest = table.loc[table["distance"].idxmin(), "group_id"] if table["distance"].notna().any() else None
    rows = []
    for g, group in enumerate(view.labels.groups):
        own = table[(table["group_id"] == g) & (table["row"] >= 0)]
        tiles = "".join(
            _tile(train, row, view.labels.classes[place.class_id]) for row in own.to_dict("records")
        )
        searched = int(nearest.searched_CG[place.class_id, g])
        among = f"searched among {searched} real image{'' if searched == 1 else 's'}"
        badge = "<b>nearest group</b>" if g == closest else ""
        rows.append(
            f"<li{' class=fx-nearest' if g == closest else ''}><span><i style='background:{palette[g]}'></i>"
            f"{html.escape(group)}{badge}<small>{among}</small></span><div>{tiles}</div></li>"
        )
    return f"<p class='fx-note'>Nearest real images per group</p><ul class='fx-near'>{''.join(rows)}</ul>"


def _tile(train: GroupedDataset | None, row: dict, name: str) -> str:
    distance = f"{row['distance']:.3g}"
    if train is None or row["row"] >= len(train):  # the rows of an imported run may be wrong
        return f"<span class='fx-far'>{distance}</span>"
    x_KHW = np.asarray(train.x_NCHW[np.array([row["row"]])])[0]
    alt = f"real image, class {name}, group {row['group']}, at distance {distance}"
    return tile_html(Tile(x_KHW, alt, distance), _SMALL)


def _table(view: RunView, nearest: Nearest, place: Place) -> pd.DataFrame:
    row = _row(view, nearest.arm, place)
    assert row is not None
    return neighbour_table(nearest, row, place.class_id, view.labels.groups)


def _row(view: RunView, arm: str, place: Place) -> int | None:
    """Return the row of an image in the finished set of a method; None where there is no such image."""
    spec, external = view.spec.distill, external_labels(view.folder.path)
    if arm in external:
        return row_of(external[arm], place.class_id, place.number)
    return place.index(spec.ipc, spec.factor) if place.number < spec.ipc else None


def _notes(view: RunView, place: Place, nearest: dict[str, Nearest], at: int, why: str) -> None:
    if not nearest:
        reason = "did not search for them" if view.state == "done" else "ended before they were searched"
        st.caption(f"The nearest real images are unknown: this run {reason}.")
        return
    end, data = view.spec.distill.iterations, view.spec.data
    wrong = f" Groups are as labelled for the run, of which {data.label_noise:.0%} are wrong."
    earlier = f" The images above are those after {at} iterations." if at != end else ""
    st.caption(
        "The real training images of the same class that are nearest to the **finished** image, in the "
        "features that the maps show; below each its distance. In large groups only a part was searched."
        f"{wrong if data.label_noise else ''}{earlier} {why}"
    )
    there = {arm: own for arm, own in nearest.items() if _row(view, arm, place) is not None}
    if not there:
        return
    every = pd.concat([_table(view, own, place).assign(arm=arm) for arm, own in there.items()])
    columns = ["arm", "group", "rank", "row", "distance", "searched"]
    table = every.loc[every["row"] >= 0, columns]
    table_expander(table, "inspected", "Table of the nearest images")
