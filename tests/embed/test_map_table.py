"""The points of the maps over the iterations, and selections of them."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from fairdd_core.embed.map_table import (
    Selection,
    at_iteration,
    group_counts,
    has_projection,
    inside,
    iterations_of,
    map_table,
    select,
)

CLASSES, GROUPS = ("cat", "dog"), ("red", "white")
SQUARE = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))


def test_only_the_synthetic_images_move(points: pd.DataFrame, moments: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS, moments)
    assert iterations_of(table) == [0, 4, 8]
    start, end = at_iteration(table, 0), at_iteration(table, 8)
    moving = start["kind"].isin(["synthetic", "class_mean"])
    assert set(start[moving]["x"]) == {-9}
    assert start[~moving].equals(end[~end["kind"].isin(["synthetic", "class_mean"])])
    assert len(start) == len(end) == len(points), "the finished images are not drawn twice"


def test_between_two_placings_the_earlier_one_counts(points: pd.DataFrame, moments: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS, moments)
    assert at_iteration(table, 7).equals(at_iteration(table, 4))
    assert at_iteration(table[table["iteration"] != 0], 1)["iteration"].max() == 4


def test_a_projection_that_knows_no_way_shows_the_end(points: pd.DataFrame, moments: pd.DataFrame) -> None:
    placed = points.assign(umap_x=1.0, umap_y=2.0)
    table = map_table(placed, "umap", CLASSES, GROUPS, moments)
    assert iterations_of(table) == []
    assert at_iteration(table, 3).equals(table)
    assert len(table) == len(points)


def test_a_region_takes_what_lies_in_it_of_every_arm(points: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS)
    chosen = select(table, [((0.5, 0.5), (1.5, 0.5), (1.5, 1.5), (0.5, 1.5))], "pca")
    assert chosen.real == {10}, "dog red lies at (1, 1)"
    assert chosen.synthetic == {"vanilla": {1}, "cobra": {1}}
    assert not select(table, [((90, 90), (91, 90), (91, 91))])


def test_counts_of_groups_are_k_of_the_n_in_the_map(points: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS)
    counts = group_counts(table, Selection(frozenset({0, 10, 11})), GROUPS)
    assert counts.to_dict("list") == {"group": ["red", "white"], "k": [2, 1], "n": [2, 2]}
    unknown = table.assign(group_id=table["group_id"].where(table["index"] != 11, -1))
    counts = group_counts(unknown, Selection(frozenset({11})), GROUPS)
    assert counts.iloc[-1].to_dict() == {"group": "unknown", "k": 1, "n": 1}


def test_inside_follows_the_even_odd_rule() -> None:
    xy = np.array([[1, 1], [3, 1], [-0.1, 1], [1, 2.1]])
    assert inside(SQUARE, xy).tolist() == [True, False, False, False]
    hourglass = ((0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0))
    assert inside(hourglass, np.array([[0.2, 1.0], [1.8, 1.0], [1.0, 0.2], [1.0, 1.8]])).tolist() == [
        True,
        True,
        False,
        False,
    ]


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=20))
def test_inside_a_box_is_what_its_corners_say(points: list[tuple[float, float]]) -> None:
    xy = np.array(points)
    on_edge = np.isin(xy, (0.0, 2.0)).any(axis=1)
    expected = ((xy > 0) & (xy < 2)).all(axis=1)
    assert (inside(SQUARE, xy) == expected)[~on_edge].all()
    assert (inside(SQUARE[::-1], xy) == expected)[~on_edge].all()


def test_maps_know_which_projection_is_ready(points: pd.DataFrame) -> None:
    assert has_projection(points, "pca")
    assert not has_projection(points, "umap")
    assert not has_projection(None, "pca")
