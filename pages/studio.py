"""The Studio: choose a biased data set, distil it with and without alignment, and compare the results."""

from __future__ import annotations

from functools import partial

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.workspace import Workspace
from pages.ui.common import notices, scrubber, url
from pages.ui.common.errors import EXPECTED, catch_damage, show_error
from pages.ui.common.runs import RunView, current_run, store
from pages.ui.fairness.headline import headline
from pages.ui.fairness.view import fairness_view
from pages.ui.maps import controls as map_controls
from pages.ui.maps.view import maps_view
from pages.ui.studio import image_inspector
from pages.ui.studio.data import data_view
from pages.ui.studio.header import choose_view, run_header, sidebar
from pages.ui.studio.images import SIZE, images_view
from pages.ui.studio.launch import repeats_panel
from pages.ui.studio.status import ended_panel, live_panel
from pages.ui.studio.view_state import View, restore_address, restore_controls, restore_view, write_address

VIEWS = {
    "data": View("Data", ":material/grid_on:"),
    "images": View(
        "Images", ":material/image:", images_view, {"at": scrubber, "look": image_inspector, "size": SIZE}
    ),
    "maps": View("Maps", ":material/scatter_plot:", maps_view, {"at": scrubber, **map_controls.QUERY}),
    "fairness": View("Fairness", ":material/balance:", lambda view, drawn: fairness_view(view)),
}


def main() -> None:
    """Draw the page; an index or a file that cannot be read is explained."""
    try:
        studio()
    except EXPECTED as error:
        show_error(
            "Something that this page shows cannot be read.",
            error,
            f"Nothing is lost in `{Workspace.default().runs}`. Reload the page; if that does not help, "
            "restart the explorer.",
        )


def studio() -> None:
    """Draw controls, run and view."""
    restore_address()
    linked = url.from_link()
    view = current_run()
    restore_controls(view, linked)
    if view is not None and "run" not in url.params():  # a link must show it to those who have others
        url.update(run=view.id)
    restore_view(VIEWS, view, linked)
    spec = sidebar()
    run_header(view)
    name = choose_view(VIEWS, view)
    notices.show()
    if view is not None and name != "data":
        run_state(view, name)
    draw_view(view, spec, name)
    write_address(VIEWS, view, name)


def run_state(view: RunView, name: str) -> None:
    """Draw the state of the run and, above its images, its result in one sentence."""
    repeats_panel(view)
    if view.live:
        live_panel(view, images=name == "images")
        return
    ended_panel(view)
    if name == "images":
        with catch_damage(view):
            headline(view)


def draw_view(view: RunView | None, spec: RunSpec | None, name: str) -> None:
    """Draw the chosen view."""
    draw = VIEWS[name].draw
    if draw is None:
        if spec is not None:
            data_view(spec.data, spec.seed)
    elif view is None:
        earlier = "No run is open: open an earlier one above." if store().list() else "There are no runs yet."
        st.info(f"{earlier} **Launch** starts a new one.", icon=":material/rocket_launch:")
    elif not (view.live and name == "images"):  # else the live panel shows the images
        with catch_damage(view):
            draw(view, partial(write_address, VIEWS, view, name))


main()
