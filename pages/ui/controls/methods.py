"""The controls that choose the methods to compare."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial

import streamlit as st

from fairdd_core.config.adapt import Start
from fairdd_core.config.recipes import fields_by_ipc, recipe_fields
from fairdd_core.config.settings import CONTROLS, get
from fairdd_core.distill.alignments.registry import ALIGNMENTS
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.plots.theme import arm_label
from pages.ui.controls import method_choices as choices
from pages.ui.controls.settings import KEPT, PRESET, key
from pages.ui.controls.widgets import draw


def _backbone_chosen() -> None:
    """Take the recipe of the backbone."""
    _take_recipe(recipe_fields(st.session_state[key(PRESET)]))
    _matching_chosen()


def images_per_class_chosen() -> None:
    """Take what follows from them under the preset."""
    _take_recipe(fields_by_ipc(st.session_state[key(PRESET)], st.session_state[key("backbone")]))


def _take_recipe(fields: Container[str]) -> None:
    state = st.session_state
    initial = Start(state[key(PRESET)], backbone=state[key("backbone")], ipc=state[key("ipc")]).spec()
    for name, setting in CONTROLS.items():
        if setting.path in fields:
            state[key(name)] = get(initial, setting.path)
    kept = state[key(KEPT)]
    state[key(KEPT)] = {path: value for path, value in kept.items() if path not in fields}


def _matching_chosen() -> None:
    arms = st.session_state[key("arms")]
    st.session_state[key("arms")] = choices.fit_barycenters(st.session_state[key("matching")], arms)


def backbone_control() -> None:
    """Offer the distillation methods, each of which can be aligned."""
    draw("backbone", changed=_backbone_chosen)


def matching_control() -> None:
    """Offer the distances from the synthetic images to the targets."""
    draw("matching", options=choices.matchings(st.session_state[key("backbone")]), changed=_matching_chosen)


def method_control() -> None:
    """Offer the methods."""
    usual = (*ALIGNMENTS, *choices.MITIGATED)
    st.pills(
        CONTROLS["arms"].title,
        [*usual, *(arm for arm in st.session_state[key("arms")] if arm not in usual)],
        selection_mode="multi",
        format_func=arm_label,
        key=key("arms"),
        persist_state="session",
        help="\n\n".join(f"**{card.title}**: {card.summary}" for card in ALIGNMENTS.values())
        + "\n\nVanilla can also be combined with a mitigation outside the alignment. "
        + _mitigations_text(),
    )


def _mitigations_text() -> str:
    cards = [INTERVENTIONS[name] for name in choices.MITIGATIONS]
    return "\n\n".join(f"**{card.title}**: {card.summary}" for card in cards)


def _added(name: str, combine: Callable[[list[str], list[str]], list[str]]) -> None:
    """Make the list of methods, which stays the one state, follow a list that adds to it."""
    arms, added = st.session_state[key("arms")], st.session_state[key(name)]
    st.session_state[key("arms")] = combine(arms, added)


def mitigation_control() -> None:
    """Offer each mitigation with each chosen method."""
    arms = st.session_state[key("arms")]
    st.session_state[key("mitigations")] = choices.mitigated(arms)
    st.multiselect(
        "Mitigations",
        choices.mitigations_for(arms),
        format_func=arm_label,
        key=key("mitigations"),
        on_change=partial(_added, "mitigations", choices.with_mitigations),
        select_all=False,
        placeholder="Add a method with a mitigation",
        help="Every choice adds one of the methods above once more, with a mitigation outside its alignment."
        "\n\n" + _mitigations_text(),
    )


def distance_control() -> None:
    """Offer COBRA under other distances as further methods."""
    st.session_state[key("distances")] = choices.other_distances(st.session_state[key("arms")])
    offered = {name: DISCREPANCIES[name] for name in choices.OTHER_DISTANCES}
    st.multiselect(
        "Barycenters of COBRA",
        list(offered),
        format_func=lambda name: offered[name].title,
        key=key("distances"),
        on_change=partial(_added, "distances", choices.with_distances),
        select_all=False,  # all of them beside the other methods would be more than a run may have
        placeholder="Add another than the mean",
        help="COBRA aims at the mean of the groups, the point with the least squared distance to them. Every "
        "distance chosen here adds COBRA with the point that is best by that distance:\n\n"
        + "\n\n".join(f"**{card.title}**: {card.summary}" for card in offered.values()),
    )
