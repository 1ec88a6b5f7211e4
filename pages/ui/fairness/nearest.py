"""The synthetic images that are nearest to the test images of an error analysis."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.neighbours import nearest_pixels, nearest_table
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.plots.images import Tile, columns_html
from fairdd_core.plots.theme import arm_label, arm_styles
from pages.ui.common.cache import nearest_of, pictures_of
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import table_expander
from pages.ui.common.html import arm_markdown
from pages.ui.common.runs import RunView
from pages.ui.fairness.test_images import IMAGE, Cell

FEATURES, PIXELS = "Features", "Pixels"
_SPACE = "nearest-space"
COMPARED = 200
"""At most so many test images of a cell, the first ones, are compared with synthetic images."""
_PIXEL_CAPTION = (
    "Distances are root mean squared differences of the red, green and blue levels, from 0 to 1. "
    "No network is involved: similar pixels suggest a reason for the predictions, they do not prove it."
)


@dataclass(frozen=True)
class Case:
    """What an error analysis is about.

    Attributes:
        arm: whose network made the predictions.
        class_id: index of the true class.
        test: the test set.
        predicted_N: predicted class of each test image.
        cells: the worst group's and the best group's.
    """

    arm: str
    class_id: int
    test: GroupedDataset
    predicted_N: np.ndarray
    cells: Sequence[Cell]

    def rows(self, cell: Cell) -> np.ndarray:
        """Return the rows of a cell's test images, at most ``COMPARED``."""
        return np.flatnonzero((self.test.y_N == self.class_id) & (self.test.a_N == cell.group))[:COMPARED]

    def queries(self) -> np.ndarray:
        """Return the rows of all test images to compare: those of ``rows`` and those that are drawn."""
        return np.unique(np.concatenate([part for c in self.cells for part in (self.rows(c), c.rows())]))


@dataclass(frozen=True)
class NearestSynthetic:
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
    def class_Q(self) -> np.ndarray:
        """Class of the nearest one; -1 for none."""
        first_Q = self.place_QR[:, 0]
        return np.where(first_Q >= 0, self.y_M[first_Q], -1)


def nearest_view(view: RunView, case: Case, names: Mapping[int, str]) -> None:
    """Draw how often the nearest synthetic image has the correct class, and those nearest to one image.

    Args:
        view: the run.
        case: what the error analysis is about.
        names: row -> name of the test images that can be chosen.
    """
    st.subheader("Nearest synthetic images", anchor=False)
    row_Q = case.queries()
    spaces = {space: found for space in (FEATURES, PIXELS) if (found := _nearest(view, case, row_Q, space))}
    if not spaces:
        st.caption("This run has no finished synthetic images to compare with.")
        return
    space = _space_control(view, case, spaces, row_Q)
    if FEATURES not in spaces:
        state = "are computed with the maps" if view.live else "were not saved by this run"
        st.caption(f"Nearest images by features {state}.")
    left, right = st.columns(2, gap="large")
    with left:
        _frequencies(view, spaces[space], case, row_Q)
    with right:
        _one_image(view, spaces[space], case, row_Q, names)
    st.caption(_feature_caption(view) if space == FEATURES else _PIXEL_CAPTION)


def _space_control(
    view: RunView, case: Case, spaces: Mapping[str, Mapping[str, NearestSynthetic]], row_Q: np.ndarray
) -> str:
    """Draw the choice of the space; the default is the one whose neighbours agree with more predictions."""
    worst = np.isin(row_Q, case.rows(case.cells[0]))
    agreeing = {
        space: int((found[case.arm].class_Q == case.predicted_N[row_Q])[worst].sum())
        for space, found in spaces.items()
        if case.arm in found
    }
    if st.session_state.get(_SPACE) not in spaces:
        st.session_state[_SPACE] = max(spaces, key=lambda space: agreeing.get(space, 0))
    space = st.segmented_control(
        "Compare by",
        list(spaces),
        required=True,
        key=_SPACE,
        persist_state="session",
        help="How distance is measured. **Features**: what a network sees, mostly shape. **Pixels**: "
        "the raw levels, where colour counts as much as shape.",
    )
    if agreeing:
        counts = " and ".join(f"**{k} of {worst.sum()}** by {space.lower()}" for space, k in agreeing.items())
        group = escape_markdown(view.labels.groups[case.cells[0].group])
        st.markdown(
            f"Predictions for images of group {group} that equal the class of the nearest synthetic image of "
            f"{escape_markdown(arm_label(case.arm))}: {counts}. The more, the better these neighbours "
            "explain the predictions."
        )
    return str(space)


