"""The controls of the Studio, in the sidebar."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fairdd_core.config.presets import PRESETS
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from pages.ui.common import notices, url
from pages.ui.common.errors import escape_markdown
from pages.ui.controls.address import from_address, to_address
from pages.ui.controls.conditions import condition_controls
from pages.ui.controls.dataset import dataset_controls
from pages.ui.controls.method_choices import coincidence, difference_sentence, shared_images
from pages.ui.controls.methods import (
    backbone_control,
    distance_control,
    matching_control,
    method_controls,
    remedy_control,
    step_size_control,
)
from pages.ui.controls.settings import (
    CONTROLS,
    Values,
    devices,
    key,
    spec_of,
    values_of,
)


def adopt(values: Values) -> None:
    """Set every control."""
    for name, value in values.items():
        st.session_state[key(name)] = value


def restore() -> None:
    """Set the controls from the address; say what could not be used."""
    values, complaints = from_address(st.query_params.to_dict())
    adopt(values)
    notices.warn_unusable(complaints)


def current() -> Values:
    """Return what the controls say."""
    return {name: st.session_state[key(name)] for name in ("preset", *CONTROLS)}


def write_address() -> None:
    """Keep the address a permalink of the controls, beside what others put there."""
    params = st.query_params.to_dict()
    others = {name: value for name, value in params.items() if name not in ("preset", *CONTROLS)}
    url.write(others | to_address(current()))


def _preset_chosen() -> None:
    adopt(values_of(PRESETS[st.session_state[key("preset")]]()))
    _data_changed()


def _data_changed() -> None:
    st.session_state["view"] = "data"


def preset_control(name: str, chosen: Callable[[], None], text: str) -> None:
    """Draw the choice of a preset.

    Args:
        name: the session's key.
        chosen: called after another one was taken.
        text: the help line.
    """
    st.segmented_control(
        "Preset",
        list(PRESETS),
        format_func=str.capitalize,
        required=True,
        key=name,
        width="stretch",
        on_change=chosen,
        persist_state="session",
        help=text,
    )


def controls() -> RunSpec | None:
    """Draw the controls and return the specification they describe; None, with the reason shown, if none."""
    preset_control(
        key("preset"),
        _preset_chosen,
        "Sets every control at once. Quick: small digits, about a minute. Standard: MNIST, slower. "
        "Published: the papers' own recipes, for a GPU.",
    )
    dataset_controls(_data_changed)
    backbone_control()
    method_controls()
    _advanced_controls()
    write_address()
    if not st.session_state[key("arms")]:
        st.info("Choose at least one method.", icon=":material/arrow_upward:")
        return None
    try:
        return spec_of(current())
    except UserError as error:
        st.error(f"These settings do not fit together. {escape_markdown(error)}", icon=":material/error:")
        return None


ADVANCED_NUMBERS: tuple[tuple[str, str, int, int, int, str], ...] = (
    (
        "Test networks",
        "networks",
        1,
        20,
        1,
        "Networks trained from scratch on each synthetic set. Several show how much is luck.",
    ),
    (
        "Training epochs",
        "epochs",
        1,
        2000,
        50,
        "Passes over the synthetic images when a test network is trained.",
    ),
    (
        "Target bank",
        "pairs",
        1,
        500,
        10,
        "Random networks through which the real images are seen. Each iteration picks one of them.",
    ),
    (
        "Real per cell",
        "samples",
        1,
        4096,
        8,
        "Real images of every class and group that each of these networks sees, at most.",
    ),
)
"""Label, field, smallest, largest, step and help of the folded number boxes, two in a row."""


def _advanced_controls() -> None:
    with st.expander("Advanced", icon=":material/tune:"):
        matching_control()
        distance_control()
        remedy_control()
        step_size_control()
        left, right = st.columns(2, gap="small", wrap=False)
        left.number_input(
            "Seed",
            0,
            2**31 - 1,
            key=key("seed"),
            persist_state="session",
            help="Every random choice follows from it: the same seed gives the same run.",
        )
        offered = devices()
        chosen = st.session_state[key("device")]
        right.selectbox(
            "Device",
            offered if chosen in offered else [*offered, chosen],
            key=key("device"),
            persist_state="session",
            help="Auto takes the GPU when there is one, else the processor.",
        )
        for place, (label, field, low, high, step, text) in enumerate(ADVANCED_NUMBERS):
            (left, right)[place % 2].number_input(
                label, low, high, step=step, key=key(field), persist_state="session", help=text
            )
        condition_controls()
        st.toggle(
            "UMAP map",
            key=key("umap"),
            persist_state="session",
            help="Also compute the UMAP map, which takes some 20 seconds more. The PCA map always comes.",
        )


def comparison_notes(spec: RunSpec) -> None:
    """Say exactly what differs between the arms."""
    st.caption(difference_sentence(spec.distill.arms))
    for note in (shared_images(spec.distill.arms), coincidence(spec.distill)):
        if note:
            st.caption(note)
