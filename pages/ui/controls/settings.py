"""From the values of the controls to a specification, and back. No Streamlit here.

A control holds the value of its field; the methods are held by their names. Beside the controls, ``KEPT``
holds what the run has and no control shows.
"""

from __future__ import annotations

from typing import Any

from fairdd_core.config.adapt import CHOICES, Start, start_of
from fairdd_core.config.checks import check_names
from fairdd_core.config.presets import arms_named
from fairdd_core.config.settings import ARMS, CONTROLS, changed, changes, described_by_name, get
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.workspace import Workspace

Values = dict[str, Any]
PRESET, KEPT = "preset", "kept"
REPEATS = "repeats"
"""How many seeds a launch runs; no part of a specification."""


def key(name: str) -> str:
    """Return the session's key of a control."""
    return f"control-{name}"


def known_arms(start: RunSpec) -> dict[str, ArmSpec]:
    """Return the arms that a name stands for first: a published recipe gives them more than an alignment."""
    return {arm.name: arm for arm in start.distill.arms}


def values_of(spec: RunSpec) -> Values:
    """Return what the controls say for a specification, and under ``KEPT`` what they cannot show.

    That is a mapping from dotted paths to values; of the methods, those that are more than their names.
    """
    start, initial = start_of(spec, Workspace.default().data)
    shown = {setting.path for setting in CONTROLS.values()}
    kept = {path: value for path, value in changes(spec, initial).items() if path not in shown}
    if custom := tuple(arm for arm in spec.distill.arms if not described_by_name(arm, known_arms(initial))):
        kept[ARMS] = custom
    values = {name: get(spec, setting.path) for name, setting in CONTROLS.items()}
    arms, judges = [arm.name for arm in spec.distill.arms], list(spec.evaluation.others)
    return values | {"arms": arms, "judges": judges, PRESET: start.preset, KEPT: kept}


def spec_of(values: Values) -> RunSpec:
    """Return the specification that the controls describe.

    Raises:
        UserError: when the values do not fit together.
    """
    data_dir, kept = Workspace.default().data, values[KEPT]
    initial = Start(values[PRESET], **{name: values[name] for name in CHOICES}).spec(data_dir)
    known = known_arms(initial) | {arm.name: arm for arm in kept.get(ARMS, ())}
    shown = {setting.path: values[name] for name, setting in CONTROLS.items()}
    spec = changed(initial, shown | kept | {ARMS: arms_named(*values["arms"], known=known)})
    check_names(spec, data_dir)
    return spec
