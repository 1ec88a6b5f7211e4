"""Which gap the user looks behind: clicked in a figure, chosen in a box, or named by the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from fairdd_core.analysis.gaps import Gap, gaps, largest_gap
from fairdd_core.plots.theme import arm_label
from pages.ui.common import url
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import Labels

PARAMETER = "gap"
"""In the address: number of the class, a dot, name of the arm."""
_ARM, _CLASS, _NETWORK = "behind-arm", "behind-class", "behind-network"
Counts = Mapping[str, np.ndarray]


def chosen_gap(counts: Counts, labels: Labels) -> tuple[str, int]:
    """Return arm and class to look behind: those of the address, else those of the largest gap.

    Args:
        counts: of the arms that are compared.
        labels: names of classes.
    """
    asked = st.query_params.get(PARAMETER)
    found = None if asked is None else _parse(asked, counts, len(labels.classes))
    return found or largest_of(counts)


def largest_of(counts: Counts) -> tuple[str, int]:
    """Return arm and class of the largest gap of all; the first ones where no gap is defined."""
    found = {arm: gap for arm, counts_KGCC in counts.items() if (gap := largest_gap(counts_KGCC))}
    arm = max(found, key=lambda name: found[name].size, default=next(iter(counts)))
    return arm, found[arm].class_id if found else 0


def _parse(text: str, counts: Counts, classes: int) -> tuple[str, int] | None:
    number, _, arm = text.partition(".")
    known = {str(c): c for c in range(classes)}
    return (arm, known[number]) if arm in counts and number in known else None


def _write(arm: str, class_id: int) -> None:
    url.update(**{PARAMETER: f"{class_id}.{arm}"})


def on_click(chart: str, arm: str, labels: Labels) -> Callable[[], None]:
    """Return what is to happen when a mark of the figure with the key ``chart`` is clicked."""
    last = f"{chart}-last"

    def clicked() -> None:
        if place := custom_data(chart):
            st.session_state[last] = str(place[0])
        # A second click on the same mark takes it out of the selection, and means the same again.
        name = st.session_state.get(last)
        if name in labels.classes:
            _write(arm, labels.classes.index(name))

    return clicked


def custom_data(chart: str) -> list[Any]:
    """Return the custom data of the mark that was clicked in a figure, or nothing."""
    points = st.session_state[chart].selection.points
    place = points[0].get("customdata") if points else None
    if place is None:
        return []
    return list(place.values()) if isinstance(place, dict) else list(place)


def controls(counts: Counts, labels: Labels) -> tuple[str, int, int]:
    """Draw the choice of method, class and network, and return it.

    Args:
        counts: of the arms that are compared.
        labels: names of classes and groups.

    Returns:
        Arm, index of the class, index of the network.
    """
    asked = st.query_params.get(PARAMETER)
    if asked is not None and _parse(asked, counts, len(labels.classes)) is None:
        st.caption(f"The address names the gap “{escape_markdown(asked)}”, which is not among these.")
    arm, class_id = chosen_gap(counts, labels)
    st.session_state[_ARM], st.session_state[_CLASS] = arm, class_id
    found = gaps(counts[arm])
    several = len(counts[arm]) > 1
    columns = st.columns([3, 5, 2] if several else [3, 7], vertical_alignment="bottom")
    columns[0].selectbox(
        "Method",
        list(counts),
        format_func=arm_label,
        key=_ARM,
        on_change=lambda: _write(st.session_state[_ARM], class_id),
        help="The method or baseline whose networks gave the answers.",
    )
    columns[1].selectbox(
        "Look behind the gap of class …",
        range(len(labels.classes)),
        format_func=lambda c: _gap_label(c, found[c], labels),
        key=_CLASS,
        on_change=lambda: _write(arm, st.session_state[_CLASS]),
        help="The largest gap of the compared methods is chosen at first. A click on a mark in the figures "
        "above chooses, too.",
    )
    if not several:
        return arm, class_id, 0
    networks = list(range(len(counts[arm])))
    if st.session_state.get(_NETWORK) not in networks:
        st.session_state[_NETWORK] = 0
    network = columns[2].selectbox(
        "Answers of network",
        networks,
        format_func=lambda k: f"{k + 1} of {len(networks)}",
        key=_NETWORK,
        help="Each test network learned from the same synthetic images and answers for itself.",
    )
    return arm, class_id, int(network)


def _gap_label(class_id: int, gap: Gap | None, labels: Labels) -> str:
    name = labels.classes[class_id]
    if gap is None:
        return f"{name} · undefined"
    groups: Sequence[str] = labels.groups
    between = "" if gap.alike else f", {groups[gap.worst]} → {groups[gap.best]}"
    return f"{name} · {100 * gap.size:.0f} points{between}"
