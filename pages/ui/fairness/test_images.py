"""The test images of the worst and the best group of a class, by prediction."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.error_analysis import prediction_table, rows_by_prediction
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.plots.error_analysis import COLUMNS, Answer, prediction_figure
from fairdd_core.plots.theme import group_css, literal
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import show_figure, show_table
from pages.ui.common.html import legend
from pages.ui.common.runs import Labels

IMAGE = "test-image"
ALL, MOST = 5 * COLUMNS, 2 * COLUMNS
"""The largest cell of which all images are drawn, and how many per prediction are drawn of larger ones."""


@dataclass(frozen=True)
class Cell:
    """The test images of one class and group, with the predictions of one network.

    Attributes:
        group: index of the group.
        role: ``Worst`` or ``Best``.
        table: ``prediction_table``.
        answers: the images by prediction; empty where images or predictions are missing.
    """

    group: int
    role: str
    table: pd.DataFrame
    answers: Sequence[Answer] = ()

    def rows(self) -> list[int]:
        """Return the rows of the images that are drawn, in their order."""
        return [int(row) for answer in self.answers for row in answer.rows_N]


def cell_of(
    role: str,
    place: tuple[int, int],
    counts_GCC: np.ndarray,
    labels: Labels,
    test: GroupedDataset | None = None,
    predicted_N: np.ndarray | None = None,
) -> Cell:
    """Return a cell, with its images where the test set and the predictions are available.

    Args:
        role: ``Worst`` or ``Best``.
        place: index of the class and of the group.
        counts_GCC: of the network.
        labels: names of classes and groups.
        test: the test set.
        predicted_N: predicted class of each test image.
    """
    class_id, group = place
    table = prediction_table(counts_GCC, class_id, group, labels.classes)
    if test is None or predicted_N is None:
        return Cell(group, role, table)
    rows = rows_by_prediction(predicted_N, test.y_N, test.a_N, class_id, group)
    answers = [_answer(row, rows[row["class_id"]]) for row in table.to_dict("records")]
    return Cell(group, role, table, answers)


def _answer(row: Mapping[Hashable, Any], rows_N: np.ndarray) -> Answer:
    """Return a row of ``prediction_table`` with as many of its images as there is room for."""
    name = literal(str(row["predicted as"]))
    title = "✓ correct" if row["right"] else f"✗ predicted as <b>{name}</b>"
    shown_N = rows_N if row["n"] <= ALL else rows_N[:MOST]
    cut = f", {len(shown_N)} shown" if len(shown_N) < len(rows_N) else ""
    names = [f"test image {n}, predicted as {row['predicted as']}" for n in shown_N]
    return Answer(f"{title}: {row['images']} of {row['n']}{cut}", shown_N, names)


def draw_cell(cell: Cell, labels: Labels, class_id: int, test: GroupedDataset | None, key: str) -> None:
    """Draw a cell: the number of correct predictions, the images if there are any, and a table.

    Args:
        cell: the cell.
        labels: names of classes and groups.
        class_id: index of the true class.
        test: the test set.
        key: of the figure, unique for what it shows.
    """
    color = group_css(labels.colors, len(labels.groups))[cell.group]
    group, name = labels.groups[cell.group], labels.classes[class_id]
    st.html(legend([("chip", color, f"{cell.role} group: {group}")]))
    correct, n = cell.table.loc[cell.table["right"], "images"].sum(), cell.table["images"].sum()
    st.markdown(f"**{correct} of {n}** test images of class {escape_markdown(name)} classified correctly")
    table = cell.table.drop(columns=["class_id", "right"])
    if not cell.answers or test is None:
        show_table(table, key=f"{key}-table", percent=("share",))
        return
    predictions = ", ".join(
        f"{row['images']} of {row['n']} as {row['predicted as']}" for row in table.to_dict("records")
    )
    show_figure(
        prediction_figure(np.asarray(test.x_NCHW[cell.rows()]), cell.answers, st.session_state.get(IMAGE)),
        table,
        key=key,
        alt=f"Test images of class {name}, group {group}, by predicted class: {predictions}.",
        title=f"Class {name}, {group}: predicted as",
        percent=("share",),
        clicked=partial(_choose_clicked, key),
    )


def clicked_data(chart: str) -> list[Any]:
    """Return the custom data of the mark that was clicked in a figure; empty for none."""
    points = st.session_state[chart].selection.points
    data = points[0].get("customdata") if points else None
    return list(data.values() if isinstance(data, dict) else data or [])


def _choose_clicked(chart: str) -> None:
    if data := clicked_data(chart):
        st.session_state[IMAGE] = int(data[0])


def image_names(cells: Sequence[Cell], labels: Labels, class_id: int) -> dict[int, str]:
    """Return row and name of the images that are drawn, and make sure that one of them is chosen.

    Args:
        cells: that are drawn.
        labels: names of classes and groups.
        class_id: index of the true class.
    """
    names = {
        int(row): f"{labels.groups[cell.group]} {labels.classes[class_id]}: {name}"
        for cell in cells
        for answer in cell.answers
        for row, name in zip(answer.rows_N, answer.names, strict=True)
    }
    if names and st.session_state.get(IMAGE) not in names:
        st.session_state[IMAGE] = next(iter(names))
    return names
