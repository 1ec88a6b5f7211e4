"""The controls of the data, in the sidebar of the Studio."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.card import DatasetCard
from fairdd_core.errors import UserError
from pages.ui.common.errors import escape_markdown
from pages.ui.controls.catalogue import catalogue
from pages.ui.controls.dataset_values import AS_FOUND, begin, fixed_groups, lowest_skew
from pages.ui.controls.settings import key, values_of

BEFORE, FOUND = "dataset-before", "skew-as-found"


def dataset_controls(changed: Callable[[], None]) -> None:
    """Draw the controls of the data.

    Args:
        changed: called when one of them was moved.
    """
    known, name = catalogue(), st.session_state[key("dataset")]
    st.selectbox(
        "Data set",
        list(known) if name in known else [*known, name],
        format_func=lambda name: known[name].title if name in known else name,
        key=key("dataset"),
        on_change=dataset_chosen,
        args=(changed,),
        persist_state="session",
        help="What is distilled. Each has a card below with what to know before using it.",
    )
    st.session_state[BEFORE] = name
    if (card := known.get(name)) is None:
        return
    _about(card)
    if card.attributes:
        _attributes(card, changed)
    if not fixed_groups(card):
        st.slider(
            "Groups",
            2,
            card.max_groups,
            key=key("groups"),
            on_change=_groups_chosen,
            args=(changed,),
            persist_state="session",
            help="How many protected groups there are. Here a group is a colour.",
        )
    _skew(card, changed)
    st.slider(
        "Separation",
        0.0,
        1.0,
        step=0.05,
        key=key("separation"),
        on_change=changed,
        persist_state="session",
        help=f"How different the groups look. {card.separation}",
    )


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
    st.selectbox(
        "Predict",
        ["", *(name for name in card.attributes if name != card.label)],
        format_func=lambda name: _spoken(name or card.label),
        key=key("label"),
        on_change=_label_chosen,
        args=(changed,),
        persist_state="session",
        help="The attribute that makes the classes.",
    )
    usual = "+".join(card.chosen(DataSpec(label=label))[1])
    offered = [name for name in card.groupings() if chosen not in name.split("+") and name != usual]
    now = st.session_state[key("group")]
    st.selectbox(
        "Groups by",
        ["", *offered] if not now or now in offered else ["", *offered, now],
        format_func=lambda name: _spoken(name or usual),
        key=key("group"),
        on_change=_take_usual,
        args=(("groups", "skew"), changed),
        persist_state="session",
        help="The attribute that makes the groups, or two of them crossed: every combination is a group.",
    )
    try:
        names = card.labels(DataSpec(label=label, group=now)).groups
    except UserError as error:
        st.error(str(error), icon=":material/error:")
    else:
        st.caption(f"{len(names)} groups: {', '.join(names)}.")


def _spoken(attribute: str) -> str:
    return attribute.replace("_", " ").replace("+", " × ").lower()


def _skew(card: DatasetCard, changed: Callable[[], None]) -> None:
    groups = st.session_state[key("groups")]
    if not card.synthetic_groups:
        st.session_state[FOUND] = st.session_state[key("skew")] == AS_FOUND
        st.toggle(
            "Skew as found",
            key=FOUND,
            on_change=_found_chosen,
            args=(changed,),
            help="Takes all training images. Without, images are left out until the largest group of every "
            "class has the share that you choose.",
        )
        if st.session_state[FOUND]:
            return
    st.slider(
        "Skew",
        lowest_skew(groups),
        99,
        format="%d %%",
        key=key("skew"),
        on_change=changed,
        persist_state="session",
        help=f"Share of each class that its largest group has. {lowest_skew(groups)} % is balanced: all "
        f"{groups} groups are equally large.",
    )


def dataset_chosen(changed: Callable[[], None] = lambda: None) -> None:
    """Follow a change of the data set.

    The other controls take its usual values, but for skew, separation and groups where they mean the same.
    """
    known = catalogue()
    before, now = (known.get(st.session_state.get(name, "")) for name in (BEFORE, key("dataset")))
    st.session_state[key("label")] = st.session_state[key("group")] = ""
    if before and now and before.synthetic_groups and now.synthetic_groups:
        free = not (fixed_groups(before) or fixed_groups(now))
        _take_usual(() if free else ("groups",), changed)
        low = lowest_skew(st.session_state[key("groups")])
        st.session_state[key("skew")] = max(low, st.session_state[key("skew")])
    else:
        _take_usual(("groups", "skew", "separation"), changed)


def _label_chosen(changed: Callable[[], None]) -> None:
    st.session_state[key("group")] = ""
    _take_usual(("groups", "skew"), changed)


def _take_usual(names: tuple[str, ...], changed: Callable[[], None]) -> None:
    """Set controls to what the chosen data starts from."""
    choices = {name: st.session_state[key(name)] for name in ("preset", "dataset", "label", "group")}
    usual = values_of(begin(choices))
    for name in names:
        st.session_state[key(name)] = usual[name]
    changed()


def _groups_chosen(changed: Callable[[], None]) -> None:
    lowest = lowest_skew(st.session_state[key("groups")])
    st.session_state[key("skew")] = max(lowest, st.session_state[key("skew")])
    changed()


def _found_chosen(changed: Callable[[], None]) -> None:
    lowest = lowest_skew(st.session_state[key("groups")])
    st.session_state[key("skew")] = AS_FOUND if st.session_state[FOUND] else lowest
    changed()
