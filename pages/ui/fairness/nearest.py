"""What a test image resembles: the synthetic images that are nearest to it."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.neighbours import nearest_pixels, nearest_table
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.plots.error_analysis import Neighbours, nearest_html
from fairdd_core.plots.images import Tile
from fairdd_core.plots.theme import ArmStyle, arm_label, arm_styles
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import folded, numbers
from pages.ui.common.html import marker_svg, table_html
from pages.ui.common.loading import nearest_of, pictures_of
from pages.ui.common.runs import RunView
from pages.ui.fairness.test_images import Cell, image_control

FEATURES, PIXELS = "Features", "Pixels"
_BY = "behind-by"
COMPARED = 200
"""Test images of a cell that are compared with synthetic ones, at most: the first ones."""
_PIXEL_WORDS = (
    "Distances are root mean squared differences of the levels of red, green and blue, from 0 to 1. "
    "No network is asked: this is a hint at the reason, not a proof."
)


@dataclass(frozen=True)
class Behind:
    """What is looked at.

    Attributes:
        arm: whose network answered.
        class_id: index of the true class.
        test: the test images.
        predicted_N: what each was taken for.
        cells: the worst group's and the best group's.
    """

    arm: str
    class_id: int
    test: GroupedDataset
    predicted_N: np.ndarray
    cells: Sequence[Cell]

    def rows(self, cell: Cell) -> np.ndarray:
        """Return the rows of a cell's test images, as many as are compared."""
        return np.flatnonzero((self.test.y_N == self.class_id) & (self.test.a_N == cell.group))[:COMPARED]

    def query(self) -> np.ndarray:
        """Return the rows of all test images that are compared: these, and all that are drawn."""
        return np.unique(
            np.concatenate([*(self.rows(cell) for cell in self.cells), *map(Cell.shown, self.cells)])
        )


@dataclass(frozen=True)
class Alike:
    """The synthetic images of an arm that are nearest to the test images.

    Attributes:
        place_QR: nearest first, -1 for none.
        distance_QR: to them.
        x_MCHW: all synthetic images, uint8.
        y_M: their classes.
    """

    place_QR: np.ndarray
    distance_QR: np.ndarray
    x_MCHW: np.ndarray
    y_M: np.ndarray

    @property
    def first_Q(self) -> np.ndarray:
        """Class of the nearest one; -1 for none."""
        first_Q = self.place_QR[:, 0]
        return np.where(first_Q >= 0, self.y_M[first_Q], -1)


def nearest_view(view: RunView, behind: Behind, names: Mapping[int, str]) -> None:
    """Draw how often the nearest synthetic image is of the right class, and the nearest ones of an image.

    Args:
        view: the run.
        behind: what is looked at.
        names: of the images that can be chosen, by row.
    """
    st.subheader("What these images resemble", anchor=False)
    query_Q = behind.query()
    both = {by: found for by in (FEATURES, PIXELS) if (found := _alike(view, behind, query_Q, by))}
    if not both:
        st.caption("This run has no finished synthetic images to compare with.")
        return
    by = _by_control(view, behind, both, query_Q)
    if FEATURES not in both:
        st.caption(
            f"Nearest by features {'come with the maps' if view.live else 'were not noted by this run'}."
        )
    left, right = st.columns(2, gap="large")
    with left:
        _how_often(view, both[by], behind, query_Q)
    with right:
        _one_image(view, both[by], behind, query_Q, names)
    st.caption(space_words(view) if by == FEATURES else _PIXEL_WORDS)


def _by_control(
    view: RunView, behind: Behind, both: Mapping[str, Mapping[str, Alike]], query_Q: np.ndarray
) -> str:
    """Draw the choice of the comparison; at first it is the one whose neighbours explain more answers."""
    worst = np.isin(query_Q, behind.rows(behind.cells[0]))
    explained = {
        by: int((found[behind.arm].first_Q == behind.predicted_N[query_Q])[worst].sum())
        for by, found in both.items()
        if behind.arm in found
    }
    if st.session_state.get(_BY) not in both:
        st.session_state[_BY] = max(both, key=lambda by: explained.get(by, 0))
    by = st.segmented_control(
        "Compare by",
        list(both),
        required=True,
        key=_BY,
        persist_state="session",
        help="What makes a synthetic image near. **Features**: what a network sees in both, which is mostly "
        "their shape. **Pixels**: the bare levels, in which colour counts as much as shape.",
    )
    if explained:
        told = " and ".join(f"**{k} of {worst.sum()}** by {by.lower()}" for by, k in explained.items())
        group = escape_markdown(view.labels.groups[behind.cells[0].group])
        st.markdown(
            f"How many answers to images of {group} are the class of the nearest synthetic image of "
            f"{arm_label(behind.arm)}: {told}. The more, the better these neighbours "
            "explain the answers."
        )
    return str(by)


