"""What frames the views of the Studio: sidebar, title, choice of run and view."""

from __future__ import annotations

import time

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.titles import brief, settings_text
from fairdd_core.plots.theme import arm_label
from pages.ui.common import url
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView, choice_text, dataset_title, examples, list_runs, title_of
from pages.ui.controls.sidebar import comparison_notes, controls
from pages.ui.studio.export import export_popover
from pages.ui.studio.launch import launch_button
from pages.ui.studio.view_state import Views, show_run


def sidebar() -> RunSpec | None:
    """Draw the controls and the Launch button, and return the specification; None if it is not valid."""
    with st.sidebar:
        spec = controls()
        with st.container(key="launch"):
            if spec is not None:
                comparison_notes(spec)
                launch_button(spec)
    return spec


def run_header(view: RunView | None) -> None:
    """Draw the name and the settings of the run on the screen."""
    if view is not None and not view.example:
        st.title(escape_markdown(view.name), anchor=False)
        named = view.name != dataset_title(view.spec)
        text = title_of(view.spec) if named else settings_text(view.spec)
        st.caption(f"{escape_markdown(text)} · run {view.id}")
        return
    st.title("What does distilling do to a biased data set?", anchor=False)
    if view is None:
        st.markdown("Choose how biased the data is in the sidebar, then press **Launch**.")
    else:
        st.info(
            f"**Example.** A finished run that comes with the explorer: {title_of(view.spec)}. "
            "Change anything in the sidebar and press **Launch** to make your own.",
            icon=":material/menu_book:",
        )


def choose_view(views: Views, view: RunView | None) -> str:
    """Draw the switch between the views, the choice of a run and its export; return the chosen view."""
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        name = st.segmented_control(
            "View",
            list(views),
            format_func=lambda v: f"{views[v].icon} {views[v].title}",
            key="view",
            required=True,
            label_visibility="collapsed",
        )
        _choose_run()
        if view is not None and not view.live:
            export_popover(view)
    url.update(view=str(name))
    return str(name)


def _choose_run() -> None:
    """Offer the runs of this machine and, below them, the examples."""
    now = time.time()
    runs = {row.id: choice_text(row.record, row.spec, now) for row in list_runs()}
    if not runs:
        return

    def chosen() -> None:
        if st.session_state["open-run"]:
            show_run(st.session_state["open-run"])
            st.session_state["open-run"] = None

    offered = runs | {view.id: _example_text(view.spec) for view in examples()}
    st.selectbox(
        "Earlier runs",
        list(offered),
        index=None,
        format_func=offered.__getitem__,
        key="open-run",
        placeholder="Open an earlier run",
        on_change=chosen,
        label_visibility="collapsed",
        width="stretch",
    )


def _example_text(spec: RunSpec) -> str:
    """Return the entry of a bundled run in a list, beginning with what differs from the others."""
    methods = ", ".join(arm_label(arm.name) for arm in spec.distill.arms)
    return f"Example: {methods} · {brief(spec)} · {dataset_title(spec)}"
