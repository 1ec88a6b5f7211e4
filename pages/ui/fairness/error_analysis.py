"""Error analysis of a gap: which images of the worst and the best group are misclassified, and as what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from fairdd_core.analysis.error_analysis import majority_sentence
from fairdd_core.analysis.gaps import Gap, gap_table, gaps, largest_gap
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.evaluate.counts import agrees
from fairdd_core.plots.theme import arm_label, literal
from pages.ui.common import url
from pages.ui.common.cache import split_of, test_set_of
from pages.ui.common.errors import escape_markdown, guarded
from pages.ui.common.figures import show_table
from pages.ui.common.runs import Labels, RunView
from pages.ui.fairness.nearest import Case, nearest_view
from pages.ui.fairness.test_images import cell_of, clicked_data, draw_cell, image_names

PARAMETER = "gap"
"""In the address: index of the class, a dot, name of the arm."""
_ARM, _CLASS, _NETWORK = "gap-arm", "gap-class", "gap-network"
Counts = Mapping[str, np.ndarray]


@guarded
def error_analysis(view: RunView, counts: Counts, architecture: str) -> None:
    """Draw the error analysis of a gap, with the controls that choose the gap.

    Args:
        view: the run.
        counts: of the arms that are compared, at least one.
        architecture: name of another test network; empty for the run's main one.
    """
    labels = view.labels
    st.header("Error analysis", anchor=False)
    st.markdown(_largest_gaps(counts, labels))
    arm, class_id, network = _controls(counts, labels)
    gap = gaps(counts[arm])[class_id]
    if gap is None:
        name = escape_markdown(labels.classes[class_id])
        st.info(
            f"The gap of class {name} is undefined: fewer than two groups have test images of it.",
            icon=":material/balance:",
        )
        return
    counts_GCC = counts[arm][network]
    test, predicted_N, why = _predictions(view, architecture, arm, network, counts_GCC)
    cells = [
        cell_of(role, (class_id, group), counts_GCC, labels, test, predicted_N)
        for role, group in (("Worst", gap.worst), ("Best", gap.best))
    ]
    names = image_names(cells, labels, class_id)
    for column, cell in zip(st.columns(2, gap="large"), cells, strict=True):
        with column:
            key = f"errors-{cell.role.lower()}-{arm}-{class_id}-{network}-{architecture}"
            draw_cell(cell, labels, class_id, test, key)
    means = (
        " Worst and best are the groups with the lowest and the highest mean recall over the networks; the "
        "predictions are those of one network."
    )
    st.caption(
        (why or "Errors come first. Click an image to see the synthetic images nearest to it.")
        + (means if len(counts[arm]) > 1 else "")
    )
    if test is not None and predicted_N is not None:
        of_worst = predicted_N[(test.y_N == class_id) & (test.a_N == gap.worst)]
        counts_CG = split_of(view.spec.data, view.spec.seed).train.counts_CG()
        majority = majority_sentence(counts_CG, of_worst, class_id, gap.worst, labels.classes, labels.groups)
        if majority:
            st.markdown(escape_markdown(majority))
        if names:
            nearest_view(view, Case(arm, class_id, test, predicted_N, cells), names)
    with st.expander("All gaps, the largest first", icon=":material/table_rows:", type="compact"):
        table = gap_table(counts, labels.classes, labels.groups)
        show_table(table, key="gaps-table", percent=("gap", "its recall", "recall of the best"))


def _largest_gaps(counts: Counts, labels: Labels) -> str:
    """Return the largest gap of every arm, with the groups that set it, as Markdown."""
    parts = []
    for arm, counts_KGCC in counts.items():
        gap = largest_gap(counts_KGCC)
        text = "undefined" if gap is None else escape_markdown(gap.describe(labels.classes, labels.groups))
        parts.append(f"**{escape_markdown(arm_label(arm))}** {text}")
    return f"Largest gap: {'; '.join(parts)}."


def _predictions(
    view: RunView, architecture: str, arm: str, network: int, counts_GCC: np.ndarray
) -> tuple[GroupedDataset | None, np.ndarray | None, str]:
    """Return test set and predictions of a network; or None twice, with a sentence that says why."""
    predicted_N = view.folder.answers(architecture).get(arm, {}).get(network)
    if predicted_N is None:
        why = "This run did not save the prediction for each image, only counts: "
        return None, None, why + "repeat it to see the images."
    test, why = test_set_of(view)
    if test is None:
        return None, None, why
    if not agrees(predicted_N, test.y_N, test.a_N, counts_GCC):
        why = "No images are shown: the saved predictions do not match the test images, so the data set has "
        return None, None, why + "changed since this run."
    return test, predicted_N, ""


def gap_in_focus(counts: Counts, labels: Labels) -> tuple[str, int]:
    """Return arm and class of the gap in the address; without a valid one, of the largest gap.

    Args:
        counts: of the arms that are compared.
        labels: names of classes.
    """
    asked = url.params().get(PARAMETER)
    if asked is not None and (place := _parse(asked, counts, labels)):
        return place
    largest = {arm: gap for arm, counts_KGCC in counts.items() if (gap := largest_gap(counts_KGCC))}
    arm = max(largest, key=lambda name: largest[name].size, default=next(iter(counts)))
    return arm, largest[arm].class_id if largest else 0


def _parse(text: str, counts: Counts, labels: Labels) -> tuple[str, int] | None:
    number, _, arm = text.partition(".")
    class_ids = {str(c): c for c in range(len(labels.classes))}
    return (arm, class_ids[number]) if arm in counts and number in class_ids else None


def _focus(arm: str, class_id: int) -> None:
    url.update(**{PARAMETER: f"{class_id}.{arm}"})


def focus_clicked(chart: str, arm: str, labels: Labels) -> None:
    """Focus on the class whose mark was clicked in the figure with the key ``chart``."""
    last = f"{chart}-last"
    if place := clicked_data(chart):
        st.session_state[last] = str(place[0])
    # A second click on the same mark takes it out of the selection, and means the same again.
    name, known = st.session_state.get(last), [literal(name) for name in labels.classes]
    if name in known:
        _focus(arm, known.index(name))


def _controls(counts: Counts, labels: Labels) -> tuple[str, int, int]:
    """Draw the controls and return arm, index of the class and index of the network."""
    asked = url.params().get(PARAMETER)
    if asked is not None and _parse(asked, counts, labels) is None:
        st.caption(f"The address asks for the gap “{escape_markdown(asked)}”, which is unknown.")
    arm, class_id = gap_in_focus(counts, labels)
    st.session_state[_ARM], st.session_state[_CLASS] = arm, class_id
    of_class, networks = gaps(counts[arm]), list(range(len(counts[arm])))
    several = len(networks) > 1
    columns = st.columns([3, 5, 2] if several else [3, 7], vertical_alignment="bottom")
    columns[0].selectbox(
        "Method",
        list(counts),
        format_func=arm_label,
        key=_ARM,
        on_change=lambda: _focus(st.session_state[_ARM], class_id),
        help="The method or baseline whose test networks made the predictions.",
    )
    columns[1].selectbox(
        "Gap of class",
        range(len(labels.classes)),
        format_func=lambda c: _gap_label(c, of_class[c], labels),
        key=_CLASS,
        on_change=lambda: _focus(arm, st.session_state[_CLASS]),
        help="By default, the largest gap of the compared methods. Clicking a mark in the figures above "
        "chooses its class.",
    )
    if not several:
        return arm, class_id, 0
    if st.session_state.get(_NETWORK) not in networks:
        st.session_state[_NETWORK] = 0
    network = columns[2].selectbox(
        "Test network",
        networks,
        format_func=lambda k: f"{k + 1} of {len(networks)}",
        key=_NETWORK,
        help="All test networks are trained on the same synthetic images; each makes its own predictions.",
    )
    return arm, class_id, int(network)


def _gap_label(class_id: int, gap: Gap | None, labels: Labels) -> str:
    name = labels.classes[class_id]
    if gap is None:
        return f"{name} · undefined"
    between = "" if gap.alike else f", {labels.groups[gap.worst]} → {labels.groups[gap.best]}"
    return f"{name} · {100 * gap.size:.0f} points{between}"
