"""The state of the Studio in its address: controls, view, and what the view shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from pages.ui.common import notices, scrubber, url
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView
from pages.ui.controls.address import NAMES
from pages.ui.controls.settings import key
from pages.ui.controls.sidebar import adopt, restore

_VIEW, _ADDRESS = "view", "studio-address"


@dataclass(frozen=True)
class View:
    """A view of the Studio.

    Attributes:
        title, icon: in the switch.
        draw: draws it for a run and calls the given function after each redraw; None: it needs no run.
        query: parameter of the address -> part of the view's state.
    """

    title: str
    icon: str
    draw: Callable[[RunView, Callable[[], None]], None] | None = None
    query: Mapping[str, url.QueryPart] = field(default_factory=dict)


Views = Mapping[str, View]


def show_run(run_id: str) -> None:
    """Turn to the images of a run; the controls stay as they are."""
    url.update(run=run_id)
    st.session_state[_VIEW] = "images"


def restore_address() -> None:
    """Return from another screen to the run and the view that were left."""
    if not url.params() and not url.navigated() and _ADDRESS in st.session_state:
        url.write(st.session_state[_ADDRESS])


def restore_controls(view: RunView | None, linked: bool) -> None:
    """Set the controls of a new session, and whenever a link brings others.

    They are those of the address; where it names none, those of its run. An address of neither leaves them.
    """
    new, params = key("preset") not in st.session_state, url.params()
    named = not params.keys().isdisjoint(NAMES)
    if new or (linked and (named or "run" in params)):
        if view is not None and not named:
            adopt(view.spec)
        else:
            restore()


def restore_view(views: Views, view: RunView | None, linked: bool) -> None:
    """Turn to the view of the address, in a new session and when a link brings one, and set its state.

    What the address leaves out takes its default.
    """
    if linked or _VIEW not in st.session_state:
        wanted = url.params().get("view")
        if wanted in views:
            st.session_state[_VIEW] = wanted
        else:
            if wanted:
                notices.warn(f"The link asked for an unknown view, “{escape_markdown(wanted)}”.")
            if "run" in url.params():
                st.session_state[_VIEW] = "images"
            elif url.navigated():
                st.session_state.pop(_VIEW, None)
    if _VIEW not in st.session_state:
        st.session_state[_VIEW] = "images" if view else "data"
    if view is None or not linked:
        return
    query, unusable = views[st.session_state[_VIEW]].query, list[str]()
    params = dict.fromkeys(query, "") | url.params()
    for name, part in query.items():
        url.read(params, name, partial(part.from_query, view), unusable)
    notices.warn_unusable(unusable)


def write_address(views: Views, view: RunView | None, name: str) -> None:
    """Write the state of a view to the address, and remove that of the others.

    An animation writes nothing: each address is a step of the browser's history.
    """
    if view is not None and not scrubber.playing():
        every = {part for each in views.values() for part in each.query}
        others = {part: text for part, text in url.params().items() if part not in every}
        own = {part: how.to_query(view) for part, how in views[name].query.items()}
        url.write(others | {part: text for part, text in own.items() if text})
    st.session_state[_ADDRESS] = url.params()
    url.flush()
