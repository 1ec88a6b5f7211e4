"""Maps of the real and synthetic samples: one panel per arm, linked by scrubber, selection and zoom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.embed.map_table import (
    Projection,
    Selection,
    at_iteration,
    has_projection,
    is_selected,
    iterations_of,
    map_table,
    ranges,
    trail,
)
from fairdd_core.files import DamagedFile
from fairdd_core.plots import maps
from fairdd_core.plots.theme import NEUTRAL, ArmStyle, arm_styles, group_css
from fairdd_core.runs.storage.folder import RunFolder
from pages.ui.common import scrubber
from pages.ui.common.cache import cached
from pages.ui.common.errors import guarded, show_damage
from pages.ui.common.figures import figure_config, table_expander, themed
from pages.ui.common.html import arm_heading, legend
from pages.ui.common.runs import RunView
from pages.ui.maps import controls, selection
from pages.ui.maps.distances import distances
from pages.ui.maps.selected import selected_view

_CAPTION = {
    "pca": "PCA: a linear projection of the feature space. It may shorten distances, never lengthen them.",
    "umap": "UMAP keeps neighbours together. Distances between clusters, their sizes and empty space have no "
    "meaning. Synthetic images of earlier iterations were projected into the finished map. Means, targets "
    "and trajectories are averages, which UMAP does not preserve: PCA shows them.",
}
_TRAJECTORY = "The curve in the method's colour is the trajectory of the mean of its synthetic images. "
_LEGEND_COLORS = maps.MARK | {"group_mean": "none"}
_PANELS = "map-panels"
_TOOLS = [["toImage"], ["lasso2d", "select2d", "pan2d"], ["zoomIn2d", "zoomOut2d"]]


@dataclass(frozen=True)
class Shown:
    """What the maps of a run show.

    Attributes:
        table: ``map_table`` over all iterations, from which the ranges of the axes are taken.
        projection: of ``table``.
        color_by: what the colours stand for.
        focus: index of a class, or None.
        at: the iteration.
    """

    table: pd.DataFrame
    projection: Projection
    color_by: maps.ColorBy
    focus: int | None
    at: int

    def points(self) -> pd.DataFrame:
        """Return the points at the iteration."""
        return at_iteration(self.table, self.at)

    def selectable(self) -> pd.DataFrame:
        """Return the points that can be selected: those of the class in focus, or all."""
        points = self.points()
        samples = points[points["kind"].isin(["real", "synthetic"])]
        return samples if self.focus is None else samples[samples["class_id"] == self.focus]


def maps_view(view: RunView, on_draw: Callable[[], None]) -> None:
    """Draw the maps and the distances in feature space; call ``on_draw`` after every drawing."""
    path, labels = view.folder.path, view.labels
    available = _available(path)
    if not available:
        reason = "They are computed last." if view.live else "This run ended before they were computed."
        st.info(f"No maps yet. {reason}", icon=":material/scatter_plot:")
        return
    selection.prepare(view.id)
    projection, color_by, focus = controls.controls(view, available)
    try:
        table = _table(path, projection, labels.classes, labels.groups, True)
    except DamagedFile as error:
        show_damage(view, error)
        table = _table(path, projection, labels.classes, labels.groups, False)
    st.html(legend(_legend(color_by, view, focus, projection)))
    draw = partial(_linked, view, table, projection, color_by, focus, on_draw)
    iterations = view.folder.snapshot_iterations()
    if iterations and iterations_of(table):
        scrubber.scrubbed(view.id, iterations, draw)
    else:
        st.caption("These maps show the end of the run; earlier iterations were not saved.")
        st.fragment(draw)(iterations[-1] if iterations else view.spec.distill.iterations)
    distances(view, focus)


@guarded
def _linked(
    view: RunView,
    table: pd.DataFrame,
    projection: Projection,
    color_by: maps.ColorBy,
    focus: int | None,
    on_draw: Callable[[], None],
    at: int,
) -> None:
    """Draw everything that depends on the scrubber or the selection."""
    shown = Shown(table, projection, color_by, focus, at)
    selectable = shown.selectable()
    selection.group_control(view, selectable)
    chosen = selection.selected(selectable, projection)
    _panels(view, shown, chosen)
    trajectory = _TRAJECTORY if projection == "pca" and focus is not None and iterations_of(table) else ""
    st.caption(
        f"{_CAPTION[projection]} Up to {view.spec.embedding.samples_per_cell} real images of every class and "
        f"group are drawn. {trajectory}All maps have the same axes at every iteration. Scroll to zoom; the "
        "tools above a map select points with a lasso or a box, or pan."
    )
    selected_view(view, selectable, chosen, at)
    columns = ["kind", "arm", "class", "group", "x", "y"]
    table_expander(shown.points()[columns], "map", "Table of all points")
    on_draw()


def _panels(view: RunView, shown: Shown, chosen: Selection) -> None:
    """Draw a map per arm."""
    points, whole, selectable = shown.points(), ranges(shown.table), shown.selectable()
    chosen_N = is_selected(points, chosen) if chosen else None
    styles = arm_styles(view.arms)
    per_row = min(3, max(2, len(styles)))
    with st.container(key=_PANELS):
        for start in range(0, len(styles), per_row):
            names = list(styles)[start : start + per_row]
            for column, arm in zip(st.columns(per_row, gap="medium"), names, strict=False):
                fig = maps.arm_map(
                    points,
                    arm,
                    color_by=shown.color_by,
                    group_colors=view.labels.colors,
                    groups=len(view.labels.groups),
                    focus=shown.focus,
                    chosen_N=chosen_N,
                    averages=shown.projection == "pca",
                    path=None if shown.focus is None else trail(shown.table, arm, shown.focus, shown.at),
                    region=chosen.region if chosen.projection == shown.projection else (),
                    axes=selection.viewport(shown.projection, whole),
                    drag=selection.tool(),
                )
                key = f"map-{arm}"
                title = f"{styles[arm].label}, {shown.projection.upper()}, after {shown.at} iterations"
                with column:
                    st.html(arm_heading(styles[arm]))
                    st.plotly_chart(
                        themed(fig, title),
                        width="stretch",
                        key=key,
                        config=figure_config(key, zoom=True) | {"modeBarButtons": _TOOLS},
                        alt=_alt(shown, styles[arm], chosen_N),
                        on_select=partial(selection.on_select, key, selectable, shown.projection),
                        selection_mode=("points", "box", "lasso"),
                    )
    selection.link_zoom(shown.projection, whole, f".st-key-{_PANELS}", selectable)


def _alt(shown: Shown, style: ArmStyle, chosen_N: np.ndarray | None) -> str:
    highlighted = "" if chosen_N is None else " The selected points are highlighted and listed below."
    return (
        f"{shown.projection.upper()} map of real samples and {style.label}'s synthetic images "
        f"after {shown.at} iterations.{highlighted}"
    )


@cached(lambda path: [RunFolder(path).points_file], size=32)
def _available(path: Path) -> list[Projection]:
    """Return the projections that have been computed."""
    points = RunFolder(path).points()
    return [name for name in controls.PROJECTIONS if has_projection(points, name)]


@cached(lambda path, *_: [RunFolder(path).points_file, RunFolder(path).moments_file], size=8)
def _table(
    path: Path, projection: Projection, classes: tuple[str, ...], groups: tuple[str, ...], moving: bool
) -> pd.DataFrame:
    """Return the points of all iterations, or of the last one only; shared, so do not modify it."""
    folder = RunFolder(path)
    points = folder.points()
    assert points is not None
    return map_table(points, projection, classes, groups, folder.moments() if moving else None)


def _legend(
    color_by: maps.ColorBy, view: RunView, focus: int | None, projection: Projection
) -> list[tuple[str, str, str]]:
    labels = view.labels
    kinds = [name for name in maps.KINDS if focus is not None or name != "group_mean"]
    if projection == "umap":
        kinds = list(maps.SAMPLES)
    shapes = [(maps.KINDS[name][1], _LEGEND_COLORS.get(name, NEUTRAL), maps.KINDS[name][0]) for name in kinds]
    if color_by == "method":
        styles = arm_styles(view.arms).values()
        return [*shapes, *(("chip", style.color, style.label) for style in styles)]
    if color_by == "group":
        names, palette = labels.groups, group_css(labels.colors, len(labels.groups))
    else:
        names, palette = labels.classes, maps.class_css(len(labels.classes))
    return shapes + [("chip", color, name) for color, name in zip(palette, names, strict=True)]
