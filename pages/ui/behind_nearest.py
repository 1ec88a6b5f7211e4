"""What a test image resembles: the synthetic images that are nearest to it."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.plots.fairness_behind import nearest_pixels, nearest_table
from fairdd_core.plots.fairness_images import Neighbours, nearest_html
from fairdd_core.plots.images import Tile
from fairdd_core.plots.theme import ArmStyle, arm_label, arm_styles
from pages.ui.behind_images import Cell, image_control
from pages.ui.figures import numbers
from pages.ui.run_actions import literal
from pages.ui.runs import RunView
from pages.ui.style import marker_svg, table_html

FEATURES, PIXELS = "Features", "Pixels"
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
        """Return the rows of a cell's test images."""
        return np.flatnonzero((self.test.y_N == self.class_id) & (self.test.a_N == cell.group))


@dataclass(frozen=True)
class Alike:
    """The synthetic images of an arm that are nearest to the test images of both cells.

    Attributes:
        place_QR: nearest first, -1 for none; the worst group's test images come first.
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
    by = st.segmented_control(
        "Compare by",
        [FEATURES, PIXELS],
        default=FEATURES,
        required=True,
        key="behind-by",
        help="What makes a synthetic image near. **Features**: what a network sees in both, which is mostly "
        "their shape. **Pixels**: the bare levels, in which colour counts as much as shape.",
    )
    query_Q = np.concatenate([behind.rows(cell) for cell in behind.cells])
    found = _alike(view, behind, query_Q, str(by))
    if not found:
        waiting = "They come with the maps." if view.live else "This run did not note them."
        st.caption(f"No nearest synthetic images by features. {waiting}")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _how_often(view, found, behind, query_Q, (PIXELS if by == FEATURES else FEATURES).lower())
    with right:
        _one_image(view, found, behind, query_Q, names)
    st.caption(space_words(view) if by == FEATURES else _PIXEL_WORDS)


def _alike(view: RunView, behind: Behind, query_Q: np.ndarray, by: str) -> dict[str, Alike]:
    """Return the nearest synthetic images of every arm that has finished ones."""
    pictures, test = view.folder.pictures(), behind.test
    found = {}
    if by == PIXELS:
        x_QCHW = np.asarray(test.x_NCHW[query_Q])
        for arm, (x_MCHW, y_M) in pictures.items():
            found[arm] = Alike(*nearest_pixels(x_QCHW, x_MCHW), x_MCHW, y_M)
    else:
        for arm, noted in view.folder.nearest().items():
            x_MCHW, y_M = pictures.get(arm, (np.empty(0), np.empty(0)))
            if len(noted.synthetic_NR) == len(test) and noted.synthetic_NR.max(initial=-1) < len(y_M):
                places, distances = noted.synthetic_NR[query_Q], noted.synthetic_distance_NR[query_Q]
                found[arm] = Alike(places, distances, x_MCHW, y_M)
    return {arm: found[arm] for arm in view.arms if arm in found}


def space_words(view: RunView) -> str:
    """Say in which feature space the distances are, in Markdown."""
    name, features = view.spec.evaluation.network.name, view.spec.embedding.features
    title = NETWORKS[name].title if name in NETWORKS else literal(name)
    trained = {"real": "trained on all real images", "random": "with random weights"}
    how = trained.get(features, f"trained on the images of {literal(arm_label(features))}")
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


def _how_often(
    view: RunView, found: Mapping[str, Alike], behind: Behind, query_Q: np.ndarray, other: str
) -> None:
    classes, labels = view.labels.classes, view.labels
    groups = {
        labels.groups[cell.group]: np.flatnonzero(behind.test.a_N[query_Q] == cell.group)
        for cell in behind.cells
    }
    first = {arm: (alike.first_Q, alike.distance_QR[:, 0]) for arm, alike in found.items()}
    table = nearest_table(first, groups, behind.class_id, classes)
    name = classes[behind.class_id]
    st.markdown(f"Test images whose nearest synthetic image is of class {literal(name)}, too:")
    st.html(_how_often_html(table, f"How often the nearest synthetic image is of class {name}"))
    if behind.arm in found:
        worst, rows = next(iter(groups.items()))
        same = int((found[behind.arm].first_Q[rows] == behind.predicted_N[query_Q[rows]]).sum())
        st.caption(
            f"For {same} of {len(rows)} images of {literal(worst)}, the nearest one of "
            f"{arm_label(behind.arm)} is of the class that the network took the image for. Where it is not, "
            f"these neighbours do not explain the answer: compare by {other}, too."
        )
    with st.expander("Table", icon=":material/table_rows:", type="compact"):
        numbers(table, key="behind-nearest-table", percent=("share",))


def _how_often_html(table: pd.DataFrame, label: str) -> str:
    groups = list(dict.fromkeys(table["group"]))
    head = "<th></th>" + "".join(f"<th scope='col'>{html.escape(group)}</th>" for group in groups)
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
