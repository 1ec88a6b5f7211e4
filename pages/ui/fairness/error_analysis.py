"""Behind a gap: the test images of the two groups that set it, what they were taken for, and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from fairdd_core.analysis.error_analysis import majority_sentence
from fairdd_core.analysis.gaps import gap_table, gaps, largest_gap
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.evaluate.counts import agrees
from fairdd_core.plots.theme import arm_label
from pages.ui.common import errors
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import numbers
from pages.ui.common.loading import split_of, test_set_of
from pages.ui.common.runs import Labels, RunView
from pages.ui.fairness.gap_choice import controls
from pages.ui.fairness.nearest import Behind, nearest_view
from pages.ui.fairness.test_images import cell_of, draw_cell, image_names

Counts = Mapping[str, np.ndarray]


@errors.guarded
def behind_view(view: RunView, counts: Counts, architecture: str) -> None:
    """Draw what is behind a gap, with the choice of the gap.

    Args:
        view: the run.
        counts: of the arms that are compared, at least one.
        architecture: one of the evaluation's others; empty for its own.
    """
    labels = view.labels
    st.header("Behind the gap", anchor=False)
    st.markdown(largest_words(counts, labels))
    arm, class_id, network = controls(counts, labels)
    gap = gaps(counts[arm])[class_id]
    name = labels.classes[class_id]
    if gap is None:
        st.info(
            f"The gap of class {escape_markdown(name)} is undefined: "
            "fewer than two groups have test images of it.",
            icon=":material/balance:",
        )
        return
    counts_GCC = counts[arm][network]
    test, predicted_N, why = _answers(view, architecture, arm, network, counts_GCC)
    cells = [
        cell_of(role, (class_id, group), counts_GCC, labels, test, predicted_N)
        for role, group in (("Worst", gap.worst), ("Best", gap.best))
    ]
    names = image_names(cells, labels, class_id)
    for column, cell in zip(st.columns(2, gap="large"), cells, strict=True):
        with column:
            key = f"behind-{cell.role.lower()}-{arm}-{class_id}-{network}-{architecture}"
            draw_cell(cell, labels, class_id, test, key)
    _caption(view, counts[arm], why)
    if predicted_N is not None and test is not None:
        of_worst = predicted_N[(test.y_N == class_id) & (test.a_N == gap.worst)]
        counts_CG = split_of(view.spec.data, view.spec.seed).train.counts_CG()
        if told := majority_sentence(counts_CG, of_worst, class_id, gap.worst, labels.classes, labels.groups):
            st.markdown(escape_markdown(told))
    if test is not None and predicted_N is not None and names:
        nearest_view(view, Behind(arm, class_id, test, predicted_N, cells), names)
    with st.expander("All gaps, the largest first", icon=":material/table_rows:", type="compact"):
        table = gap_table(counts, labels.classes, labels.groups)
        numbers(table, key="gaps-table", percent=("gap", "its recall", "recall of the best"))


def largest_words(counts: Counts, labels: Labels) -> str:
    """Name the largest gap of every method, with the groups that set it, in Markdown."""
    parts = []
    for arm, counts_KGCC in counts.items():
        gap = largest_gap(counts_KGCC)
        told = "undefined" if gap is None else escape_markdown(gap.words(labels.classes, labels.groups))
        parts.append(f"**{arm_label(arm)}** {told}")
    return f"Largest gap: {'; '.join(parts)}."


def _answers(
    view: RunView, architecture: str, arm: str, network: int, counts_GCC: np.ndarray
) -> tuple[GroupedDataset | None, np.ndarray | None, str]:
    """Return test images and what a network took them for; or None twice, with a sentence why."""
    predicted_N = view.folder.answers(architecture).get(arm, {}).get(network)
    if predicted_N is None:
        why = "This run did not note what each single image was taken for, so there are counts only: "
        return None, None, why + "repeat it to see the images."
    test, why = test_set_of(view)
    if test is None:
        return None, None, why
    if not agrees(predicted_N, test.y_N, test.a_N, counts_GCC):
        why = "No images are shown: the answers do not fit the test images that are here now, so the data "
        return None, None, why + "set is no longer the one of this run."
    return test, predicted_N, ""


def _caption(view: RunView, counts_KGCC: np.ndarray, why: str) -> None:
    which = (
        " Worst and best are the groups with the smallest and the largest mean recall over the networks; the "
        "images are as one network answered."
        if len(counts_KGCC) > 1
        else ""
    )
    st.caption(f"{why or 'Wrong answers come first. Click an image to see what it resembles.'}{which}")
