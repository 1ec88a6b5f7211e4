"""The controls that choose the methods to compare."""

from __future__ import annotations

import streamlit as st

from fairdd_core.distill.alignments.registry import ALIGNMENTS
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.plots.theme import arm_label
from pages.ui.settings import OTHER_DISTANCES, key, other_distances, with_distances

IPC_CHOICES = (1, 3, 5, 10, 20, 50)


def method_controls() -> None:
    """Draw the methods and the size of what they make."""
    st.pills(
        "Methods to compare",
        [*ALIGNMENTS, *(arm for arm in st.session_state[key("arms")] if arm not in ALIGNMENTS)],
        selection_mode="multi",
        format_func=arm_label,
        key=key("arms"),
        persist_state="session",
        help="\n\n".join(f"**{card.title}**: {card.summary}" for card in ALIGNMENTS.values()),
    )
    left, right = st.columns(2, gap="small", wrap=False)
    left.selectbox(
        "Images per class",
        sorted({*IPC_CHOICES, st.session_state[key("ipc")]}),
        key=key("ipc"),
        persist_state="session",
        help="How many synthetic images stand for each class. The whole set has this many times the classes.",
    )
    right.number_input(
        "Iterations",
        1,
        20_000,
        step=100,
        key=key("iterations"),
        persist_state="session",
        help="Updates of the synthetic images. More is better up to a point, and takes longer in proportion.",
    )


def _distances_chosen() -> None:
    arms = st.session_state[key("arms")]
    st.session_state[key("arms")] = with_distances(arms, st.session_state[key("distances")])


def distance_control() -> None:
    """Offer COBRA under other distances as further methods; the list of methods stays the one state."""
    st.session_state[key("distances")] = other_distances(st.session_state[key("arms")])
    st.multiselect(
        "Barycenters of COBRA",
        OTHER_DISTANCES,
        format_func=lambda name: DISCREPANCIES[name].title,
        key=key("distances"),
        on_change=_distances_chosen,
        select_all=False,  # all of them beside the other methods would be more than a run may have
        placeholder="Add another than the mean",
        help="COBRA aims at the mean of the groups, the point with the least squared distance to them. Every "
        "distance chosen here adds COBRA with the point that is best by that distance:\n\n"
        + "\n\n".join(f"**{DISCREPANCIES[n].title}**: {DISCREPANCIES[n].summary}" for n in OTHER_DISTANCES),
    )
