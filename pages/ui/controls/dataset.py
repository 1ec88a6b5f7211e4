"""The controls of the data, in the sidebar of the Studio."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from fairdd_core.config.adapt import AUGMENTATIONS, CHOICES, DEPTHS, Start
from fairdd_core.config.settings import CONTROLS, get
from fairdd_core.config.spec.base import AS_FOUND
from fairdd_core.config.spec.data import DataSpec, lowest_skew
from fairdd_core.data.card import DatasetCard
from fairdd_core.errors import UserError
from fairdd_core.workspace import Workspace
from pages.ui.common.errors import escape_markdown
from pages.ui.controls.catalogue import catalogue
from pages.ui.controls.settings import KEPT, PRESET, key
from pages.ui.controls.widgets import draw

BEFORE, TOGGLE = "dataset-before", "skew-as-found"
PROTOCOL = ("rendering", "test-groups")
"""Controls of what the papers do differently on every data set."""


def dataset_controls(changed: Callable[[], None]) -> None:
    """Draw the controls of the data.

    Args:
        changed: called when one of them was moved.
    """
    known, name = catalogue(), st.session_state[key("dataset")]
    titles = {key: card.title for key, card in known.items()}
    draw(
        "dataset",
        options=list(known),
        title_of=lambda key: titles.get(key, key),
        changed=dataset_chosen,
        args=(changed,),
    )
    st.session_state[BEFORE] = name
    if (card := known.get(name)) is None:
        return
    _about(card)
    if card.attributes:
        _attributes(card, changed)
    if not fixed_groups(card):
        draw("groups", high=card.max_groups, changed=_groups_chosen, args=(changed,))
    _skew(card, changed)
    help_line = f"How different the groups look. {card.separation}"
    draw("separation", changed=changed, help=help_line)


def fixed_groups(card: DatasetCard) -> bool:
    """Return whether the number of groups follows from the data."""
    return bool(card.attributes or card.group_names)


def without_meaning(name: str) -> list[str]:
    """Return the names of the settings that the data set called ``name`` leaves as they are."""
    card = catalogue().get(name)
    fixed = () if card is None else card.without_meaning()
    return [param for param, setting in CONTROLS.items() if setting.path.removeprefix("data.") in fixed]


def facts_text(card: DatasetCard) -> str:
    """Return what to know about a data set, in Markdown."""
    facts = {name: text.rstrip(".") for name, text in card.facts().items() if name != "Attributes"}
    return "\n\n".join(
        f"**{name}.** {escape_markdown(text[0].upper() + text[1:])}." for name, text in facts.items()
    )


def _about(card: DatasetCard) -> None:
    with st.popover("About this data set", icon=":material/info:", width="stretch", key="about-data"):
        st.markdown(f"## {escape_markdown(card.title)}")
        st.markdown(facts_text(card))


def _attributes(card: DatasetCard, changed: Callable[[], None]) -> None:
    """Draw the choice of what is predicted and what makes the groups."""
    label = st.session_state[key("label")]
    chosen = label or card.label
    draw(
        "label",
        options=["", *(name for name in card.attributes if name != card.label)],
        title_of=lambda name: _attribute_title(name or card.label),
        changed=_label_chosen,
        args=(changed,),
    )
    usual = "+".join(card.chosen(DataSpec(label=label))[1])
    offered = [name for name in card.groupings() if chosen not in name.split("+") and name != usual]
    draw(
        "group",
        options=["", *offered],
        title_of=lambda name: _attribute_title(name or usual),
        changed=_take_usual,
        args=(("groups", "skew"), changed),
    )
    now = st.session_state[key("group")]
    try:
        names = card.labels(DataSpec(label=label, group=now)).groups
    except UserError as error:
        st.error(escape_markdown(error), icon=":material/error:")
    else:
        st.caption(f"{len(names)} groups: {escape_markdown(', '.join(names))}.")


def _attribute_title(attribute: str) -> str:
    return attribute.replace("_", " ").replace("+", " × ").lower()


def _skew(card: DatasetCard, changed: Callable[[], None]) -> None:
    groups = st.session_state[key("groups")]
    if not card.synthetic_groups:
        st.session_state[TOGGLE] = st.session_state[key("skew")] is None
        st.toggle(
            f"Skew {AS_FOUND}",
            key=TOGGLE,
            on_change=_skew_chosen,
            args=(changed,),
            help="Takes all training images. Without, images are left out until the largest group of every "
            "class has the share that you choose.",
        )
        if st.session_state[TOGGLE]:
            return
    low = lowest_skew(groups) / 100
    help_line = (
        f"Share of each class that its largest group has. {low:.0%} is balanced: all {groups} groups are "
        "equally large."
    )
    draw("skew", low=low, help=help_line, changed=changed)


def dataset_chosen(changed: Callable[[], None] = lambda: None) -> None:
    """Follow a change of the data set.

    The other controls take its usual values, but for skew, separation and groups where they mean the same.
    """
    known, state = catalogue(), st.session_state
    before, now = (known.get(state.get(name, "")) for name in (BEFORE, key("dataset")))
    state[key("label")] = state[key("group")] = ""
    kept = state[key(KEPT)]
    state[key(KEPT)] = {path: kept[path] for path in kept if path not in (*DEPTHS, *AUGMENTATIONS)}
    if before and now and before.synthetic_groups and now.synthetic_groups:
        free = not (fixed_groups(before) or fixed_groups(now))
        _take_usual(PROTOCOL if free else ("groups", *PROTOCOL), changed)
        _lift_skew()
    else:
        _take_usual(("groups", "skew", "separation", "test-images", *PROTOCOL), changed)


def _label_chosen(changed: Callable[[], None]) -> None:
    st.session_state[key("group")] = ""
    _take_usual(("groups", "skew"), changed)


def _take_usual(names: tuple[str, ...], changed: Callable[[], None]) -> None:
    """Set controls to what the chosen data starts from."""
    chosen = {name: st.session_state[key(name)] for name in (PRESET, *CHOICES)}
    with suppress(UserError):  # attributes that do not go together are explained beside their controls
        usual = Start(**chosen).spec(Workspace.default().data)
        for name in names:
            st.session_state[key(name)] = get(usual, CONTROLS[name].path)
    changed()


def _lift_skew() -> None:
    """Make the skew possible with the number of groups."""
    lowest = lowest_skew(st.session_state[key("groups")]) / 100
    st.session_state[key("skew")] = max(lowest, st.session_state[key("skew")] or lowest)


def _groups_chosen(changed: Callable[[], None]) -> None:
    _lift_skew()
    changed()


def _skew_chosen(changed: Callable[[], None]) -> None:
    lowest = lowest_skew(st.session_state[key("groups")]) / 100
    st.session_state[key("skew")] = None if st.session_state[TOGGLE] else lowest
    changed()
