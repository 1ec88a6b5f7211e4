"""What was found in a set: its problems, the images of every cell, and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from fairdd_core.analysis.tables import counts_table
from fairdd_core.data.custom.problems import problems_table
from fairdd_core.data.custom.validation import ValidationReport
from fairdd_core.plots.heatmap import counts_heatmap
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import group_css
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import show
from pages.ui.datasets.narrative import SHOWN_CLASSES, SHOWN_GROUPS, cells_warning, patches, verdict

_ROWS = 1000


def report_view(found: ValidationReport) -> None:
    """Draw an inspection."""
    (st.success if found.valid else st.error)(
        verdict(found), icon=":material/task_alt:" if found.valid else ":material/error:"
    )
    if found.problems:
        problems_view(found)
    if found.cells is not None:
        cells = found.cells
        cells_view(
            cells.class_names,
            cells.group_names,
            cells.counts_CG(test=False),
            cells.counts_CG(test=True),
            found.tiles,
            key="found",
        )


def problems_view(found: ValidationReport) -> None:
    """Draw the problems as a table; all of them can be saved."""
    table = problems_table(found.problems)
    with st.expander(
        f"Problems and notes ({len(table)})", icon=":material/rule:", expanded=bool(found.problems.fatal)
    ):
        st.dataframe(
            table.head(_ROWS),
            hide_index=True,
            width="stretch",
            key="problems",
            height=min(420, 38 + 35 * len(table)),
            column_config={
                "": st.column_config.TextColumn(width=50, help="“stops” must be solved; a “note” need not."),
                "line": st.column_config.NumberColumn(width=60, help="Line of the table, the header is 1."),
                "file": st.column_config.TextColumn(width="small"),
                "problem": st.column_config.TextColumn(width=560),
                "kind": None,
            },
            placeholder="",
        )
        more = f"The first {_ROWS:,} are shown. " if len(table) > _ROWS else ""
        st.download_button(
            "Save all as CSV",
            lambda: table.to_csv(index=False).encode(),
            file_name="problems.csv",
            mime="text/csv",
            key="save-problems",
            icon=":material/download:",
            on_click="ignore",
            help=f"{more}The file has every problem with its file and line.",
        )


def cells_view(
    classes: Sequence[str],
    groups: Sequence[str],
    train_CG: np.ndarray,
    test_CG: np.ndarray,
    tiles: Mapping[tuple[int, int], Sequence[np.ndarray]],
    *,
    key: str,
) -> None:
    """Draw the images of every cell: how many, and what they look like.

    Args:
        classes: their names, in index order.
        groups: their names, in index order.
        train_CG: numbers of images to train on.
        test_CG: numbers of images to test.
        tiles: (class, group) -> uint8 images (3, S, S).
        key: unique on the page.
    """
    if warning := cells_warning(train_CG, test_CG):
        st.warning(warning, icon=":material/warning:")
    left, right = st.columns(2, gap="large")
    for place, counts_CG, what in ((left, train_CG, "to train on"), (right, test_CG, "to test")):
        with place:
            st.header(f"Images {what}", anchor=False)
            table = counts_table(counts_CG, classes, groups)
            show(
                counts_heatmap(table),
                table,
                key=f"{key}-{what}",
                alt=f"Images {what} by class and group, {counts_CG.min()} to {counts_CG.max()} a cell.",
                percent=("share",),
            )
    _tiles_view(classes, groups, tiles)


def _tiles_view(
    classes: Sequence[str],
    groups: Sequence[str],
    tiles: Mapping[tuple[int, int], Sequence[np.ndarray]],
) -> None:
    st.header("What they look like", anchor=False)
    side = next(iter(tiles.values()))[0].shape[-1] if tiles else 32
    pictures, present = patches(tiles, len(classes), len(groups), side)
    shown = classes[:SHOWN_CLASSES]
    st.html(
        grid_html(
            pictures,
            groups[:SHOWN_GROUPS],
            alt=f"Up to four images of each class (columns: {', '.join(shown)}) in each group (rows).",
            present_RC=present,
            swatches=group_css((), len(groups))[:SHOWN_GROUPS],
            max_width=min(1000, 160 + 110 * len(shown)),
        )
    )
    of = f" (the first {len(shown)} of {len(classes)})" if len(shown) < len(classes) else ""
    st.caption(
        f"Up to four images of every cell, as the networks will see them. Columns are the classes{of}: "
        f"{escape_markdown(', '.join(shown))}. A gap means that there are no images."
    )
