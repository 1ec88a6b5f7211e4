"""What a set holds: the result of its validation, the images of every cell, and what they look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from fairdd_core.analysis.tables import counts_table
from fairdd_core.data.custom.options import TRUSTED_TEST, TRUSTED_TRAIN
from fairdd_core.data.custom.problems import in_order, problems_table
from fairdd_core.data.custom.validation import ValidationReport
from fairdd_core.plots.heatmap import counts_heatmap
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import group_css
from fairdd_core.report.tables import csv
from fairdd_core.units import counted
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import show_figure

_ROWS = 1000
_TOLD = 3
"""Problems that stand above the table in full length."""
_PATCH = 2
"""The picture of a cell is so many images wide and high."""
_SHOWN_CLASSES, _SHOWN_GROUPS = 12, 12
_TALL = 6
"""With more groups the pictures are smaller."""


def report_view(report: ValidationReport) -> None:
    """Draw the result of a validation."""
    if report.valid:
        st.success(verdict(report), icon=":material/task_alt:")
    else:
        first = "\n".join(
            f"- {escape_markdown(problem)}" for problem in in_order(report.problems.fatal)[:_TOLD]
        )
        st.error(f"{verdict(report)}\n\n{first}", icon=":material/error:")
    if report.problems:
        _problems_view(report)
    if (cells := report.cells) is not None:
        train_CG, test_CG = cells.counts_CG(test=False), cells.counts_CG(test=True)
        cells_view(cells.class_names, cells.group_names, train_CG, test_CG, report.tiles, key="report")


def verdict(report: ValidationReport) -> str:
    """Return in Markdown whether a set can be added, and what prevents it."""
    fatal = len(report.problems.fatal)
    notes = len(report.problems) - fatal
    also = f" There {'is' if notes == 1 else 'are'} {counted(notes, 'note')} too." if notes else ""
    if not report.valid:
        way = " Or leave out these images, under **Size and test set**."
        way = way if report.problems.only_of_images else ""
        return f"**This set cannot be added yet.** {counted(fatal, 'problem')} must be fixed.{way}{also}"
    assert report.cells is not None
    size = f"{counted(len(report.rows), 'image')}, {len(report.cells.class_names)} classes"
    return f"**Ready to add**: {size}, {len(report.cells.group_names)} groups.{also}"


def _problems_view(report: ValidationReport) -> None:
    table = problems_table(report.problems)
    with st.expander(
        f"Problems and notes ({len(table)})", icon=":material/rule:", expanded=bool(report.problems.fatal)
    ):
        st.dataframe(
            table.head(_ROWS),
            hide_index=True,
            width="stretch",
            key="problems",
            height=min(420, 38 + 35 * len(table)),
            column_config={
                "": st.column_config.TextColumn(width=50, help="“stops” must be fixed; a “note” need not."),
                "line": st.column_config.NumberColumn(width=60, help="Line of the table; the header is 1."),
                "file": st.column_config.TextColumn(width="small"),
                "problem": st.column_config.TextColumn(width=560),
                "kind": None,
            },
            placeholder="",
        )
        more = f"The first {_ROWS:,} are shown. " if len(table) > _ROWS else ""
        st.download_button(
            "Save all as CSV",
            lambda: csv(table),
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
    """Draw how many images every cell has, and a few of them.

    Args:
        classes: names in index order.
        groups: names in index order.
        train_CG: numbers of training images.
        test_CG: numbers of test images.
        tiles: (class, group) -> uint8 images (3, S, S).
        key: unique on the page.
    """
    if warning := cells_warning(train_CG, test_CG):
        st.warning(warning, icon=":material/warning:")
    left, right = st.columns(2, gap="large")
    for place, counts_CG, what in ((left, train_CG, "Training images"), (right, test_CG, "Test images")):
        with place:
            st.header(what, anchor=False)
            table = counts_table(counts_CG, classes, groups)
            show_figure(
                counts_heatmap(table),
                table,
                key=f"{key}-{what}",
                alt=f"{what} by class and group, {counts_CG.min()} to {counts_CG.max()} per cell.",
                percent=("share",),
            )
    _examples(classes, groups, tiles)


def _examples(
    classes: Sequence[str], groups: Sequence[str], tiles: Mapping[tuple[int, int], Sequence[np.ndarray]]
) -> None:
    st.header("Examples", anchor=False)
    pictures, present = patches(tiles, len(classes), len(groups))
    columns = classes[:_SHOWN_CLASSES]
    st.html(
        grid_html(
            pictures,
            groups[:_SHOWN_GROUPS],
            alt=f"Up to four images of each class (columns: {', '.join(columns)}) in each group (rows).",
            present_RC=present,
            swatches=group_css((), len(groups))[:_SHOWN_GROUPS],
            max_width=min(1000, 160 + (110 if len(groups) <= _TALL else 64) * len(columns)),
        )
    )
    of = f" (the first {len(columns)} of {len(classes)})" if len(columns) < len(classes) else ""
    st.caption(
        f"Up to four images of every cell, as the networks see them. Columns are the classes{of}: "
        f"{escape_markdown(', '.join(columns))}. An empty place means that the cell has no images."
    )


def cells_warning(train_CG: np.ndarray, test_CG: np.ndarray) -> str:
    """Return in Markdown how many cells are empty or small; empty when all are large enough."""
    parts = []
    for counts_CG, trusted, what in (
        (train_CG, TRUSTED_TRAIN, "training images"),
        (test_CG, TRUSTED_TEST, "test images"),
    ):
        empty, small = int((counts_CG == 0).sum()), int(((counts_CG > 0) & (counts_CG < trusted)).sum())
        if empty or small:
            shares = [f"{n} {word}" for n, word in ((empty, "empty"), (small, f"below {trusted}")) if n]
            parts.append(f"{what}: {' and '.join(shares)} of {counts_CG.size} cells")
    if not parts:
        return ""
    return (
        f"**Some cells are too small to trust.** {'; '.join(parts).capitalize()}. A rate near one half is "
        f"known to within ±18 points from {TRUSTED_TEST} images, to within ±31 from 10; a smaller gap "
        "between groups may be chance."
    )


def patches(
    tiles: Mapping[tuple[int, int], Sequence[np.ndarray]], classes: int, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Lay out up to four images of every cell as one picture.

    Args:
        tiles: (class, group) -> uint8 images (3, S, S).
        classes: C.
        groups: G.

    Returns:
        uint8 (G', C', 3, 2·S, 2·S) for the first groups and classes, and bool (G', C'), False where a cell is
        empty.
    """
    side = next(iter(tiles.values()))[0].shape[-1] if tiles else 32
    rows, columns = min(groups, _SHOWN_GROUPS), min(classes, _SHOWN_CLASSES)
    pictures = np.full((rows, columns, 3, _PATCH * side, _PATCH * side), 127, np.uint8)
    present = np.zeros((rows, columns), bool)
    for (c, g), images in tiles.items():
        if g >= rows or c >= columns or not images:
            continue
        present[g, c] = True
        for i in range(_PATCH * _PATCH):
            y, x = i // _PATCH * side, i % _PATCH * side
            pictures[g, c, :, y : y + side, x : x + side] = images[i % len(images)]
    return pictures, present
