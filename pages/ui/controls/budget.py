"""The time budget: a control that sets others, as a preset does, and is no part of a specification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from fairdd_core.config.adapt import CHOICES, start_of
from fairdd_core.config.budget import BUDGETED, Fitted, fit
from fairdd_core.config.recipes import PUBLISHED
from fairdd_core.config.settings import changed, get
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import queue_device
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import sizes, speed
from fairdd_core.workspace import Workspace
from pages.ui.common.cache import split_of
from pages.ui.common.errors import EXPECTED, escape_markdown
from pages.ui.controls.settings import PRESET, Values, key, spec_of

AS_PRESET = 0
TITLES = {AS_PRESET: "Preset", 60: "1", 300: "5", 900: "15", 3600: "60"}
"""Seconds -> name of the option."""
POLL_SECONDS = 1.0
_KEY, _RESOLVED, _MEASURED, _PROBLEM = key("budget"), "budget-resolved", "budget-device", "budget-problem"
_START = ("preset", *(CHOICES[name] for name in ("dataset", "label", "group", "backbone")))
"""Settings whose change is a new start, after which nothing counts as changed by hand."""
_INPUTS = (
    *_START,
    *("data.groups", "data.test_groups", "data.test_images", "device"),
    *("distill.arms", "distill.ipc", "distill.factor", "evaluation.others"),
)
"""Settings that a recipe depends on."""


@dataclass(frozen=True)
class Resolved:
    """A budget in seconds, and the run that was fitted to it."""

    seconds: int
    fitted: Fitted

    def differing(self, spec: RunSpec, paths: tuple[str, ...]) -> dict[str, Any]:
        """Return what a run has otherwise, dotted path -> value."""
        own = self.fitted.spec
        return {path: value for path in paths if (value := get(spec, path)) != get(own, path)}


def forget(spec: RunSpec) -> None:
    """Follow no budget: the controls were set to another run."""
    st.session_state[_KEY] = AS_PRESET if _without(spec) == spec else None
    for name in (_RESOLVED, _MEASURED, _PROBLEM):
        st.session_state.pop(name, None)


def wanted() -> int | None:
    """Return the chosen budget in seconds."""
    chosen: int | None = st.session_state.get(_KEY)
    return chosen


def choose(seconds: int | None) -> None:
    """Choose a budget; ``follow`` sets the controls."""
    st.session_state[_KEY] = seconds


def follow(values: Values, adopt: Callable[[RunSpec], None]) -> None:
    """Set the controls to what the chosen budget says, if it has changed, or what it depends on.

    To be called before the controls are drawn.

    Args:
        values: of the controls.
        adopt: sets the controls; it calls ``forget``.
    """
    state, seconds, resolved = st.session_state, wanted(), _resolved()
    try:
        spec = spec_of(values)
    except UserError:  # explained below the controls
        return
    if not seconds or spec.preset == PUBLISHED:
        if resolved is not None and spec.preset != PUBLISHED:
            adopt(_without(spec))
        elif seconds:
            forget(spec)
        return
    new = resolved is None or resolved.seconds != seconds
    if resolved is not None and not new and not resolved.differing(spec, _INPUTS):
        return
    by_hand = {} if resolved is None or new else resolved.differing(spec, BUDGETED)
    if resolved is not None and resolved.differing(spec, _START):
        by_hand = {}
    try:
        fitted = _fitted(spec, seconds, by_hand)
    except EXPECTED as error:
        adopt(spec if resolved is None else _without(spec))
        state[_PROBLEM] = escape_markdown(error)
        return
    if fitted is not None:
        adopt(fitted.spec)
        state[_KEY], state[_RESOLVED] = seconds, Resolved(seconds, fitted)


def _fitted(spec: RunSpec, seconds: int, by_hand: dict[str, Any]) -> Fitted | None:
    """Return the run that fits; None while the device is being measured."""
    state, workspace, device = st.session_state, Workspace.default(), queue_device(spec.device)
    measured = speed.known(workspace, device)
    if measured is None:
        if state.get(_MEASURED) != device:
            speed.start(workspace, device)
            state[_MEASURED] = device
        elif not speed.is_measuring(workspace, device):
            raise speed.unmeasured(workspace, device)
        return None
    size = sizes.size_of(workspace, spec, lambda: split_of(spec.data, spec.seed))
    return fit(spec, size, measured, seconds, by_hand)


def budget_control(values: Values) -> None:
    """Draw the choice of a budget, and what it chose and why."""
    st.segmented_control(
        "Time budget in minutes",
        list(TITLES),
        format_func=TITLES.__getitem__,
        key=_KEY,
        width="stretch",
        disabled=values[PRESET] == PUBLISHED,
        persist_state="session",
        help="How long a run may take on this machine. Sets networks, updates and test for this data; you "
        "can still change them below. Preset leaves them as they are there. The first time, the speed of the "
        "machine is measured, which takes some 20 seconds. A published recipe has no budget.",
    )
    if problem := st.session_state.get(_PROBLEM):
        st.error(f"No budget is set. {problem}", icon=":material/error:")
    resolved = _resolved()
    if wanted() and resolved is None:
        _measuring(str(st.session_state.get(_MEASURED)))
    elif resolved is not None:
        st.caption(_text(resolved, values))


def chosen(values: Values) -> frozenset[str]:
    """Return the paths of the settings that are as the budget chose them."""
    if (resolved := _resolved()) is None:
        return frozenset()
    try:
        return frozenset(BUDGETED) - resolved.differing(spec_of(values), BUDGETED).keys()
    except UserError:  # explained below the controls
        return frozenset(BUDGETED)


def _text(resolved: Resolved, values: Values) -> str:
    try:
        by_hand = resolved.differing(spec_of(values), BUDGETED)
    except UserError:
        by_hand = {"": None}
    if by_hand:
        return "You changed what the budget chose; how long that takes is beside **Launch**."
    return escape_markdown(resolved.fitted.sentence)


@st.fragment(run_every=POLL_SECONDS)
def _measuring(device: str) -> None:
    """Wait for the measuring process; then the whole page follows."""
    if not speed.is_measuring(Workspace.default(), device):
        st.rerun()
    st.info(
        "Measuring the speed of this machine, once. The settings follow in about 20 seconds.",
        icon=":material/speed:",
    )


def _resolved() -> Resolved | None:
    found: Resolved | None = st.session_state.get(_RESOLVED)
    return found


def _without(spec: RunSpec) -> RunSpec:
    """Return a run with what a budget decides as its preset has it."""
    _, initial = start_of(spec, Workspace.default().data)
    return changed(spec, {path: get(initial, path) for path in BUDGETED})
