"""Real and synthetic samples in one map, a panel per arm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from fairdd_core.embed.map_table import Projection, has_projection, iterations_of, map_table
from fairdd_core.files import DamagedFile
from fairdd_core.plots import maps
from fairdd_core.plots.theme import NEUTRAL, arm_styles, group_css
from fairdd_core.runs.storage.folder import RunFolder
from pages.ui.common import errors, scrubber
from pages.ui.common.figures import folded, numbers
from pages.ui.common.html import legend
from pages.ui.common.runs import RunView
from pages.ui.maps import selection as map_choice
from pages.ui.maps import settings as map_settings
from pages.ui.maps.distances import distances
from pages.ui.maps.panels import Shown, panels
from pages.ui.maps.strip import strip

_CAPTION = {
    "pca": "PCA: a straight shadow of the feature space. Distances are shortened, never stretched.",
    "umap": "UMAP keeps neighbours together. Do not read distances between clumps, their sizes or the empty "
    "space off it: those mean nothing. Images on their way were put into the finished map.",
}
_WAY = "The line in the colour of the method is the way that the mean of its images has come. "
_LEGEND_COLORS = maps.MARK | {"group_mean": "none"}


def maps_view(view: RunView, keep: Callable[[], None]) -> None:
    """Draw the maps and the distances that they stand for; ``keep`` is called whenever they were drawn."""
    path, stamp, labels = str(view.folder.path), _stamp(view.folder), view.labels
    offered = _offered(path, stamp)
    if not offered:
        waiting = "They come last in a run." if view.live else "This run ended before they were made."
        st.info(f"No maps yet. {waiting}", icon=":material/scatter_plot:")
        return
    map_choice.prepare(view.id)
    projection, color_by, focus = map_settings.controls(view, offered)
    try:
        table = _joined(path, projection, labels.classes, labels.groups, stamp)
    except DamagedFile as error:
        errors.show_damage(view, error)
        table = _joined(path, projection, labels.classes, labels.groups, stamp, moving=False)
    st.html(legend(_legend(color_by, view, focus)))
    draw = partial(_linked, view, table, projection, color_by, focus, keep)
    iterations = view.folder.snapshot_iterations()
    if iterations and iterations_of(table):
        scrubber.scrubbed(view.id, iterations, draw)
    else:
        st.caption("These maps show the end of the run; where the images were on the way was not kept.")
        st.fragment(draw)(iterations[-1] if iterations else view.spec.distill.iterations)
    distances(view, focus)


@errors.guarded
def _linked(
    view: RunView,
    table: pd.DataFrame,
    projection: Projection,
    color_by: maps.ColorBy,
    focus: int | None,
    keep: Callable[[], None],
    at: int,
) -> None:
    """Draw everything that the scrubber and the selection move."""
    shown = Shown(table, projection, color_by, focus, at)
    candidates = shown.candidates()
    map_choice.group_control(view, candidates)
    chosen = map_choice.chosen_of(candidates, projection)
    panels(view, shown, chosen)
    way = _WAY if focus is not None and iterations_of(table) else ""
    st.caption(
        f"{_CAPTION[projection]} Up to {view.spec.embedding.samples_per_cell} real images of every class and "
        f"group are drawn. {way}All maps have the same axes, at every iteration. Scroll to zoom; the "
        "tools above a map draw round points, pick them with a box, or move it."
    )
    strip(view, candidates, chosen, at)
    columns = ["kind", "arm", "class", "group", "x", "y"]
    folded("map", lambda: numbers(shown.now()[columns], key="map-table"), "Table of all points")
    keep()


def _stamp(folder: RunFolder) -> tuple[float, ...]:
    files = (folder.points_file, folder.moments_file)
    return tuple(file.stat().st_mtime if file.exists() else 0.0 for file in files)


@st.cache_data(max_entries=32, show_spinner=False)
def _offered(path: str, stamp: tuple[float, ...]) -> list[Projection]:
    """Return the projections that have been computed."""
    points = RunFolder(path).points()
    return [name for name in map_settings.PROJECTIONS if has_projection(points, name)]


@st.cache_resource(max_entries=8, show_spinner=False)
def _joined(
    path: str,
    projection: Projection,
    classes: tuple[str, ...],
    groups: tuple[str, ...],
    stamp: tuple[float, ...],
    moving: bool = True,
) -> pd.DataFrame:
    """Return the points of all iterations, or of the last one only; for looking only, as it is shared."""
    folder = RunFolder(path)
    points = folder.points()
    assert points is not None
    return map_table(points, projection, classes, groups, folder.moments() if moving else None)


def _legend(color_by: maps.ColorBy, view: RunView, focus: int | None) -> list[tuple[str, str, str]]:
    labels = view.labels
    kinds = [name for name in maps.KINDS if focus is not None or name != "group_mean"]
    shapes = [(maps.KINDS[name][1], _LEGEND_COLORS.get(name, NEUTRAL), maps.KINDS[name][0]) for name in kinds]
    if color_by == "method":
        styles = arm_styles(view.arms).values()
        return [*shapes, *(("chip", style.color, style.label) for style in styles)]
    if color_by == "group":
        names, palette = labels.groups, group_css(labels.colors, len(labels.groups))
    else:
        names, palette = labels.classes, maps.class_css(len(labels.classes))
    return shapes + [("chip", color, name) for color, name in zip(palette, names, strict=True)]
