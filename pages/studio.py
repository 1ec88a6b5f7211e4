"""The Studio: choose a biased data set, distil it with and without alignment, and see what that does."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.titles import brief, settings_text
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs import engine
from fairdd_core.units import estimate_text
from fairdd_core.workspace import Workspace
from pages.ui.common import errors, eta, notices, url
from pages.ui.common.errors import EXPECTED, escape_markdown
from pages.ui.common.runs import (
    RunView,
    choice_text,
    current_run,
    dataset_title,
    examples,
    list_runs,
    store,
    title_of,
)
from pages.ui.controls.address import NAMES
from pages.ui.controls.settings import key
from pages.ui.controls.sidebar import adopt, comparison_notes, controls, restore
from pages.ui.fairness.view import fairness_view, headline
from pages.ui.maps.view import maps_view
from pages.ui.studio import view_state as details
from pages.ui.studio.data import data_view
from pages.ui.studio.ended import ended_panel
from pages.ui.studio.export import export_popover
from pages.ui.studio.images import images_view
from pages.ui.studio.live import live_panel

VIEWS = {
    "data": ("Data", ":material/grid_on:"),
    "images": ("Images", ":material/image:"),
    "maps": ("Maps", ":material/scatter_plot:"),
    "fairness": ("Fairness", ":material/balance:"),
}


def launch(spec: RunSpec) -> None:
    """Hand a run to the engine and turn to it."""
    notices.attempt(
        "The run could not be started, and nothing was changed.",
        lambda: turn_to(engine.submit(Workspace.default(), spec)),
    )


def turn_to(run_id: str) -> None:
    """Show the images of a run; the controls stay as they are."""
    url.update(run=run_id)
    st.session_state["view"] = "images"


def sidebar() -> RunSpec | None:
    """Draw the controls and the Launch button."""
    with st.sidebar:
        spec = controls()
        with st.container(key="launch"):
            if spec is not None:
                comparison_notes(spec)
                seconds = eta.predicted(spec)
                time = f"Takes {estimate_text(sum(seconds.values()))} on this machine." if seconds else ""
                st.button(
                    "Launch",
                    type="primary",
                    icon=":material/rocket_launch:",
                    width="stretch",
                    key="launch-button",
                    on_click=launch,
                    args=(spec,),
                    help=f"Runs in a process of its own. {time}",
                )
                if time:
                    st.caption(time)
    return spec


def run_header(view: RunView | None) -> None:
    """Say which run is on the screen."""
    if view is None or view.example:
        st.title("What does distilling do to a biased data set?", anchor=False)
    if view is None:
        st.markdown("Choose how biased the data is in the panel on the left, then press **Launch**.")
    elif view.example:
        st.info(
            f"**Example.** A finished run that came with the explorer: {title_of(view.spec)}. "
            "Change anything on the left and press **Launch** to make your own.",
            icon=":material/menu_book:",
        )
    else:
        told = settings_text(view.spec) if view.name == dataset_title(view.spec) else title_of(view.spec)
        st.title(escape_markdown(view.name), anchor=False)
        st.caption(f"{escape_markdown(told)} · run {view.id}")


def show_view(view: RunView | None, spec: RunSpec | None, name: str) -> None:
    """Draw the chosen view."""
    if name == "data":
        if spec is not None:
            data_view(spec.data, spec.seed)
        return
    if view is None:
        earlier = (
            "No run is open: open an earlier one above." if store().list() else "Nothing has been run yet."
        )
        st.info(f"{earlier} **Launch** starts a new one.", icon=":material/rocket_launch:")
        return
    keep = partial(details.write, view, name)
    with errors.catch_damage(view):
        if name == "images":
            if not view.live:
                images_view(view, keep)
        elif name == "maps":
            maps_view(view, keep)
        else:
            fairness_view(view)


def example_text(spec: RunSpec) -> str:
    """Return the name of a bundled run in a list, what tells it from the others first."""
    methods = ", ".join(arm_label(arm.name) for arm in spec.distill.arms)
    return f"Example: {methods} · {brief(spec)} · {dataset_title(spec)}"


def open_earlier() -> None:
    """Offer the runs of this workspace."""
    now = time.time()
    runs = {row.id: choice_text(row.record, row.spec, now) for row in list_runs()}
    bundled = {view.id: example_text(view.spec) for view in examples()}
    if not runs:
        return

    def opened() -> None:
        if st.session_state["open-run"]:
            turn_to(st.session_state["open-run"])
            st.session_state["open-run"] = None

    st.selectbox(
        "Earlier runs",
        [*runs, *bundled],
        index=None,
        format_func=(runs | bundled).__getitem__,
        key="open-run",
        placeholder="Open an earlier run",
        on_change=opened,
        label_visibility="collapsed",
        width="stretch",
    )


def choose_view(view: RunView | None) -> str:
    """Draw the switch between the views and return the chosen one."""
    if "view" not in st.session_state:
        st.session_state["view"] = "images" if view else "data"
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        name = st.segmented_control(
            "View",
            list(VIEWS),
            format_func=lambda v: f"{VIEWS[v][1]} {VIEWS[v][0]}",
            key="view",
            required=True,
            label_visibility="collapsed",
        )
        open_earlier()
        if view is not None and not view.live:
            export_popover(view)
    url.update(view=str(name))
    return str(name)


def take_controls(view: RunView | None, linked: bool) -> None:
    """Set the controls of a new session, and whenever a link brings others.

    They are those of the address; where it names none, those that its run was made with. An address of
    neither leaves them as they are.
    """
    fresh, params = key("preset") not in st.session_state, st.query_params.to_dict()
    named = not params.keys().isdisjoint(NAMES)
    if fresh or (linked and (named or "run" in params)):
        if view is not None and not named:
            adopt(view.spec)
        else:
            restore()


def take_view(linked: bool) -> None:
    """Turn to the view of the address: in a new session, on the way back, and when a link brings it."""
    if "view" in st.session_state and not linked:
        return
    wanted = st.query_params.get("view")
    if wanted in VIEWS:
        st.session_state["view"] = wanted
        return
    if wanted:
        notices.warn(f"The link asked for the view “{escape_markdown(wanted)}”, which there is not.")
    if "run" in st.query_params:
        st.session_state["view"] = "images"


def come_back() -> None:
    """Return from another screen to the run and the view that were left."""
    if not st.query_params and "studio-address" in st.session_state:
        url.write(st.session_state["studio-address"])


def main() -> None:
    """Draw the page; an index or a file that cannot be read is explained."""
    try:
        studio()
    except EXPECTED as error:
        st.error(
            f"**Something that this page shows cannot be read.** {escape_markdown(error)} Nothing is lost in "
            f"`{Workspace.default().runs}`. Reload the page; if that does not help, restart the explorer.",
            icon=":material/error:",
        )


def studio() -> None:
    """Draw controls, run and view."""
    come_back()
    linked = url.from_link()
    view = current_run()
    take_controls(view, linked)
    if view is not None and "run" not in st.query_params:  # a link must show it to those who have others
        url.update(run=view.id)
    take_view(linked)
    if view is not None and linked:
        details.take(view, str(st.session_state.get("view")))
    spec = sidebar()
    run_header(view)
    name = choose_view(view)
    notices.show()
    if view is not None and name != "data":
        if view.live:
            live_panel(view, images=name == "images")
        else:
            ended_panel(view)
            if name == "images":
                with errors.catch_damage(view):
                    headline(view)
    show_view(view, spec, name)
    if view is not None:
        details.write(view, name)
    st.session_state["studio-address"] = st.query_params.to_dict()


main()
