"""The controls of a new sweep, in the sidebar."""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from fairdd_core.config.adapt import adapt
from fairdd_core.config.presets import PRESETS
from fairdd_core.config.spec.base import user_error
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS
from fairdd_core.errors import UserError
from fairdd_core.plots.theme import arm_label
from pages.ui.controls.catalogue import catalogue
from pages.ui.controls.dataset_values import lowest_skew
from pages.ui.controls.settings import values_of
from pages.ui.controls.sidebar import preset_control
from pages.ui.sweep.model import base_of, steps

MAX_STEPS, MAX_SEEDS = 8, 5
_ADOPTED = ("dataset", "groups", "iterations", "networks", "epochs", "device")


def key(name: str) -> str:
    """Return the session's key of a control."""
    return f"sweep-{name}"


def prepare() -> None:
    """Give every control its first value, once per session."""
    if key("preset") in st.session_state:
        return
    st.session_state[key("preset")] = next(iter(PRESETS))
    _adopt()
    first = {"skew": (lowest_skew(st.session_state[key("groups")]), 90), "separation": (0.0, 1.0)}
    for name, value in {**first, "skews": 4, "separations": 4, "seeds": 1}.items():
        st.session_state[key(name)] = value


def _adopt() -> None:
    """Take over what the preset says."""
    values = values_of(PRESETS[st.session_state[key("preset")]]())
    for name in _ADOPTED:
        st.session_state[key(name)] = values[name]
    known = [arm for arm in values["arms"] if arm in ALIGNMENTS]
    st.session_state[key("arms")] = known


def _dataset_chosen() -> None:
    """Take as many groups as the data set has; the skew follows, see ``_grid_controls``."""
    preset = PRESETS[st.session_state[key("preset")]]()
    st.session_state[key("groups")] = adapt(preset, st.session_state[key("dataset")]).data.groups


def controls() -> SweepSpec | None:
    """Draw the controls and return the sweep they describe; None, with the reason shown, if none."""
    known = catalogue()
    st.header("New sweep", anchor=False)
    preset_control(
        key("preset"),
        _adopt,
        "What every run is like, apart from skew and separation. Quick: small digits, a minute each.",
    )
    st.selectbox(
        "Data set",
        [name for name, card in known.items() if card.synthetic_groups],
        format_func=lambda name: known[name].title,
        key=key("dataset"),
        on_change=_dataset_chosen,
        persist_state="session",
        help="Every run of the grid uses this data set, biased more or less.",
    )
    st.pills(
        "Methods to compare",
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
    st.slider(
        "Skew, from and to",
        lowest,
        99,
        format="%d %%",
        key=key("skew"),
        persist_state="session",
        help="Share of each class that its largest group has: the rows of the grid.",
    )
    st.slider(
        "Separation, from and to",
        0.0,
        1.0,
        step=0.05,
        key=key("separation"),
        persist_state="session",
        help="How different the groups look, 0 being all alike: the columns of the grid.",
    )
    left, right = st.columns(2, gap="small", wrap=False)
    with left:
        _count("Steps of skew", "skews", MAX_STEPS, "Number of rows of the grid.")
    with right:
        _count("Of separation", "separations", MAX_STEPS, "Number of columns of the grid.")


def _size_controls() -> None:
    with st.expander("Advanced", icon=":material/tune:"):
        left, right = st.columns(2, gap="small", wrap=False)
        with left:
            _count("Groups", "groups", 10, "How many protected groups there are, where they are made.", low=2)
            _count("Iterations", "iterations", 20_000, "Updates of the synthetic images of a run.", step=100)
            _count("Test networks", "networks", 20, "Networks trained from scratch on each synthetic set.")
        with right:
            _count(
                "Seeds", "seeds", MAX_SEEDS, "Every place of the grid is run with so many seeds: luck shows."
            )
            _count("Epochs", "epochs", 2000, "Passes over the images when a test network trains.", step=50)


def _count(label: str, name: str, high: int, text: str, *, low: int = 1, step: int = 1) -> None:
    st.number_input(
        label, low, high, step=step, key=key(name), persist_state="session", help=text, width="stretch"
    )


def _spec() -> SweepSpec | None:
    value = {name: st.session_state[key(name)] for name in (*_ADOPTED, "preset", "arms", "seeds")}
    if not value["arms"]:
        st.info("Choose at least one method.", icon=":material/arrow_upward:")
        return None
    low, high = st.session_state[key("skew")]
    alike, apart = st.session_state[key("separation")]
    changes = {
        "data": {"dataset": value["dataset"], "groups": value["groups"], "skew": high / 100},
        "distill": {"iterations": value["iterations"]},
        "evaluation": {"networks": value["networks"], "epochs": value["epochs"]},
    }
    try:
        return SweepSpec(
            base=base_of(value["preset"], value["arms"], changes),
            skews=steps(low / 100, high / 100, st.session_state[key("skews")]),
            separations=steps(alike, apart, st.session_state[key("separations")]),
            seeds=tuple(range(value["seeds"])),
        )
    except (UserError, ValidationError) as error:
        told = error if isinstance(error, UserError) else user_error(error)
        st.error(f"These settings do not fit together. {told}", icon=":material/error:")
        return None
