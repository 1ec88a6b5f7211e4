"""The images of the points that are selected in the maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.embed.map_table import Selection, group_counts, is_selected
from fairdd_core.plots.images import Tile, part_of, strip_html
from fairdd_core.plots.theme import arm_label, arm_styles, group_css
from fairdd_core.runs.storage.grids import place_of
from pages.ui.common.cache import external_labels, training_set_of
from pages.ui.common.errors import escape_markdown, guarded
from pages.ui.common.figures import table_expander
from pages.ui.common.html import arm_heading, legend
from pages.ui.common.runs import RunView
from pages.ui.maps import selection

MOST = 24
"""Images that are shown of each kind."""
UNKNOWN_COLOR = "#808080"


def selected_view(view: RunView, selectable: pd.DataFrame, chosen: Selection, at: int) -> None:
    """Draw how many points of each group are selected, and their images.

    Args:
        view: the run.
        selectable: the points that can be selected, at the iteration shown.
        chosen: those that are selected.
        at: the iteration of the synthetic images.
    """
    if not chosen:
        st.caption(
            "The selected region holds no points."
            if chosen.region
            else "Select points in any map with the lasso, or click one, to see their images."
        )
        return
    points = selectable[is_selected(selectable, chosen)]
    real = points[points["kind"] == "real"].sort_values(["class_id", "group_id", "index"])
    classes = selectable["class"].unique()
    of_class = f", class {escape_markdown(classes[0])}" if len(classes) == 1 else ""
    n = int((selectable["kind"] == "real").sum())
    colors = [*group_css(view.labels.colors, len(view.labels.groups)), UNKNOWN_COLOR]
    with st.container(border=True, key="map-selection"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**Selected: {len(real)} of the {n} real samples in the map**{of_class}")
            st.button("Clear selection", icon=":material/close:", key="map-clear", on_click=selection.clear)
        counts = group_counts(selectable, chosen, view.labels.groups)
        texts = [f"{row.group} {row.k} of {row.n}" for row in counts.itertuples()]
        st.html(legend([("chip", color, text) for color, text in zip(colors, texts, strict=False)]))
        _real(view, real, colors)
        _synthetic(view, selectable, points, at)
        table = points[["kind", "arm", "class", "group", "index"]].rename(columns={"index": "number"})
        table_expander(table, "map-selected", "Table of selected points")


def _real(view: RunView, rows: pd.DataFrame, colors: Sequence[str]) -> None:
    if rows.empty:
        return
    train, why = training_set_of(view)
    if train is None:
        st.caption(why)
        return
    first = rows.head(MOST)
    x_NCHW = np.asarray(train.x_NCHW[first["index"].to_numpy(int)])
    tiles = [
        Tile(
            x_KHW,
            f"real image, class {row['class']}, group {row['group']}",
            f"{row['class']} · {row['group']}",
            colors[row["group_id"]],
        )
        for x_KHW, (_, row) in zip(x_NCHW, first.iterrows(), strict=True)
    ]
    _tiles(tiles, len(rows), "Below each image: class · group.")


@guarded
def _synthetic(view: RunView, selectable: pd.DataFrame, points: pd.DataFrame, at: int) -> None:
    """Draw the selected synthetic images of each arm, as they are at the iteration."""
    rows = points[points["kind"] == "synthetic"]
    if rows.empty:
        return
    styles, images = arm_styles(view.arms), view.folder.snapshot(at)
    external = external_labels(view.folder.path)
    factor = view.spec.distill.factor
    per_row = min(3, max(2, len(styles)))
    st.markdown(f"Synthetic images after {at} iterations. Below each: class · number.")
    for column, arm in zip(st.columns(per_row) * len(styles), styles, strict=False):
        own = rows[rows["arm"] == arm].sort_values("index")
        n = int(((selectable["kind"] == "synthetic") & (selectable["arm"] == arm)).sum())
        with column:
            st.html(arm_heading(styles[arm]))
            st.caption(f"{len(own)} of {n} synthetic images")
            if arm in images and len(own):
                tiles = _synthetic_tiles(images[arm], own.head(MOST), factor, arm, external.get(arm))
                _tiles(tiles, len(own))


def _synthetic_tiles(
    x_CIKHW: np.ndarray, rows: pd.DataFrame, factor: int, arm: str, labels_N: np.ndarray | None
) -> list[Tile]:
    """Return tiles of images; the classes of a set that was made elsewhere are told by its labels."""
    tiles = []
    for row in rows.to_dict("records"):
        image, part = divmod(int(row["index"]), factor**2)
        c, i = divmod(image, x_CIKHW.shape[1]) if labels_N is None else place_of(labels_N, image)
        number = f"{i + 1}" if factor == 1 else f"{i + 1}, part {part + 1}"
        alt = f"synthetic image {number} of {arm_label(arm)}, class {row['class']}"
        tiles.append(Tile(part_of(x_CIKHW[c, i], part, factor), alt, f"{row['class']} · {number}"))
    return tiles


def _tiles(tiles: Sequence[Tile], total: int, note: str = "") -> None:
    st.html(strip_html(tiles))
    cut = f"The first {len(tiles)} of {total} are shown. " if total > len(tiles) else ""
    if cut or note:
        st.caption(cut + note)
