"""The data before a run: how biased it is, and what it looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from fairdd_core.data.grouped import Split
from fairdd_core.data.registry import load
from fairdd_core.data.spec import DataSpec
from fairdd_core.errors import UserError
from fairdd_core.plots.data import counts_heatmap, counts_table, sample_tiles
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import group_css
from fairdd_core.runs.home import Home
from pages.ui.figures import show


@st.cache_resource(max_entries=4, show_spinner="Loading the data…")
def _load(spec_json: str, seed: int, data_dir: str) -> Split:
    return load(DataSpec.model_validate_json(spec_json), seed, Path(data_dir))


def data_view(spec: DataSpec, seed: int) -> None:
    """Draw the training set that the controls describe."""
    try:
        train = (split := _load(spec.model_dump_json(), seed, str(Home.default().data))).train
    except UserError as error:
        st.error(f"This data set cannot be shown. {error}", icon=":material/error:")
        return
    counts_CG = train.counts_CG()
    table = counts_table(counts_CG, train.class_names, train.group_names)
    _sentence(spec, counts_CG, split.test.counts_CG())
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("How many training images", anchor=False)
        show(
            counts_heatmap(table, train.group_colors),
            table,
            key="counts",
            alt=f"Images by class and group; the largest group of a class has {spec.skew:.0%} of it.",
            caption="Numbers are images, shade is their share. **Skew** moves them to the diagonal.",
            percent=("share",),
        )
    with right:
        st.subheader("What they look like", anchor=False)
        tiles, present = sample_tiles(train.x_NCHW, train.y_N, train.a_N, train.num_classes, train.num_groups)
        st.html(
            grid_html(
                tiles,
                train.group_names,
                alt=f"One image of every class (columns) in each of {train.num_groups} groups (rows).",
                present_RC=present,
                swatches=group_css(train.group_colors, train.num_groups),
                max_width=520,
            )
        )
        st.caption(
            "One image of each class, a row per group; a gap means there is none. "
            "**Separation** decides how different the groups look."
        )


def _sentence(spec: DataSpec, train_CG: np.ndarray, test_CG: np.ndarray) -> None:
    smallest, empty = int(train_CG.min()), int((train_CG == 0).sum())
    cells = f"The smallest of the {train_CG.size} cells has {smallest} image{'' if smallest == 1 else 's'}"
    if empty:
        cells = f"{empty} of the {train_CG.size} cells {'is' if empty == 1 else 'are'} empty"
    test = f"{test_CG.min()}" if test_CG.min() == test_CG.max() else f"{test_CG.min()} to {test_CG.max()}"
    majority = train_CG.max(axis=1).sum() / train_CG.sum()
    st.markdown(
        f"**{train_CG.sum():,} training images**, in each class {majority:.0%} "
        f"of one group. {cells}. The test set is balanced: {test} images in every cell.".replace(
            ",", "\u202f", 1
        )
    )
