"""Widgets of the sidebar, as the table of settings describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from fairdd_core.config.settings import PARAMS, REGISTRIES, Setting
from pages.ui.controls.address import exact_percent

SHORT_TITLE = 20
"""Letters that fit above half of the sidebar."""


def draw(
    name: str,
    box: Any = st,
    *,
    form: str = "control",
    options: Sequence[Any] | None = None,
    title_of: Callable[[Any], str] | None = None,
    low: float | None = None,
    high: float | None = None,
    help: str = "",
    changed: Callable[..., None] | None = None,
    args: tuple[Any, ...] = (),
) -> None:
    """Draw the control of a setting; its value is in the session under ``FORM-NAME``.

    A value that is there already is offered exactly, also where the control has coarser steps.

    Args:
        name: of the setting, as in addresses.
        box: container to draw it in.
        form: which controls it belongs to.
        options: to choose from; by default those of the setting.
        title_of: from an option to its name for people.
        low: a larger bound than that of the setting.
        high: a smaller bound than that of the setting.
        help: replaces the help line of the setting.
        changed: called when it was moved.
        args: of the call.
    """
    setting, value = PARAMS[name], st.session_state[f"{form}-{name}"]
    common: dict[str, Any] = {
        "key": f"{form}-{name}",
        "help": help or help_text(setting),
        "on_change": changed,
        "args": args,
        "persist_state": "session",
    }
    options = setting.choices if options is None else options
    if setting.kind is bool:
        box.toggle(setting.title, **common)
    elif setting.several or options:
        choose = box.multiselect if setting.several else box.selectbox
        chosen = value if setting.several else [value]
        offered = [*options, *(option for option in chosen if option not in options)]
        common |= {"select_all": False} if setting.several else {}
        choose(setting.title, offered, format_func=title_of or setting.label, **common)
    else:
        bounds = (setting.low if low is None else low, setting.high if high is None else high)
        _draw_number(box, setting, bounds, value, common)


def _draw_number(
    box: Any, setting: Setting, bounds: tuple[float, float], value: float, common: dict[str, Any]
) -> None:
    if setting.slider:
        marks = sorted({*grid(setting, *bounds), value})
        box.select_slider(setting.title, marks, format_func=partial(mark_text, setting), **common)
        return
    low, high, step = (setting.kind(number) for number in (*bounds, setting.step))
    look = "%g" if setting.kind is float else None  # with all digits
    box.number_input(setting.title, low, high, step=step, format=look, **common)


def draw_row(
    names: Sequence[str], changed: Mapping[str, Callable[..., None]] | None = None, **options: Sequence[Any]
) -> None:
    """Draw several controls; boxes with short titles stand two in a row.

    Args:
        names: of the settings.
        changed: what is called when a control was moved, by name.
        options: to choose from, by name.
    """
    moved = changed or {}
    row: list[Any] = []
    for name in names:
        setting, offered = PARAMS[name], options.get(name)
        if setting.several or setting.slider or setting.kind is bool or len(setting.title) > SHORT_TITLE:
            draw(name, options=offered, changed=moved.get(name))
            row = []
        else:
            row = row or [*st.columns(2, gap="small", wrap=False, vertical_alignment="bottom")]
            draw(name, row.pop(0), options=offered, changed=moved.get(name))


def grid(setting: Setting, low: float, high: float) -> list[Any]:
    """Return the marks of a slider, ``step`` apart."""
    steps = round((high - low) / setting.step)
    return [setting.kind(round(low + i * setting.step, 10)) for i in range(steps + 1)]


def mark_text(setting: Setting, mark: float) -> str:
    """Return the exact text of a mark on a slider."""
    return f"{exact_percent(mark)} %" if setting.unit == "%" else setting.text(mark)


def help_text(setting: Setting) -> str:
    """Return the help line of a setting, with a line for each of its names."""
    cards = REGISTRIES.get(setting.names, {}).values()
    return "\n\n".join([setting.help, *(f"**{card.title}**: {card.summary}" for card in cards)])
