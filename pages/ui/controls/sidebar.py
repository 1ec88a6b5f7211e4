"""The controls of the Studio, in the sidebar."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fairdd_core.config.presets import PRESETS
from fairdd_core.config.published import deviations, source_of
from fairdd_core.config.recipes import PUBLISHED
from fairdd_core.config.settings import ARMS, CONTROLS, SETTINGS
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import gpu_count
from fairdd_core.errors import UserError
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.units import counted
from pages.ui.common import notices, url
from pages.ui.common.errors import escape_markdown
from pages.ui.controls import budget, methods, repeats
from pages.ui.controls.address import NAMES, from_address, to_address
from pages.ui.controls.catalogue import catalogue
from pages.ui.controls.dataset import dataset_controls, without_meaning
from pages.ui.controls.external import external_control
from pages.ui.controls.method_choices import coincidence, difference_sentence, known_names, shared_images
from pages.ui.controls.settings import KEPT, PRESET, Values, key, spec_of, values_of
from pages.ui.controls.widgets import draw_row

DRAWN = {"dataset", "label", "group", "groups", "skew", "separation", "backbone", "arms", "matching", "seed"}
"""Controls with more to them than their setting says."""


def adopt(spec: RunSpec) -> None:
    """Set every control to what a run has; what no control shows is kept."""
    for name, value in values_of(spec).items():
        st.session_state[key(name)] = value
    budget.forget(spec)


def restore() -> None:
    """Set the controls from the address; warn of what cannot be used."""
    spec, unusable = from_address(url.params())
    adopt(spec)
    repeats.restore(url.params(), unusable)
    notices.warn_unusable(unusable)


def current() -> Values:
    """Return what the controls say."""
    return {name: st.session_state[key(name)] for name in (PRESET, KEPT, *CONTROLS)}


def write_address(spec: RunSpec) -> None:
    """Make the address a permalink of the controls; what others put there stays."""
    others = {name: value for name, value in url.params().items() if name not in NAMES}
    url.write(others | to_address(spec) | repeats.to_address())


def _preset_chosen() -> None:
    seconds = budget.wanted()
    adopt(PRESETS[st.session_state[key(PRESET)]]())
    budget.choose(seconds or budget.AS_PRESET)
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
    budget.follow(current(), adopt)
    preset_control(
        key(PRESET),
        _preset_chosen,
        "Sets every control at once. Quick: small digits, about a minute. Standard: MNIST, slower. "
        "Published: the papers' own recipes, for a GPU.",
    )
    _recipe_note()
    budget.budget_control(current())
    dataset_controls(_data_changed)
    methods.backbone_control()
    methods.method_control()
    external_control()
    draw_row(_others("main"), {"ipc": methods.images_per_class_chosen})
    repeats.seed_controls()
    with st.expander("Advanced", icon=":material/tune:"):
        methods.matching_control()
        methods.distance_control()
        methods.mitigation_control()
        network = st.session_state[key(KEPT)].get("evaluation.network.name", NetSpec().name)
        unused = without_meaning(st.session_state[key("dataset")])
        draw_row(
            [name for name in _others("advanced") if name not in unused],
            device=["auto", "cpu", *(f"cuda:{i}" for i in range(gpu_count()))],
            judges=[name for name in NETWORKS if name != network],
        )
    _kept()
    if not st.session_state[key("arms")]:
        st.info("Choose at least one method.", icon=":material/arrow_upward:")
        return None
    if (name := st.session_state[key("dataset")]) not in catalogue():
        st.info(
            f"The data set **{escape_markdown(name)}** is not on this machine. What was computed from it is "
            "shown all the same. To launch a run, choose another one, or add it again on the **Data** page.",
            icon=":material/database_off:",
        )
        return None
    try:
        spec = spec_of(current())
    except UserError as error:
        st.error(f"These settings do not fit together. {escape_markdown(error)}", icon=":material/error:")
        return None
    write_address(spec)
    return spec


def _recipe_note() -> None:
    """Say whose recipe the published preset follows, and in a help line in what it differs."""
    state = st.session_state
    if state[key(PRESET)] != PUBLISHED:
        return
    name = state[key("backbone")]
    text = f"{source_of(name)}, set for {counted(state[key('ipc')], 'image')} per class."
    st.caption(text, help="\n".join(f"* {point}" for point in deviations(name)))


def _others(place: str) -> list[str]:
    return [name for name, setting in CONTROLS.items() if setting.place == place and name not in DRAWN]


def _kept() -> None:
    """Name what the run has and no control shows, and offer the preset's values instead."""
    kept = _kept_without_budget()
    kept.pop(PRESET, None)  # for display only
    known = [arm for arm in kept.pop(ARMS, ()) if not arm.external]
    chosen = [arm for arm in known if arm.name in st.session_state[key("arms")]]
    if not kept and not chosen:
        return
    named = [f"{SETTINGS[path].title} = {SETTINGS[path].label(value)}" for path, value in kept.items()]
    named += [f"the settings of the method {arm.name}" for arm in chosen]
    text = escape_markdown("; ".join(named))
    st.info(f"Kept from the run or link, without a control here: {text}.", icon=":material/lock:")
    st.button("Use the preset's values", key="drop-kept", on_click=_drop_kept, width="stretch")


def _kept_without_budget() -> Values:
    """Return what no control shows, without what the time budget chose."""
    kept = st.session_state[key(KEPT)]
    own = budget.chosen(current()) if kept else ()
    return {path: value for path, value in kept.items() if path not in own}


def _drop_kept() -> None:
    dropped, kept = _kept_without_budget(), st.session_state[key(KEPT)]
    arms = st.session_state[key("arms")]
    external = tuple(arm for arm in kept.get(ARMS, ()) if arm.external and arm.name in arms)
    st.session_state[key(KEPT)] = {path: value for path, value in kept.items() if path not in dropped}
    if external:
        st.session_state[key(KEPT)][ARMS] = external
    st.session_state[key("arms")] = [*known_names(arms), *(arm.name for arm in external)]


def comparison_notes(spec: RunSpec) -> None:
    """Say exactly what differs between the arms."""
    st.caption(difference_sentence(spec.distill.arms))
    for note in (shared_images(spec.distill.arms), coincidence(spec.distill)):
        if note:
            st.caption(note)
