"""The controls of a new sweep, in the sidebar."""

from __future__ import annotations

from typing import Any

import streamlit as st
from pydantic import ValidationError

from fairdd_core.config.adapt import Start
from fairdd_core.config.presets import PRESETS, arms_named
from fairdd_core.config.settings import PARAMS, changed, get
from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.data import lowest_skew
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS
from fairdd_core.errors import UserError
from fairdd_core.plots.theme import arm_label
from pages.ui.common.errors import show_error
from pages.ui.controls.catalogue import catalogue
from pages.ui.controls.settings import known_arms
from pages.ui.controls.sidebar import preset_control
from pages.ui.controls.widgets import draw
from pages.ui.sweep.model import steps

MAX_STEPS, MAX_SEEDS = 8, 5
_ADOPTED = ("dataset", "groups", "iterations", "networks", "epochs")
_FIRST = {"separation": (0.0, 1.0), "skews": 4, "separations": 4, "seeds": 1}


def key(name: str) -> str:
    """Return the session's key of a control."""
    return f"sweep-{name}"


def prepare() -> None:
    """Give every control its first value, once per session."""
    if key("preset") in st.session_state:
        return
    st.session_state[key("preset")] = next(iter(PRESETS))
    _adopt()
    for name, value in {"skew": (lowest_skew(st.session_state[key("groups")]), 90), **_FIRST}.items():
        st.session_state[key(name)] = value


def _adopt() -> None:
    """Take over what the preset says."""
    spec = PRESETS[st.session_state[key("preset")]]()
    for name in _ADOPTED:
        st.session_state[key(name)] = get(spec, PARAMS[name].path)
    st.session_state[key("arms")] = [arm.name for arm in spec.distill.arms if arm.name in ALIGNMENTS]


def _dataset_chosen() -> None:
    """Take as many groups as the data set has; the skew follows, see ``_grid_controls``."""
    start = Start(st.session_state[key("preset")], st.session_state[key("dataset")])
    st.session_state[key("groups")] = start.spec().data.groups


def controls() -> SweepSpec | None:
    """Draw the controls and return the sweep they describe; None, with the reason shown, if none."""
    known = {name: card.title for name, card in catalogue().items() if card.synthetic_groups}
    st.header("New sweep", anchor=False)
    preset_control(
        key("preset"),
        _adopt,
        "What every run is like, apart from skew and separation. Quick: small digits, a minute each.",
    )
    draw("dataset", form="sweep", options=list(known), title_of=known.__getitem__, changed=_dataset_chosen)
    st.pills(
        PARAMS["arms"].title,
        list(ALIGNMENTS),
        selection_mode="multi",
        format_func=arm_label,
        key=key("arms"),
        persist_state="session",
        help="Every run of the grid makes images with each of these methods. Each gets a picture of its own.",
    )
    _grid_controls()
    _size_controls()
    return _spec()


def _grid_controls() -> None:
    lowest = lowest_skew(st.session_state[key("groups")])
    low, high = st.session_state[key("skew")]
    st.session_state[key("skew")] = (max(lowest, low), max(lowest, high))
    _range("skew", lowest, 99, "the rows of the grid", format="%d %%")
    _range("separation", 0.0, 1.0, "the columns of the grid", step=PARAMS["separation"].step)
    left, right = st.columns(2, gap="small", wrap=False)
    with left:
        _count("Steps of skew", "skews", MAX_STEPS, "Number of rows of the grid.")
    with right:
        _count("Of separation", "separations", MAX_STEPS, "Number of columns of the grid.")


def _range(name: str, low: float, high: float, role: str, **look: Any) -> None:
    text = f"{PARAMS[name].help} These are {role}."
    title = f"{PARAMS[name].title}, from and to"
    st.slider(title, low, high, key=key(name), persist_state="session", help=text, **look)


def _size_controls() -> None:
    card = catalogue()[st.session_state[key("dataset")]]
    with st.expander("Advanced", icon=":material/tune:"):
        left, right = st.columns(2, gap="small", wrap=False)
        if not card.group_names:
            draw("groups", left, form="sweep", high=card.max_groups)
        draw("iterations", left, form="sweep")
        draw("networks", left, form="sweep")
        with right:
            _count("Seeds", "seeds", MAX_SEEDS, "Every place of the grid is run with so many seeds.")
        draw("epochs", right, form="sweep")


def _count(label: str, name: str, high: int, text: str) -> None:
    st.number_input(label, 1, high, key=key(name), persist_state="session", help=text)


def _spec() -> SweepSpec | None:
    value = {name: st.session_state[key(name)] for name in (*_ADOPTED, *_FIRST, "skew", "preset", "arms")}
    if not value["arms"]:
        st.info("Choose at least one method.", icon=":material/arrow_upward:")
        return None
    try:
        initial = Start(value["preset"], value["dataset"]).spec()
        adopted = {PARAMS[name].path: value[name] for name in _ADOPTED}
        (low, high), (alike, apart) = value["skew"], value["separation"]
        arms = arms_named(*value["arms"], known=known_arms(initial))
        return SweepSpec(
            base=changed(initial, adopted | {"distill.arms": arms, "data.skew": high / 100}),
            skews=steps(low / 100, high / 100, value["skews"]),
            separations=steps(alike, apart, value["separations"]),
            seeds=tuple(range(value["seeds"])),
        )
    except (UserError, ValidationError) as error:
        cause = error if isinstance(error, UserError) else user_error(error)
        show_error("These settings do not fit together.", cause)
        return None
