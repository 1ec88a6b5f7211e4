"""Why a test image was taken for another class: the synthetic images that are nearest to it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.events import Nearest
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.plots.fairness_behind import nearest_table
from fairdd_core.plots.fairness_images import Neighbours, nearest_html
from fairdd_core.plots.images import Tile
from fairdd_core.plots.theme import ArmStyle, arm_label, arm_styles
from pages.ui.behind_images import Cell, image_control
from pages.ui.figures import numbers
from pages.ui.run_actions import literal
from pages.ui.runs import RunView
from pages.ui.style import marker_svg, table_html

Pictures = dict[str, tuple[np.ndarray, np.ndarray]]


def nearest_view(
    view: RunView, test: GroupedDataset, cells: Sequence[Cell], class_id: int, names: dict[int, str]
) -> None:
    """Draw how often the nearest synthetic image is of the right class, and the nearest ones of an image.

    Args:
        view: the run.
        test: its test images.
        cells: the worst and the best group's.
        class_id: index of the true class.
        names: of the images that can be chosen, by row.
    """
    st.subheader("Why: the nearest synthetic images", anchor=False)
    nearest, pictures = _known(view, len(test))
    if not nearest:
        waiting = "They come with the maps." if view.live else "This run did not note them."
        st.caption(f"No nearest synthetic images. {waiting}")
        return
    _how_often(view, nearest, pictures, cells, test, class_id)
    row = image_control(names)
    styles = arm_styles(view.arms)
    label = test.class_names[class_id]
    told = f"Test image: class {label}, group {test.group_names[int(test.a_N[row])]}"
    shown = [
        _neighbours(styles[arm], nearest[arm], pictures[arm], row, class_id, view.labels.classes)
        for arm in view.arms
        if arm in nearest
    ]
    st.html(nearest_html(Tile(np.asarray(test.x_NCHW[row]), told, f"class {label}"), shown))
    st.caption(
        "Nearest first; below each its class, ✓ if it is that of the test image, and the distance. "
        f"{space_words(view)}"
    )


def space_words(view: RunView) -> str:
    """Say in which feature space the distances are, in Markdown."""
    name, features = view.spec.evaluation.network.name, view.spec.embedding.features
    title = NETWORKS[name].title if name in NETWORKS else literal(name)
    trained = {"real": "trained on all real images", "random": "with random weights"}
    how = trained.get(features, f"trained on the images of {literal(arm_label(features))}")
    return (
        f"Distances are Euclidean between the features of one network, a {title} {how}: that of the maps. "
        "The networks that gave the answers are others, so take it for the reason, not for the proof."
    )


def _known(view: RunView, images: int) -> tuple[dict[str, Nearest], Pictures]:
    """Return what the run has noted, as far as it fits the test images and is complete."""
    pictures = view.folder.pictures()
    nearest = {
        arm: found
        for arm, found in view.folder.nearest().items()
        if arm in pictures
        and len(found.synthetic_NR) == images
        and found.synthetic_NR.max(initial=-1) < len(pictures[arm][1])
    }
    return nearest, pictures


def _how_often(
    view: RunView,
    nearest: dict[str, Nearest],
    pictures: Pictures,
    cells: Sequence[Cell],
    test: GroupedDataset,
    class_id: int,
) -> None:
    groups = {
        view.labels.groups[cell.group]: np.flatnonzero((test.y_N == class_id) & (test.a_N == cell.group))
        for cell in cells
    }
    table = nearest_table(
        {arm: nearest[arm].synthetic_NR for arm in view.arms if arm in nearest},
        {arm: labels_M for arm, (_, labels_M) in pictures.items()},
        groups,
        class_id,
        view.labels.classes,
    )
    name = view.labels.classes[class_id]
    st.markdown(f"Test images of class {literal(name)} whose nearest synthetic image is of that class, too:")
    st.html(_how_often_html(table, f"How often the nearest synthetic image is of class {name}"))
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
    return table_html(head, "".join(rows), label, narrow=True)


def _cell(row: dict) -> str:
    if not row["n"]:
        return "undefined"
    most = f"<small>{row['of them']} nearest to a {html.escape(row['else mostly'])}</small>"
    return f"<b>{row['own class']}</b> of {row['n']}{most if row['of them'] else ''}"


def _neighbours(
    style: ArmStyle,
    nearest: Nearest,
    pictures: tuple[np.ndarray, np.ndarray],
    row: int,
    class_id: int,
    class_names: Sequence[str],
) -> Neighbours:
    found = nearest.synthetic_NR[row]
    there = found >= 0
    x_MCHW, y_M = pictures
    classes = y_M[found[there]].tolist()
    return Neighbours(
        style,
        x_MCHW[found[there]],
        [class_names[c] for c in classes],
        [c == class_id for c in classes],
        nearest.synthetic_distance_NR[row][there].tolist(),
    )