def _nearest(view: RunView, case: Case, row_Q: np.ndarray, space: str) -> dict[str, NearestSynthetic]:
    """Return the nearest synthetic images for every arm that has finished ones."""
    pictures, test = pictures_of(view.folder.path), case.test
    found = {}
    if space == PIXELS:
        x_QCHW = np.asarray(test.x_NCHW[row_Q])
        for arm, (x_MCHW, y_M) in pictures.items():
            if x_MCHW.shape[1:] == x_QCHW.shape[1:]:  # else the data set was loaded again in another size
                found[arm] = NearestSynthetic(*nearest_pixels(x_QCHW, x_MCHW), x_MCHW, y_M)
    else:
        for arm, saved in nearest_of(view.folder.path).items():
            x_MCHW, y_M = pictures.get(arm, (np.empty(0), np.empty(0)))
            if len(saved.synthetic_NR) == len(test) and saved.synthetic_NR.max(initial=-1) < len(y_M):
                places, distances = saved.synthetic_NR[row_Q], saved.synthetic_distance_NR[row_Q]
                found[arm] = NearestSynthetic(places, distances, x_MCHW, y_M)
    return {arm: found[arm] for arm in view.arms if arm in found}


def _feature_caption(view: RunView) -> str:
    name, features = view.spec.evaluation.network.name, view.spec.embedding.features
    title = NETWORKS[name].title if name in NETWORKS else escape_markdown(name)
    trained = {"real": "trained on all real images", "random": "with random weights"}
    how = trained.get(features, f"trained on the images of {escape_markdown(arm_label(features))}")
    return (
        f"Distances are Euclidean in the feature space of the maps: one {title} {how}. Other networks made "
        "the predictions, so near images suggest a reason for them, they do not prove it."
    )


def _one_image(
    view: RunView,
    found: Mapping[str, NearestSynthetic],
    case: Case,
    row_Q: np.ndarray,
    names: Mapping[int, str],
) -> None:
    row = st.selectbox(
        "Test image",
        list(names),
        format_func=names.__getitem__,
        key=IMAGE,
        help="One of the images above. Clicking an image chooses it, too.",
        width=460,
    )
    labels, q = view.labels, int(np.flatnonzero(row_Q == row)[0])
    name, group = labels.classes[case.class_id], labels.groups[int(case.test.a_N[row])]
    title = f"Test image: class {name}, group {group}"
    columns = {"Test image": [Tile(np.asarray(case.test.x_NCHW[row]), title, f"class {name}")]}
    for arm, nearest in found.items():
        ranks = zip(nearest.place_QR[q].tolist(), nearest.distance_QR[q].tolist(), strict=True)
        columns[f"Nearest in {arm_label(arm)}"] = [
            _tile(arm, nearest, place, distance, case.class_id, labels.classes)
            for place, distance in ranks
            if place >= 0
        ]
    st.html(columns_html(columns))
    st.caption(
        "Nearest first. Below each: its class, ✓ if it is the class of the test image, and the distance."
    )


def _tile(
    arm: str, nearest: NearestSynthetic, place: int, distance: float, class_id: int, classes: Sequence[str]
) -> Tile:
    """Return a synthetic image with its class and its distance from a test image of a class."""
    own = int(nearest.y_M[place])
    return Tile(
        nearest.x_MCHW[place],
        f"Synthetic image of {arm_label(arm)}, class {classes[own]}, {distance:.2f} away",
        f"{classes[own]} {'✓' if own == class_id else '✗'} {distance:.2f}",
    )


def _frequencies(view: RunView, found: Mapping[str, NearestSynthetic], case: Case, row_Q: np.ndarray) -> None:
    """Draw how often the nearest synthetic image has the class of the test image: arms by groups."""
    labels, name = view.labels, view.labels.classes[case.class_id]
    groups = {
        labels.groups[cell.group]: np.flatnonzero(np.isin(row_Q, case.rows(cell))) for cell in case.cells
    }
    first = {arm: (nearest.class_Q, nearest.distance_QR[:, 0]) for arm, nearest in found.items()}
    table = nearest_table(first, groups, case.class_id, labels.classes)
    st.markdown(f"Test images whose nearest synthetic image has the same class, {escape_markdown(name)}:")
    cells = table.assign(cell=[_cell(row) for row in table.to_dict("records")])
    grid = cells.pivot(index="arm", columns="group", values="cell").loc[list(found), list(groups)]
    grid.index = pd.Index([arm_markdown(style) for style in arm_styles(list(found)).values()], name="Method")
    st.table(
        grid.rename(columns=escape_markdown),
        border="horizontal",
        alt=f"How often the nearest synthetic image has class {name}",
    )
    table_expander(table, "nearest", percent=("share",))


def _cell(row: Mapping[Hashable, Any]) -> str:
    if not row["n"]:
        return "undefined"
    other = f"  \n:small[{row['of them']} nearest to {escape_markdown(row['else mostly'])}]"
    distance = f"  \n:small[median distance {row['median distance']:.3g}]"
    return f"**{row['own class']}** of {row['n']}{other if row['of them'] else ''}{distance}"
