"""The test images behind a gap: what the worst group's were taken for, beside the best group's."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.error_analysis import prediction_table, rows_by_prediction
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.plots.error_analysis import COLUMNS, Answer, prediction_figure
from fairdd_core.plots.theme import group_css
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import numbers, show
from pages.ui.common.html import legend
from pages.ui.common.runs import Labels
from pages.ui.fairness.gap_choice import custom_data

IMAGE = "behind-image"
ALL, MOST = 5 * COLUMNS, 2 * COLUMNS
"""Images of a cell that are all drawn, and how many of each answer there are in a larger cell."""


@dataclass(frozen=True)
class Cell:
    """The test images of one class and group, as one network answered.

    Attributes:
        group: index of the group.
        role: ``Worst`` or ``Best``.
        table: ``prediction_table``.
        answers: its answers with their images; empty where there are no images to show.
    """

    group: int
    role: str
    table: pd.DataFrame
    answers: Sequence[Answer] = ()

    @property
    def n(self) -> int:
        """Test images of the cell."""
        return int(self.table["images"].sum())

    @property
    def right(self) -> int:
        """How many of them were recognised."""
        return int(self.table.loc[self.table["right"], "images"].sum())

    def shown(self) -> list[int]:
        """Rows of the images that are drawn, in their order."""
        return [int(row) for answer in self.answers for row in answer.rows_N]


def cell_of(
    role: str,
    place: tuple[int, int],
    counts_GCC: np.ndarray,
    labels: Labels,
    test: GroupedDataset | None = None,
    predicted_N: np.ndarray | None = None,
) -> Cell:
    """Return a cell, with its images where test set and answers are there.

    Args:
        role: ``Worst`` or ``Best``.
        place: index of the class and of the group.
        counts_GCC: of the network.
        labels: names of classes and groups.
        test: the test images.
        predicted_N: what each was taken for.
    """
    class_id, group = place
    table = prediction_table(counts_GCC, class_id, group, labels.classes)
    if test is None or predicted_N is None:
        return Cell(group, role, table)
    rows = rows_by_prediction(predicted_N, test.y_N, test.a_N, class_id, group)
    answers = [_answer(row, rows[row["class_id"]]) for row in table.to_dict("records")]
    return Cell(group, role, table, answers)


def _answer(row: Mapping[Hashable, Any], rows_N: np.ndarray) -> Answer:
    """Return one answer of ``prediction_table`` with as many of its images as there is room for."""
    name = html.escape(str(row["taken for"]), quote=False)
    words = "✓ recognised" if row["right"] else f"✗ taken for <b>{name}</b>"
    shown_N = rows_N if row["n"] <= ALL else rows_N[:MOST]
    cut = f", {len(shown_N)} shown" if len(shown_N) < len(rows_N) else ""
    names = [f"test image {n}, taken for {row['taken for']}" for n in shown_N]
    return Answer(f"{words}: {row['images']} of {row['n']}{cut}", shown_N, names)


def draw_cell(cell: Cell, labels: Labels, class_id: int, test: GroupedDataset | None, key: str) -> None:
    """Draw a cell: in words, its images if there are any, and the numbers.

    Args:
        cell: which one.
        labels: names of classes and groups.
        class_id: index of the true class.
        test: the test images.
        key: of the figure, unique for what it shows.
    """
    color = group_css(labels.colors, len(labels.groups))[cell.group]
    group, name = labels.groups[cell.group], labels.classes[class_id]
    st.html(legend([("chip", color, f"{cell.role} group: {group}")]))
    st.markdown(f"**{cell.right} of {cell.n}** test images of class {escape_markdown(name)} recognised")
    table = cell.table.drop(columns=["class_id", "right"])
    if not cell.answers or test is None:
        numbers(table, key=f"{key}-table", percent=("share",))
        return
    rows = table.to_dict("records")
    taken = ", ".join(f"{row['images']} of {row['n']} for {row['taken for']}" for row in rows)
    fig = prediction_figure(np.asarray(test.x_NCHW[cell.shown()]), cell.answers, st.session_state.get(IMAGE))
    show(
        fig,
        table,
        key=key,
        alt=f"Test images of class {name}, group {group}, by what they were taken for: {taken}.",
        title=f"Class {name}, {group}: taken for",
        percent=("share",),
        clicked=_on_click(key),
    )


def _on_click(chart: str) -> Callable[[], None]:
    def clicked() -> None:
        if place := custom_data(chart):
            st.session_state[IMAGE] = int(place[0])

    return clicked


def image_names(cells: Sequence[Cell], labels: Labels, class_id: int) -> dict[int, str]:
    """Return the images that are drawn, by row, and settle which one of them is chosen.

    Args:
        cells: what is drawn.
        labels: names of classes and groups.
        class_id: index of the true class.
    """
    names = {}
    for cell in cells:
        for answer in cell.answers:
            for row, name in zip(answer.rows_N, answer.names, strict=True):
                names[int(row)] = f"{labels.groups[cell.group]} {labels.classes[class_id]}: {name}"
    if names and st.session_state.get(IMAGE) not in names:
        st.session_state[IMAGE] = next(iter(names))
    return names


def image_control(names: Mapping[int, str]) -> int:
    """Draw the choice of one of the images that are drawn, and return its row."""
    row = st.selectbox(
        "Test image",
        list(names),
        format_func=names.__getitem__,
        key=IMAGE,
        help="One of the images above, whose nearest synthetic images are shown. A click on an image chooses "
        "it, too.",
        width=460,
    )
    return int(row)
