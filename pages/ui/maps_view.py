"""Real and synthetic samples in one map, a panel per arm."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fairdd_core.plots import maps
from fairdd_core.plots.theme import NEUTRAL, arm_styles, group_css
from pages.ui.figures import numbers, show
from pages.ui.run_actions import literal
from pages.ui.runs import Labels, RunView
from pages.ui.style import arm_heading, legend

_ALL = "All classes"
_PROJECTIONS: list[maps.Projection] = ["pca", "umap"]
_COLORS: list[maps.ColorBy] = ["group", "class"]
_CAPTION = {
    "pca": "PCA: a straight shadow of the feature space. Distances are shortened, never stretched.",
    "umap": "UMAP keeps neighbours together. It says nothing about distances between clumps or their sizes.",
}

_LEGEND_COLORS = maps.MARK | {"group_mean": "none"}


def maps_view(view: RunView) -> None:
    """Draw the maps and the distances that they stand for."""
    points, labels = view.folder.points(), view.labels
    if points is None or points.empty:
        waiting = "They come last in a run." if view.live else "This run ended before they were made."
        st.info(f"No maps yet. {waiting}", icon=":material/scatter_plot:")
        return
    projection, color_by, focus = _choices(points, labels, view.live)
    table = maps.map_table(points, projection, labels.classes, labels.groups)
    st.html(legend(_legend(color_by, labels, focus)))
    styles = arm_styles(view.arms)
    for column, arm in zip(st.columns(min(3, max(2, len(styles))), gap="medium") * 3, styles, strict=False):
        with column:
            st.html(arm_heading(styles[arm]))
            fig = maps.arm_map(
                table,
                arm,
                color_by=color_by,
                group_colors=labels.colors,
                groups=len(labels.groups),
                focus=focus,
            )
            show(
                fig,
                None,
                key=f"map-{arm}",
                zoom=True,
                alt=f"{projection.upper()} map of real samples and {styles[arm].label}'s images.",
            )
    st.caption(f"{_CAPTION[projection]} All panels have the same axes. Scroll to zoom, drag to move.")
    with st.expander("Table", icon=":material/table_rows:", type="compact"):
        numbers(table[["kind", "arm", "class", "group", "x", "y"]], key="map-table")
    _distances(view, labels, focus)


def _choices(
    points: pd.DataFrame, labels: Labels, live: bool
) -> tuple[maps.Projection, maps.ColorBy, int | None]:
    first, second, third = st.columns([1, 1, 2], vertical_alignment="bottom")
    offered = [name for name in _PROJECTIONS if maps.ready(points, name)]
    with first:
        projection = st.segmented_control(
            "Projection",
            offered,
            format_func=str.upper,
            required=True,
            default=offered[0],
            key="map-projection",
            help="PCA is there at once. UMAP takes longer."
            + (" It is on its way." if live and len(offered) < 2 else ""),
        )
    with second:
        color_by = st.segmented_control(
            "Colour",
            _COLORS,
            format_func=str.capitalize,
            required=True,
            default=_COLORS[0],
            key="map-color",
            help="What the colour of a point says.",
        )
    with third:
        chosen = st.selectbox(
            "Class in focus",
            [_ALL, *labels.classes],
            index=1,
            key="map-focus",
            help="Its points stand out, and the mean of each group is tied to where the method aims.",
        )
    return projection, color_by, None if chosen == _ALL else labels.classes.index(chosen)


def _legend(color_by: maps.ColorBy, labels: Labels, focus: int | None) -> list[tuple[str, str, str]]:
    kinds = [name for name in maps.KINDS if focus is not None or name != "group_mean"]
    shapes = [(maps.KINDS[name][1], _LEGEND_COLORS.get(name, NEUTRAL), maps.KINDS[name][0]) for name in kinds]
    if color_by == "group":
        names, palette = labels.groups, group_css(labels.colors, len(labels.groups))
    else:
        names, palette = labels.classes, maps.class_css(len(labels.classes))
    return shapes + [("chip", color, name) for color, name in zip(palette, names, strict=True)]


def _distances(view: RunView, labels: Labels, focus: int | None) -> None:
    residuals = view.folder.residuals()
    if residuals is None or residuals.empty:
        return
    table = maps.distance_table(residuals, labels.classes, labels.groups)
    st.subheader("How far each group is from where the method aims", anchor=False)
    st.caption(
        "Aims and distances as the network of this map sees them. Distilling itself aims through many random "
        "networks, so take them for the direction, not for the exact place."
    )
    if focus is None:
        st.caption("Choose a class in focus to see its distances as a chart.")
        with st.expander("Table", icon=":material/table_rows:", type="compact"):
            numbers(table, key="distances-all", percent=("share",))
        return
    own = table[table["class"] == labels.classes[focus]]
    left, right = st.columns(2, gap="large")
    for column, name, title in (
        (left, "to_target", "To the target"),
        (right, "to_synthetic", "To the mean of the synthetic images"),
    ):
        with column:
            st.markdown(f"**{title}**, class {literal(labels.classes[focus])}")
            show(
                maps.distance_bars(residuals, focus, labels.groups, name),
                own if name == "to_target" else None,
                key=f"distance-{name}",
                alt=f"Distance of each group's mean {title.lower()} for class {labels.classes[focus]}.",
                caption="Measured in the feature space itself, not in the map."
                if name == "to_target"
                else "Where the images really ended up.",
                percent=("share",),
            )
