"""What the address says of a view beside its name: the iteration, the image looked at, the maps' settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import streamlit as st

from pages.ui.common import notices, scrubber, url
from pages.ui.common.runs import RunView
from pages.ui.common.url import read
from pages.ui.maps import controls as map_controls
from pages.ui.maps import selection as map_selection
from pages.ui.studio import image_choice as look_choice
from pages.ui.studio import image_size


@dataclass(frozen=True)
class Detail:
    """A part of the state of a view.

    Attributes:
        take: sets it, for a run, from what an address says, or to what is usual where that is nothing; raises
            ValueError for what cannot be used.
        text: returns it for an address; empty while it is what it was at first.
    """

    take: Callable[[RunView, str], None]
    text: Callable[[RunView], str]


_AT = {"at": Detail(scrubber.take, scrubber.text)}
VIEWS: Mapping[str, Mapping[str, Detail]] = {
    "images": _AT
    | {
        "look": Detail(look_choice.take, look_choice.text),
        "size": Detail(image_size.take, image_size.text),
    },
    "maps": _AT
    | {
        "map": Detail(map_controls.PROJECTION.from_query, map_controls.PROJECTION.to_query),
        "color": Detail(map_controls.COLOR.from_query, map_controls.COLOR.to_query),
        "focus": Detail(map_controls.FOCUS.from_query, map_controls.FOCUS.to_query),
        "picked": Detail(map_selection.from_query, map_selection.to_query),
    },
}
"""View -> name in the address -> detail."""
NAMES = frozenset(name for own in VIEWS.values() for name in own)


def take(view: RunView, name: str) -> None:
    """Set the details of a view from the address, and say what of it cannot be used.

    What the address says nothing of becomes what is usual.
    """
    complaints: list[str] = []
    params = dict.fromkeys(VIEWS.get(name, ()), "") | st.query_params.to_dict()
    for detail, how in VIEWS.get(name, {}).items():
        read(params, detail, partial(how.take, view), complaints)
    notices.warn_unusable(complaints)


def write(view: RunView, name: str) -> None:
    """Let the address say the details of a view, and nothing of any other.

    Not of the frames of an animation: each address is a step of the browser's way back.
    """
    if scrubber.playing():
        return
    others = {key: value for key, value in st.query_params.to_dict().items() if key not in NAMES}
    own = {detail: how.text(view) for detail, how in VIEWS.get(name, {}).items()}
    url.write(others | {detail: text for detail, text in own.items() if text})
