"""The synthetic images of all arms side by side, and how they came about."""

from __future__ import annotations

import time

import streamlit as st

from fairdd_core.plots.curves import CURVES, curve, curves_table
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import arm_label, arm_styles
from fairdd_core.runs.folder import RunFolder
from pages.ui import damage, scrubber
from pages.ui.arm_choices import arm_summary
from pages.ui.figures import show
from pages.ui.runs import RunView
from pages.ui.style import arm_heading


@st.cache_data(max_entries=256, show_spinner=False)
def _grids(path: str, iteration: int, class_names: tuple[str, ...], stamp: float) -> dict[str, str]:
    images = RunFolder(path).snapshot(iteration)
    return {
        arm: grid_html(
            x_CIKHW,
            class_names,
            alt=f"Synthetic images of {arm_label(arm)} after {iteration} iterations: "
            f"{x_CIKHW.shape[1]} per class, a row for each class.",
        )
        for arm, x_CIKHW in images.items()
    }


def image_grids(view: RunView, iteration: int) -> None:
    """Draw one column of images per arm."""
    file = view.folder.snapshot_file(iteration)
    stamp = file.stat().st_mtime if file.exists() else 0.0
    grids = None
    with damage.told(view):
        grids = _grids(str(view.folder.path), iteration, view.labels.classes, stamp)
    if grids is None:
        return
    styles = arm_styles(view.arms)
    summaries = {arm.name: arm_summary(arm) for arm in view.spec.distill.arms}
    per_row = 2 if len(styles) in {2, 4} else min(3, len(styles))
    for start in range(0, len(styles), per_row):
        names = list(styles)[start : start + per_row]
        for column, arm in zip(st.columns(per_row, gap="large"), names, strict=False):
            with column:
                st.html(arm_heading(styles[arm], summaries[arm]))
                if arm in grids:
                    st.html(grids[arm])
                else:
                    st.caption("No images of this method yet.")


def images_view(view: RunView) -> None:
    """Draw the images with the scrubber, and the curves, of a run that has ended."""
    iterations = view.folder.snapshot_iterations()
    if not iterations:
        st.info("This run ended before it had made any images.", icon=":material/image:")
        return
    scrubber.prepare(view.id, iterations)
    # The clock belongs to the fragment, so a fragment with another clock is another one.
    clock = scrubber.PLAY_SECONDS if scrubber.playing() else None
    st.session_state["scrub-drawn"] = time.monotonic()
    st.fragment(_scrubbed, run_every=clock)(view, iterations)


def _scrubbed(view: RunView, iterations: list[int]) -> None:
    ticking = time.monotonic() - st.session_state["scrub-drawn"] > 0.5 * scrubber.PLAY_SECONDS
    st.session_state["scrub-drawn"] = time.monotonic()
    at = scrubber.scrubber(iterations, ticking)
    image_grids(view, at)
    curves(view, at)


def curves(view: RunView, at: int | None) -> None:
    """Draw the curves of all arms, marked at an iteration."""
    table = curves_table(view.folder.steps())
    if table.empty:
        return
    st.subheader("On the way there", anchor=False)
    for column, name in zip(st.columns(2, gap="large"), ("worst_residual", "loss"), strict=True):
        with column:
            title, sentence = CURVES[name]
            st.markdown(f"**{title}**")
            show(
                curve(table, name, at=at, total=view.spec.distill.iterations, log_y=name == "loss"),
                table[["arm", "iteration", name]],
                key=f"curve-{name}",
                alt=f"{title} of each method over the iterations.",
                caption=sentence,
            )
