"""A grid of images, of which one can be chosen by mouse or keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import streamlit as st

from pages.ui import ASSETS

_JS = ASSETS / "image_grid.js"
_HTML = """
<div class="fx-grid fx-pick"><div class="fx-rows" aria-hidden="true"></div>
<div class="fx-reel"><div class="fx-cells"><img alt=""><i class="fx-chosen" hidden></i>
<button type="button"></button></div></div></div>
"""
_WIDTH, _TILE, _LARGE_TILE = 560, 96, 64
"""CSS pixels: of a grid at most, of one of its images at most, and at least when grids are large."""


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component(
        "fairdd_image_grid", html=_HTML, js=_JS.read_text(), isolate_styles=False
    )


def image_grid(
    picture: str,
    row_names: Sequence[str],
    columns: int,
    side: int,
    *,
    key: str,
    name: str,
    alt: str,
    chosen: tuple[int, int] | None = None,
    large: bool = False,
    on_choose: Callable[[int, int], None],
) -> None:
    """Draw a grid.

    Args:
        picture: ``data:`` URI of the ``grid_png`` of all images.
        row_names: a name per row.
        columns: number of images in a row.
        side: width of an image in its own pixels.
        key: unique on the page.
        name: of the method whose images they are.
        alt: what the picture shows.
        chosen: row and column of the image to mark.
        large: whether images fill the available width, with a minimum size.
        on_choose: called with row and column of the image that was chosen.
    """
    data = {
        "src": picture,
        "alt": alt,
        "name": name,
        "rows": list(row_names),
        "columns": columns,
        "share": side / (side + 1),
        "width": columns * _LARGE_TILE if large else min(_WIDTH, 80 + columns * _TILE),
        "large": large,
        "chosen": chosen,
    }

    def clicked() -> None:
        place = st.session_state[key]["chosen"]
        if place:
            on_choose(int(place[0]), int(place[1]))

    _component()(key=key, data=data, on_chosen_change=clicked)
