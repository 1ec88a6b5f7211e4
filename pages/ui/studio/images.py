"""The synthetic images of all arms side by side, and the curves of their distillation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from fairdd_core.analysis.tables import curves_table
from fairdd_core.plots.curves import CURVES, curve
from fairdd_core.plots.images import data_uri, grid_html, grid_png
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.folder import RunFolder
from pages.ui.common import errors, scrubber
from pages.ui.common.cache import cached
from pages.ui.common.figures import show_figure
from pages.ui.common.html import arm_columns
from pages.ui.common.runs import RunView
from pages.ui.common.url import QueryControl
from pages.ui.controls.method_choices import arm_summary
from pages.ui.studio import image_inspector
from pages.ui.studio.image_grid import image_grid

_FIT, _LARGE = "Fit", "Large"
SIZE = QueryControl("image-size", lambda view: {"": _FIT, "large": _LARGE})


def images_view(view: RunView, drawn: Callable[[], None]) -> None:
    """Draw the images with the scrubber, and the curves, of a run that has ended.

    Args:
        view: the run.
        drawn: called after each redraw.
    """
    iterations = view.folder.snapshot_iterations()
    if not iterations:
        st.info("This run ended before it had made any images.", icon=":material/image:")
        return
    scrubber.scrubbed(view.id, iterations, partial(_at_iteration, view, drawn), _size_control)


def _size_control() -> None:
    st.session_state.setdefault(SIZE.key, _FIT)
    st.segmented_control(
        "Images",
        [_FIT, _LARGE],
        required=True,
        key=SIZE.key,
        persist_state="session",
        help="Large stacks the methods and enlarges every image as far as there is room.",
    )


def _at_iteration(view: RunView, drawn: Callable[[], None], at: int) -> None:
    _grids(view, at)
    image_inspector.image_inspector(view, at)
    _curves(view, at)
    drawn()


@errors.guarded
def _grids(view: RunView, at: int) -> None:
    """Draw the grids of a run that has ended; each image can be chosen."""
    images, pictures = view.folder.snapshot(at), _pictures(view.folder.path, at)
    place, large = image_inspector.chosen(view), st.session_state.get(SIZE.key) == _LARGE

    def draw(arm: str) -> None:
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
            on_choose=image_inspector.choose,
        )

    _columns(view, set(pictures), draw, per_row=1 if large else 0)


@errors.guarded
def live_grids(view: RunView, iteration: int) -> None:
    """Draw the images of a run that is still making them."""
    grids = _live_grids(view.folder.path, iteration, view.labels.classes)
    _columns(view, set(grids), lambda arm: st.html(grids[arm]))


def _columns(view: RunView, arms: set[str], draw: Callable[[str], object], per_row: int = 0) -> None:
    """Draw a column per arm of the run: its heading, and its images if it is among ``arms``."""
    summaries = {arm.name: arm_summary(arm) for arm in view.spec.distill.arms}
    per_row = per_row or (2 if len(view.arms) in {2, 4} else min(3, len(view.arms)))
    for arm, _, column in arm_columns(view.arms, summaries, per_row):
        with column:
            if arm in arms:
                draw(arm)
            else:
                st.caption("No images of this method yet.")


def _alt(arm: str, iteration: int, per_class: int) -> str:
    return (
        f"Synthetic images of {arm_label(arm)} after {iteration} iterations: "
        f"{per_class} per class, a row for each class."
    )


@cached(lambda path, iteration: [RunFolder(path).snapshot_file(iteration)], size=256)
def _pictures(path: Path, iteration: int) -> dict[str, str]:
    return {arm: data_uri(grid_png(x_CIKHW)) for arm, x_CIKHW in RunFolder(path).snapshot(iteration).items()}


@cached(lambda path, iteration, class_names: [RunFolder(path).snapshot_file(iteration)], size=8)
def _live_grids(path: Path, iteration: int, class_names: tuple[str, ...]) -> dict[str, str]:
    return {
        arm: grid_html(x_CIKHW, class_names, alt=_alt(arm, iteration, x_CIKHW.shape[1]))
        for arm, x_CIKHW in RunFolder(path).snapshot(iteration).items()
    }


def _curves(view: RunView, at: int) -> None:
    """Draw the curves of all arms, marked at an iteration."""
    table = curves_table(view.folder.steps())
    if table.empty:
        return
    st.header("Distillation curves", anchor=False)
    for column, name in zip(st.columns(2, gap="large"), ("worst_residual", "loss"), strict=True):
        with column:
            title, sentence = CURVES[name]
            st.markdown(f"**{title}**")
            show_figure(
                curve(table, name, at=at, total=view.spec.distill.iterations, log_y=name == "loss"),
                table[["arm", "iteration", name]],
                key=f"curve-{name}",
                alt=f"{title} of each method over the iterations.",
                caption=sentence,
            )
