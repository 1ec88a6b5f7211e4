"""The synthetic images of all arms side by side, and how they came about."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from fairdd_core.analysis.tables import curves_table
from fairdd_core.plots.curves import CURVES, curve
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import arm_label, arm_styles
from fairdd_core.runs.storage.folder import RunFolder
from pages.ui.common import errors, scrubber
from pages.ui.common.figures import show
from pages.ui.common.html import arm_heading
from pages.ui.common.runs import RunView
from pages.ui.controls.method_choices import arm_summary
from pages.ui.studio import image_choice as look_choice
from pages.ui.studio import image_size
from pages.ui.studio.image_grid import image_grid, picture_of
from pages.ui.studio.image_inspector import look_closer


@st.cache_data(max_entries=256, show_spinner=False)
def _pictures(path: str, iteration: int, stamp: float) -> dict[str, str]:
    return {arm: picture_of(x_CIKHW) for arm, x_CIKHW in RunFolder(path).snapshot(iteration).items()}


def _columns(view: RunView, per_row: int, draw: Callable[[str], None]) -> None:
    """Draw one column of images per arm, with its heading."""
    styles = arm_styles(view.arms)
    summaries = {arm.name: arm_summary(arm) for arm in view.spec.distill.arms}
    for start in range(0, len(styles), per_row):
        names = list(styles)[start : start + per_row]
        for column, arm in zip(st.columns(per_row, gap="large"), names, strict=False):
            with column:
                st.html(arm_heading(styles[arm], summaries[arm]))
                draw(arm)


def _per_row(arms: int) -> int:
    return 2 if arms in {2, 4} else min(3, arms)


def _alt(arm: str, iteration: int, per_class: int) -> str:
    return (
        f"Synthetic images of {arm_label(arm)} after {iteration} iterations: "
        f"{per_class} per class, a row for each class."
    )


@st.cache_data(max_entries=8, show_spinner=False)  # a live run is looked at far oftener than it changes
def _grids(path: str, iteration: int, class_names: tuple[str, ...], stamp: float) -> dict[str, str]:
    return {
        arm: grid_html(x_CIKHW, class_names, alt=_alt(arm, iteration, x_CIKHW.shape[1]))
        for arm, x_CIKHW in RunFolder(path).snapshot(iteration).items()
    }


def _stamp(view: RunView, iteration: int) -> float:
    file = view.folder.snapshot_file(iteration)
    return file.stat().st_mtime if file.exists() else 0.0


@errors.guarded
def image_grids(view: RunView, iteration: int) -> None:
    """Draw the images of a run that is still making them."""
    grids = _grids(str(view.folder.path), iteration, view.labels.classes, _stamp(view, iteration))

    def draw(arm: str) -> None:
        if arm in grids:
            st.html(grids[arm])
        else:
            st.caption("No images of this method yet.")

    _columns(view, _per_row(len(view.arms)), draw)


def images_view(view: RunView, keep: Callable[[], None]) -> None:
    """Draw the images with the scrubber, and the curves, of a run that has ended.

    Args:
        view: the run.
        keep: called whenever they were drawn.
    """
    iterations = view.folder.snapshot_iterations()
    if not iterations:
        st.info("This run ended before it had made any images.", icon=":material/image:")
        return
    scrubber.scrubbed(view.id, iterations, partial(_scrubbed, view, keep), image_size.control)


def _scrubbed(view: RunView, keep: Callable[[], None], at: int) -> None:
    _choosable(view, at)
    look_closer(view, at)
    curves(view, at)
    keep()


@errors.guarded
def _choosable(view: RunView, at: int) -> None:
    """Draw the grids of a run that has ended; each image can be chosen."""
    images = view.folder.snapshot(at)
    pictures = _pictures(str(view.folder.path), at, _stamp(view, at))
    place, large = look_choice.chosen(view), image_size.large()

    def draw(arm: str) -> None:
        if arm not in pictures:
            st.caption("No images of this method yet.")
            return
        _, per_class, _, _, side = images[arm].shape
        image_grid(
            pictures[arm],
            view.labels.classes,
            per_class,
            side,
            key=f"grid-{arm}",
            name=arm_label(arm),
            alt=_alt(arm, at, per_class),
            chosen=None if place is None else (place.class_id, place.number),
            large=large,
            on_choose=look_choice.choose,
        )

    _columns(view, 1 if large else _per_row(len(view.arms)), draw)


def curves(view: RunView, at: int | None) -> None:
    """Draw the curves of all arms, marked at an iteration."""
    table = curves_table(view.folder.steps())
    if table.empty:
        return
    st.header("On the way there", anchor=False)
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
