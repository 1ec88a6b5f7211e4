"""The data view: the training set that the controls describe, its cells and example images."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.tables import counts_table
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.card import EMBEDDED, DatasetCard
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.registry import DATASETS, card_of, crossed_test
from fairdd_core.errors import UserError
from fairdd_core.plots.heatmap import counts_heatmap
from fairdd_core.plots.images import grid_html, sample_tiles
from fairdd_core.plots.theme import group_css
from fairdd_core.workspace import Workspace
from pages.ui.common.cache import data_files, split_of, stamp
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import show_figure, show_table
from pages.ui.controls.dataset import dataset_chosen
from pages.ui.controls.settings import key


def data_view(spec: DataSpec, seed: int) -> None:
    """Draw the training set that the controls describe."""
    data_dir = Workspace.default().data
    try:
        card = card_of(spec.dataset, data_dir)
        if card.missing(data_dir):
            _missing(spec.dataset, card, data_dir)
            return
        _prepare(spec.dataset, stamp(*data_files(spec, data_dir)), card, data_dir)
        split = split_of(spec, seed)
        # Wrong labels and unknown groups come after images were left out.
        cut = split_of(spec.model_copy(update={"label_noise": 0.0, "known_share": 1.0}), seed)
    except (UserError, OSError) as error:
        st.error(f"This data set cannot be shown. {escape_markdown(error)}", icon=":material/error:")
        return
    note = escape_markdown(card.note(data_dir))
    st.caption(f"The training set for the settings in the sidebar, whichever run is open. {note}".strip())
    _summary(split, crossed=crossed_test(spec))
    _left_out(cut)
    for column, draw in zip(st.columns(2, gap="large"), (_counts, _tiles), strict=True):
        with column:
            draw(split.train, card)


def _counts(train: GroupedDataset, card: DatasetCard) -> None:
    table = counts_table(train.counts_CG(), train.class_names, train.group_names)
    synthetic = card.synthetic_groups
    skew = "**Skew** moves images to the diagonal." if synthetic else "**Skew** leaves some of them out."
    st.header("Training images per class and group", anchor=False)
    show_figure(
        counts_heatmap(table, train.group_colors),
        table,
        key="counts",
        alt="Training images by class and group; the shade is the share of the class.",
        caption=f"Numbers are counts; the shade is the share of the class. {skew}",
        percent=("share",),
    )


def _tiles(train: GroupedDataset, card: DatasetCard) -> None:
    st.header("Example images", anchor=False)
    shape = train.num_classes, train.num_groups
    tiles, present = sample_tiles(train.x_NCHW, train.y_N, train.column_N, *shape)
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
    unknown = "Images of unknown group are in no row. " if train.has_unknown else ""
    effect = "sets how different the groups look" if card.synthetic_groups else "tints them"
    st.caption(
        "One image per class and group, a row for each group; a gap means that the cell is empty. "
        f"{unknown}**Separation** {effect}."
    )


def _summary(split: Split, *, crossed: bool) -> None:
    """Say how large the training and test sets and their cells are."""
    train, train_CG, test_CG = split.train, split.train.counts_CG(), split.test.counts_CG()
    smallest, empty, known = int(train_CG.min()), int((train_CG == 0).sum()), train_CG.sum()
    cells = f"The smallest of the {train_CG.size} cells has {smallest} image{'' if smallest == 1 else 's'}."
    if empty:
        cells = f"{empty} of the {train_CG.size} cells {'is' if empty == 1 else 'are'} empty."
    low, high = test_CG.min(), test_CG.max()
    balanced = "balanced" if np.ptp(test_CG, axis=1).max() <= 1 else "not balanced"
    sizes = f"{low}" if low == high else f"{low} to {high}"
    test = (
        f"The groups of the test set are {balanced}: {sizes} image{'' if high == 1 else 's'} in every cell."
    )
    test += _shown(split, crossed)
    unknown = f" The group of {len(train) - known:,} of them is unknown." if known < len(train) else ""
    shares_C = train_CG.max(axis=1) / np.maximum(train_CG.sum(axis=1), 1)
    share = f"{train_CG.max(axis=1).sum() / known:.0%}"
    if shares_C.max() - shares_C.min() >= 0.02:
        share = f"{shares_C.min():.0%} to {shares_C.max():.0%}"
    text = f"**{len(train):,} training images**, in each class {share} of one group.{unknown} {cells} {test}"
    st.markdown(_thin(text))


def _shown(split: Split, crossed: bool) -> str:
    """Say how many pictures are tested, and in how many of the synthetic groups each is."""
    if split.test_pictures is None:
        return ""
    pictures = len(split.test) // (split.test.num_groups if crossed else 1)
    some = f"a fixed draw of {pictures:,} of the {split.test_pictures:,}"
    which = some if pictures < split.test_pictures else f"{pictures:,}"
    return f" It shows {which} test pictures, each in {'every' if crossed else 'one'} group."


def _left_out(split: Split) -> None:
    """Say how many images the skew leaves out, and of which cells."""
    if split.dropped_CG is None or not (dropped := int(split.dropped_CG.sum())):
        return
    kept_CG, train = split.train.counts_CG(), split.train
    total = dropped + len(train)
    st.markdown(_thin(f"To reach the skew, {dropped:,} of {total:,} training images are left out."))
    with st.expander("Images left out", icon=":material/filter_alt:"):
        table = counts_table(split.dropped_CG, train.class_names, train.group_names)[["class", "group"]]
        counts = {"available": kept_CG + split.dropped_CG, "kept": kept_CG, "left out": split.dropped_CG}
        show_table(table.assign(**{name: n_CG.ravel() for name, n_CG in counts.items()}), key="left-out")


def _thin(text: str) -> str:
    """Return text with thin spaces in large numbers."""
    return re.sub(r"(?<=\d),(?=\d{3})", "\u202f", text)


def _missing(name: str, card: DatasetCard, data_dir: Path) -> None:
    """Say which files to fetch and where to put them; offer the data set that comes with the explorer."""
    st.warning(f"The files of **{escape_markdown(card.title)}** are missing.", icon=":material/download:")
    st.markdown(f"Put them into `{data_dir}`. {card.fetch}")
    if card.torchvision:
        also = f" It needs the package `{card.needs}`." if card.needs else ""
        st.markdown(f"Or download them with this command; after an interruption, run it again.{also}")
        st.code(f"python -m fairdd_core data download {name}", language="bash")
    rows = [
        {
            "file or folder": file.path,
            "archive": file.archive or "none",
            "bytes": file.size or None,
            "md5": file.md5 or "unknown",
            "present": "no" if file in card.missing(data_dir) else "yes",
        }
        for file in card.files
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        key="missing-files",
        placeholder="unknown",
        column_config={"bytes": st.column_config.NumberColumn(format="localized")},
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        title = DATASETS[EMBEDDED].title
        st.button(
            f"Use {title} instead",
            icon=":material/undo:",
            type="primary",
            key="use-embedded",
            on_click=_use_embedded,
            help="It comes with the explorer and needs no files.",
        )
        if card.torchvision:
            st.page_link("data.py", label="Download on the Data page", icon=":material/dataset:")


def _use_embedded() -> None:
    st.session_state[key("dataset")] = EMBEDDED
    dataset_chosen()


def _prepare(name: str, version: tuple[int, ...], card: DatasetCard, data_dir: Path) -> None:
    """Read and resize the images of a data set before it is loaded, which takes long the first time."""
    if card.prepare is None or st.session_state.get("prepared") == (name, version):
        return
    place = st.empty()

    def show_progress(done: int, total: int, note: str) -> None:
        place.progress(done / total, f"{note}: {done:,} of {total:,}")

    card.prepare(data_dir, show_progress)
    place.empty()
    st.session_state["prepared"] = (name, version)
