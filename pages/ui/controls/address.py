"""What an address says, and the controls of the Studio as one, and back. No Streamlit here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fairdd_core.config.presets import PRESETS
from pages.ui.common.url import read
from pages.ui.controls.dataset_values import CHOICES, Values, begin, mend
from pages.ui.controls.settings import CONTROLS, values_of


def from_address(params: Mapping[str, str]) -> tuple[Values, list[str]]:
    """Return the controls' values from an address, and a complaint for every value that was not usable."""
    complaints = []
    preset = params.get("preset", next(iter(PRESETS)))
    if preset not in PRESETS:
        complaints.append(f"preset={preset}")
        preset = next(iter(PRESETS))
    values = values_of(PRESETS[preset]())
    complaints += _read(params, CHOICES, values)
    wanted, begun = values, begin(values)
    values = values_of(begun)
    complaints += [f"{name}={wanted[name]}" for name in CHOICES if values[name] != wanted[name]]
    complaints += _read(params, [name for name in CONTROLS if name not in CHOICES], values)
    return values, complaints + mend(values, begun)


def _read(params: Mapping[str, str], names: Iterable[str], values: Values) -> list[str]:
    """Take values from an address, and return a complaint for every one that was not usable."""
    complaints: list[str] = []
    for name in names:
        if (value := read(params, name, CONTROLS[name].parse, complaints)) is not None:
            values[name] = value
    return complaints


def to_address(values: Values) -> dict[str, str]:
    """Return what an address must say to give ``values`` back: what differs from the preset."""
    plain = values_of(PRESETS[values["preset"]]())
    defaults = values_of(begin(values)) | {name: plain[name] for name in CHOICES}
    params = {} if values["preset"] == next(iter(PRESETS)) else {"preset": values["preset"]}
    for name in CONTROLS:
        if values[name] != defaults[name]:
            params[name] = _text(values[name])
    return params


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return (
        ",".join(value)
        if isinstance(value, list)
        else f"{value:.12g}"
        if isinstance(value, float)
        else str(value)
    )
