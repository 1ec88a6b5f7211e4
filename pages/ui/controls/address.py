"""What an address says, and the controls of the Studio as one, and back. No Streamlit here."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, TypeVar

from fairdd_core.config.presets import PRESETS
from pages.ui.controls.dataset_values import CHOICES, Values, begin, mend
from pages.ui.controls.settings import CONTROLS, values_of

T = TypeVar("T")


def read(params: Mapping[str, str], name: str, parse: Callable[[str], T], complaints: list[str]) -> T | None:
    """Return what an address says for a name; the one rule of every page.

    Args:
        params: of the address.
        name: of the parameter.
        parse: from text to value; raises ValueError for what cannot be used.
        complaints: is told of what cannot be used.

    Returns:
        The value; None where the address says nothing, or nothing that can be used.
    """
    if name not in params:
        return None
    try:
        return parse(params[name])
    except ValueError:
        complaints.append(f"{name}={params[name]}")
        return None


def one_of(options: Container[str]) -> Callable[[str], str]:
    """Return a parser that takes these values only."""

    def parse(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return parse


def told(complaints: Iterable[str]) -> str:
    """Return the message about what in an address cannot be used, not yet safe for Markdown."""
    named = ", ".join(f"“{complaint}”" for complaint in complaints)
    return f"The link asked for {named}, which is not possible here; what is usual is shown instead."


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
