"""The maps: colours, selections and trajectories."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fairdd_core.embed.map_table import (
    Selection,
    at_iteration,
    is_selected,
    map_table,
    ranges,
    trail,
)
from fairdd_core.plots import maps
from fairdd_core.plots.dots import distance_dots

CLASSES, GROUPS = ("cat", "dog"), ("red", "white")
COLORS = ((255, 0, 0), (255, 255, 255))


def of(fig: go.Figure, name: str) -> go.Scatter:
    return next(trace for trace in fig.data if trace.name == name)


def test_axes_hold_every_iteration(points: pd.DataFrame, moments: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS, moments)
    (low, high), _ = ranges(table)
    assert low < -9
    assert high > 2
    figs = [
        maps.arm_map(at_iteration(table, at), arm, axes=ranges(table))
        for at in (0, 8)
        for arm in ("vanilla", "cobra")
    ]
    assert {fig.layout.xaxis.range for fig in figs} == {(low, high)}


def test_the_trail_ends_at_the_mean_of_the_moment(points: pd.DataFrame, moments: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS, moments)
    way = trail(table, "cobra", 1, 4)
    assert way[["x", "y"]].to_numpy().tolist() == [[-9.0, 0.0], [-4.0, 0.5]]
    fig = maps.arm_map(at_iteration(table, 4), "cobra", focus=1, groups=2, path=way)
    mean = of(fig, "mean of its synthetic images")
    assert (of(fig, "its trajectory").x[-1], of(fig, "its trajectory").y[-1]) == (mean.x[0], mean.y[0])
    assert trail(map_table(points, "pca", CLASSES, GROUPS), "cobra", 1, 4).empty


def test_map_shows_only_the_arm_and_ties_its_groups_to_its_target(points: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS)
    fig = maps.arm_map(table, "cobra", groups=2, focus=1, group_colors=COLORS)
    names = [trace.name for trace in fig.data if trace.mode == "markers"]
    assert names.count("target of the method") == 1
    ties = of(fig, "ties")
    assert ties.x[:2] == (1.0, 1.0)
    assert len(ties.x) == 6, "two groups, each a start, an end and a break"


def test_colour_says_group_class_or_method(points: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS)
    drawn = {
        by: maps.arm_map(table, "cobra", color_by=by, groups=2, group_colors=COLORS)
        for by in ("group", "class", "method")
    }
    real = {by: of(fig, "real sample").marker.color for by, fig in drawn.items()}
    made = {by: of(fig, "synthetic image").marker.color for by, fig in drawn.items()}
    assert real["group"] == ("rgb(255,0,0)", "rgb(255,255,255)") * 2
    assert real["class"] == tuple(np.repeat(maps.class_css(2), 2))
    assert set(real["method"]) == {"#808080"}
    assert made["class"] == tuple(maps.class_css(2))
    assert set(made["group"]) == set(made["method"]) == {"#0072b2"}


def test_picked_out_samples_stand_out_in_every_panel(points: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS)
    chosen_N = is_selected(table, Selection(frozenset({1, 11}), {"cobra": frozenset({1})}))
    for arm, made in (("cobra", [1]), ("vanilla", [])):
        fig = maps.arm_map(table, arm, groups=2, chosen_N=chosen_N)
        assert of(fig, "real sample").selectedpoints.tolist() == [1, 3]
        assert of(fig, "synthetic image").selectedpoints.tolist() == made
        assert of(fig, "real sample").unselected.marker.opacity < 0.2
        assert of(fig, "target of the method").unselected.marker.opacity == 1
    assert of(maps.arm_map(table, "cobra", groups=2), "real sample").selectedpoints is None


def test_a_lasso_is_drawn_as_it_was_made(points: pd.DataFrame) -> None:
    region = [((0.5, 0.5), (1.5, 0.5), (1.5, 1.5), (0.5, 1.5))]
    fig = maps.arm_map(map_table(points, "pca", CLASSES, GROUPS), "cobra", groups=2, region=region)
    assert fig.layout.shapes[0].path == "M 0.5 0.5 L 1.5 0.5 L 1.5 1.5 L 0.5 1.5 Z"


def test_distance_dots_show_every_arm() -> None:
    names = ["arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"]
    rows = [("vanilla", 0, 0, 9, 0.9, 1.0, 2.0), ("vanilla", 0, 1, 1, 0.1, 5.0, 6.0)]
    fig = distance_dots(pd.DataFrame([*rows, ("cobra", 0, 0, 9, 0.9, 3.0, 4.0)], columns=names), 0, GROUPS)
    assert [trace.name for trace in fig.data] == ["Vanilla", "COBRA"]
    assert list(fig.data[0].x) == [2.0, 6.0]
