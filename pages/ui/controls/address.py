"""A specification as the parameters of an address, and back. No Streamlit here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from fairdd_core.config.adapt import CHOICES, Start, start_of
from fairdd_core.config.checks import check_names
from fairdd_core.config.presets import PRESETS
from fairdd_core.config.settings import NONE, PARAMS, SETTINGS, Setting, changed, changes
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import cards
from fairdd_core.errors import UserError
from fairdd_core.workspace import Workspace
from pages.ui.common.url import one_of, read
from pages.ui.controls.settings import PRESET, REPEATS, known_arms

NAMES = frozenset({PRESET, REPEATS, *PARAMS})
"""Parameters that describe a run, and how many seeds of it to launch."""


def exact_percent(share: float) -> str:
    """Return a share in per cent with all its digits."""
    return f"{Decimal(repr(share)).scaleb(2).normalize():f}"


def to_address(spec: RunSpec) -> dict[str, str]:
    """Return the parameters that describe a run: its preset, and what differs from it."""
    start, initial = start_of(spec, Workspace.default().data)
    params = {PRESET: start.preset} if start.preset != Start.preset else {}
    params |= start.choices
    for path, value in changes(spec, initial).items():
        setting = SETTINGS[path]
        if setting.unit == "%" and value is not None:
            params[setting.param] = exact_percent(value)
        else:
            params[setting.param] = setting.text(value, known_arms(initial))
    return params


def from_address(params: Mapping[str, str]) -> tuple[RunSpec, list[str]]:
    """Return the run that an address describes, and ``name=value`` of every parameter that cannot be used."""
    unusable: list[str] = []
    initial = _start(params, unusable)
    values: dict[str, Any] = {}
    for name in params:
        if name not in PARAMS or name in CHOICES:
            continue
        setting = PARAMS[name]
        try:
            values[setting.path] = _parse(setting, params[name], initial)
        except (UserError, ArithmeticError):
            unusable.append(f"{name}={params[name]}")
    try:
        return _checked(initial, values), unusable
    except UserError:  # then as many of them as go together
        for path in [path for path in SETTINGS if path in values]:
            try:
                initial = _checked(initial, {path: values[path]})
            except UserError:
                unusable.append(f"{SETTINGS[path].param}={params[SETTINGS[path].param]}")
        return initial, unusable


def _start(params: Mapping[str, str], unusable: list[str]) -> RunSpec:
    """Return what the address starts from, without the choices that cannot be used."""
    data_dir = Workspace.default().data
    start = Start(read(params, PRESET, one_of(PRESETS), unusable) or Start.preset)
    options: dict[str, Callable[[str], Any]] = {
        "dataset": one_of(cards(data_dir)),
        "backbone": one_of(PARAMS["backbone"].choices),
        "ipc": PARAMS["ipc"].parse,
    }
    chosen = {
        name: value
        for name in CHOICES
        if (value := read(params, name, options.get(name, str), unusable)) is not None
    }
    for left_out in ((), ("group",), ("label", "group")):
        usable = {name: value for name, value in chosen.items() if name not in left_out}
        try:
            initial = replace(start, **usable).spec(data_dir)
            check_names(initial, data_dir)
        except UserError:
            continue
        unusable += [f"{name}={chosen[name]}" for name in left_out if name in chosen]
        return initial
    raise AssertionError("a known data set and a known backbone can be had with every preset")


def _parse(setting: Setting, text: str, initial: RunSpec) -> Any:
    if setting.unit == "%" and text != NONE:
        share = Decimal(text).scaleb(-2)
        return None if setting.optional and share == 0 else setting.check(str(share))
    return setting.parse(text, known_arms(initial))


def _checked(spec: RunSpec, values: Mapping[str, Any]) -> RunSpec:
    spec = changed(spec, values)
    check_names(spec, Workspace.default().data)
    return spec