def _alike(view: RunView, behind: Behind, query_Q: np.ndarray, by: str) -> dict[str, Alike]:
    """Return the nearest synthetic images of every arm that has finished ones."""
    pictures, test = pictures_of(view), behind.test
    found = {}
    if by == PIXELS:
        x_QCHW = np.asarray(test.x_NCHW[query_Q])
        for arm, (x_MCHW, y_M) in pictures.items():
            if x_MCHW.shape[1:] != x_QCHW.shape[1:]:  # the data set was read anew, in another size
                continue
            found[arm] = Alike(*nearest_pixels(x_QCHW, x_MCHW), x_MCHW, y_M)
    else:
        for arm, noted in nearest_of(view).items():
            x_MCHW, y_M = pictures.get(arm, (np.empty(0), np.empty(0)))
            if len(noted.synthetic_NR) == len(test) and noted.synthetic_NR.max(initial=-1) < len(y_M):
                places, distances = noted.synthetic_NR[query_Q], noted.synthetic_distance_NR[query_Q]
                found[arm] = Alike(places, distances, x_MCHW, y_M)
    return {arm: found[arm] for arm in view.arms if arm in found}


def space_words(view: RunView) -> str:
    """Say in which feature space the distances are, in Markdown."""
    name, features = view.spec.evaluation.network.name, view.spec.embedding.features
    title = NETWORKS[name].title if name in NETWORKS else escape_markdown(name)
    trained = {"real": "trained on all real images", "random": "with random weights"}
    how = trained.get(features, f"trained on the images of {escape_markdown(arm_label(features))}")
    return (
        f"Distances are Euclidean between the features of one network, a {title} {how}: that of the maps. "
        "The networks that gave the answers are others: this is a hint at the reason, not a proof."
    )


def _one_image(
    view: RunView,
    found: Mapping[str, Alike],
    behind: Behind,
    query_Q: np.ndarray,
    names: Mapping[int, str],
) -> None:
    row, test, classes = image_control(names), behind.test, view.labels.classes
    styles, name = arm_styles(view.arms), classes[behind.class_id]
    told = f"Test image: class {name}, group {view.labels.groups[int(test.a_N[row])]}"
    q = int(np.flatnonzero(query_Q == row)[0])
    shown = [_neighbours(styles[arm], alike, q, behind.class_id, classes) for arm, alike in found.items()]
    st.html(nearest_html(Tile(np.asarray(test.x_NCHW[row]), told, f"class {name}"), shown))
    st.caption("Nearest first. Below each: its class, ✓ if it is that of the test image, and the distance.")


def _how_often(view: RunView, found: Mapping[str, Alike], behind: Behind, query_Q: np.ndarray) -> None:
    classes, labels = view.labels.classes, view.labels
    groups = {
        labels.groups[cell.group]: np.flatnonzero(np.isin(query_Q, behind.rows(cell)))
        for cell in behind.cells
    }
    first = {arm: (alike.first_Q, alike.distance_QR[:, 0]) for arm, alike in found.items()}
    table = nearest_table(first, groups, behind.class_id, classes)
    name = classes[behind.class_id]
    st.markdown(f"Test images whose nearest synthetic image is of class {escape_markdown(name)}, too:")
    st.html(_how_often_html(table, f"How often the nearest synthetic image is of class {name}"))
    folded("behind-nearest", lambda: numbers(table, key="behind-nearest-table", percent=("share",)))


def _how_often_html(table: pd.DataFrame, label: str) -> str:
    groups = list(dict.fromkeys(table["group"]))
    head = "<td></td>" + "".join(f"<th scope='col'>{html.escape(group)}</th>" for group in groups)
    rows = []
    for arm, style in arm_styles(list(dict.fromkeys(table["arm"]))).items():
        cells = "".join(f"<td>{_cell(row)}</td>" for row in table[table["arm"] == arm].to_dict("records"))
        mark = marker_svg(style.symbol, style.color)
        rows.append(f"<tr><th scope='row'>{mark} {html.escape(style.label)}</th>{cells}</tr>")
    return f'<div class="fx-behind">{table_html(head, "".join(rows), label)}</div>'


def _cell(row: Mapping[Hashable, Any]) -> str:
    if not row["n"]:
        return "undefined"
    most = f"<small>{row['of them']} nearest to {html.escape(row['else mostly'])}</small>"
    far = f"<small>median distance {row['median distance']:.3g}</small>"
    return f"<b>{row['own class']}</b> of {row['n']}{most if row['of them'] else ''}{far}"


def _neighbours(
    style: ArmStyle, alike: Alike, q: int, class_id: int, class_names: Sequence[str]
) -> Neighbours:
    there = alike.place_QR[q] >= 0
    place_R = alike.place_QR[q][there]
    classes = alike.y_M[place_R].tolist()
    return Neighbours(
        style,
        alike.x_MCHW[place_R],
        [class_names[c] for c in classes],
        [c == class_id for c in classes],
        alike.distance_QR[q][there].tolist(),
    )
