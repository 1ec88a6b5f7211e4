"""The images of the samples that are picked out in the maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.embed.map_table import Selection, group_counts, is_selected
from fairdd_core.plots.images import Tile, part_of, strip_html
from fairdd_core.plots.theme import arm_label, arm_styles, group_css
from pages.ui.common import errors
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import folded, numbers
from pages.ui.common.html import arm_heading, legend
from pages.ui.common.loading import training_set_of
from pages.ui.common.runs import RunView
from pages.ui.maps import selection as map_choice

MOST = 24
"""Images that are shown of each kind."""


def strip(view: RunView, candidates: pd.DataFrame, chosen: Selection, at: int) -> None:
    """Draw what is picked out: how many of each group, and their images.

    Args:
        view: the run.
        candidates: the points that can be picked out, at the iteration that is shown.
        chosen: those that are.
        at: the iteration of the synthetic images.
    """
    if not chosen:
        st.caption(
            "Nothing lies within what you drew."
            if chosen.region
            else "Draw round points in any map, or click one, to see which images they are."
        )
        return
    found = candidates[is_selected(candidates, chosen)]
    real = found[found["kind"] == "real"].sort_values(["class_id", "group_id", "index"])
    with st.container(border=True, key="map-strip"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            shown = int((candidates["kind"] == "real").sum())
            st.markdown(
                f"**Picked out: {len(real)} of the {shown} real samples in the map**{_whose(candidates)}"
            )
            st.button(
                "Clear selection",
                icon=":material/close:",
                key="map-clear",
                on_click=map_choice.clear,
                help="Shows all points alike again.",
            )
        _counts(view, candidates, chosen)
        _real(view, real)
        _synthetic(view, candidates, found, at)
        columns = ["kind", "arm", "class", "group", "index"]
        table = found[columns].rename(columns={"index": "number"})
        folded("map-chosen", lambda: numbers(table, key="map-chosen-table"), "Table of what is picked out")


def _whose(candidates: pd.DataFrame) -> str:
    names = candidates["class"].unique()
    return f", class {escape_markdown(str(names[0]))}" if len(names) == 1 else ""


def _counts(view: RunView, candidates: pd.DataFrame, chosen: Selection) -> None:
    """Say for every group, k of n."""
    table = group_counts(candidates, chosen, view.labels.groups)
    palette = [*group_css(view.labels.colors, len(view.labels.groups)), "#808080"]
    entries = [
        ("chip", color, f"{row.group} {row.k} of {row.n}")
        for color, row in zip(palette, table.itertuples(), strict=False)
    ]
    st.html(legend(entries))


def _real(view: RunView, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    train, why = training_set_of(view)
    if train is None:
        st.caption(why)
        return
    first = rows.head(MOST)
    colors = [*group_css(view.labels.colors, len(view.labels.groups)), "#808080"]
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


@errors.guarded
def _synthetic(view: RunView, candidates: pd.DataFrame, found: pd.DataFrame, at: int) -> None:
    """Draw the synthetic images of each arm that were picked out, as they are at the iteration."""
    made = found[found["kind"] == "synthetic"]
    if made.empty:
        return
    styles, images = arm_styles(view.arms), view.folder.snapshot(at)
    factor = view.spec.distill.factor
    per_row = min(3, max(2, len(styles)))
    st.markdown(f"Synthetic images after {at} iterations; below each: class · number")
    for column, arm in zip(st.columns(per_row) * len(styles), styles, strict=False):
        own = made[made["arm"] == arm].sort_values("index")
        n = int(((candidates["kind"] == "synthetic") & (candidates["arm"] == arm)).sum())
        with column:
            st.html(arm_heading(styles[arm]))
            st.caption(f"{len(own)} of {n} synthetic images")
            if arm in images and len(own):
                _tiles(_pictures(images[arm], own.head(MOST), factor, arm), len(own))


def _pictures(x_CIKHW: np.ndarray, rows: pd.DataFrame, factor: int, arm: str) -> list[Tile]:
    tiles = []
    for row in rows.to_dict("records"):
        image, part = divmod(int(row["index"]), factor**2)
        c, i = divmod(image, x_CIKHW.shape[1])
        number = f"{i + 1}" if factor == 1 else f"{i + 1}, part {part + 1}"
        alt = f"synthetic image {number} of {arm_label(arm)}, class {row['class']}"
        tiles.append(Tile(part_of(x_CIKHW[c, i], part, factor), alt, f"{row['class']} · {number}"))
    return tiles


def _tiles(tiles: Sequence[Tile], total: int, note: str = "") -> None:
    st.html(strip_html(tiles))
    cut = f"First {len(tiles)} of {total} shown. " if total > len(tiles) else ""
    if cut or note:
        st.caption(cut + note)
