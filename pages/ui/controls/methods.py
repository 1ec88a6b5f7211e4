"""The controls that choose the methods to compare."""

from __future__ import annotations

import streamlit as st

from fairdd_core.distill.alignments.registry import ALIGNMENTS, ALL_DISCREPANCIES
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.plots.theme import arm_label
from pages.ui.controls.dataset_values import begin
from pages.ui.controls.method_choices import (
    OTHER_DISTANCES,
    REMEDIED,
    REMEDIES,
    matchings,
    other_distances,
    remedied,
    remedies_for,
    suited_to,
    with_distances,
    with_remedies,
)
from pages.ui.controls.settings import CONTROLS, key, values_of

IPC_CHOICES = (1, 3, 5, 10, 20, 50, 100)


FOLLOW = ("iterations", "lr", "pairs", "samples", "matching")
"""Controls that take a backbone's usual values when it is chosen."""


def _backbone_chosen() -> None:
    values = {name: st.session_state[key(name)] for name in ("preset", *CONTROLS)}
    usual = values_of(begin(values))
    for name in FOLLOW:
        st.session_state[key(name)] = usual[name]
    _matching_chosen()


def _matching_chosen() -> None:
    arms = st.session_state[key("arms")]
    st.session_state[key("arms")] = suited_to(st.session_state[key("matching")], arms)


def backbone_control() -> None:
    """Offer the distillation methods, each of which can be aligned."""
    st.selectbox(
        "Distillation",
        list(BACKBONES),
        format_func=lambda name: BACKBONES[name].title,
        key=key("backbone"),
        on_change=_backbone_chosen,
        persist_state="session",
        help="What the synthetic images of a class must have in common with the real ones. Choosing one sets "
        "the iterations and the target bank to what suits it.\n\n"
        + "\n\n".join(f"**{card.title}**: {card.summary}" for card in BACKBONES.values()),
    )


def matching_control() -> None:
    """Offer the distances from the synthetic images to the targets."""
    offered, chosen = matchings(st.session_state[key("backbone")]), st.session_state[key("matching")]
    st.selectbox(
        "Matched by",
        offered if chosen in offered else [*offered, chosen],
        format_func=lambda name: ALL_DISCREPANCIES[name].title,
        key=key("matching"),
        on_change=_matching_chosen,
        persist_state="session",
        help="The distance from the synthetic images to the target, the same for all methods. Those between "
        "clouds of features compare all images of a class, not their mean.",
    )


def method_controls() -> None:
    """Draw the methods and the size of what they make."""
    usual = (*ALIGNMENTS, *REMEDIED)
    st.pills(
        "Methods to compare",
        [*usual, *(arm for arm in st.session_state[key("arms")] if arm not in usual)],
        selection_mode="multi",
        format_func=arm_label,
        key=key("arms"),
        persist_state="session",
        help="\n\n".join(f"**{card.title}**: {card.summary}" for card in ALIGNMENTS.values())
        + "\n\nVanilla can also be mended elsewhere than in its aim. "
        + _remedies_text(),
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


def step_size_control() -> None:
    """Offer the step size of the images; zero is refused with the other settings."""
    st.number_input(
        "Step size of the images",
        min_value=0.0,
        step=1.0,
        format="%g",
        key=key("lr"),
        persist_state="session",
        help="How far an iteration moves the synthetic images: their learning rate. "
        "Too small, and they hardly leave their start; too large, and the loss grows until the run stops. "
        "Every distillation method has a usual one, which choosing it sets.",
    )


def _remedies_text() -> str:
    return "\n\n".join(f"**{INTERVENTIONS[name].title}**: {INTERVENTIONS[name].summary}" for name in REMEDIES)


def _remedies_chosen() -> None:
    arms = st.session_state[key("arms")]
    st.session_state[key("arms")] = with_remedies(arms, st.session_state[key("remedies")])


def remedy_control() -> None:
    """Offer each remedy on top of each chosen method; the list of methods stays the one state."""
    arms = st.session_state[key("arms")]
    st.session_state[key("remedies")] = remedied(arms)
    st.multiselect(
        "Remedies on top",
        remedies_for(arms),
        format_func=arm_label,
        key=key("remedies"),
        on_change=_remedies_chosen,
        select_all=False,
        placeholder="Add a method with a remedy",
        help="Every choice adds one of the methods above once more, with something done for fairness outside "
        "its aim.\n\n" + _remedies_text(),
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
