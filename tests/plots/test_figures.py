"""The figures: what is drawn, and above all what is not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from fairdd_core.plots import fairness, maps
from fairdd_core.plots.curves import curve, curves_table
from fairdd_core.plots.data import counts_heatmap, counts_table
from fairdd_core.plots.fairness_tables import confusion_table, group_table, network_table, recall_table
from fairdd_core.plots.images import data_uri, grid_figure, grid_html, mosaic, png
from fairdd_core.plots.theme import arm_label, arm_styles, group_css

CLASSES, GROUPS = ("cat", "dog"), ("red", "white")
COLORS = ((255, 0, 0), (255, 255, 255))


@pytest.fixture
def counts() -> dict[str, np.ndarray]:
    some = np.array([[[[9, 1], [2, 8]], [[5, 5], [0, 0]]]], np.int64).repeat(3, axis=0)
    return {"vanilla": some, "cobra": some, "random-subset": some[:1]}


@pytest.fixture
def points() -> pd.DataFrame:
    rows = [("real", "", c, g, 0, c + g, c - g) for c in range(2) for g in range(2)]
    rows += [("group_mean", "", c, g, -1, c + g, c - g) for c in range(2) for g in range(2)]
    for arm in ("vanilla", "cobra"):
        rows += [
            (kind, arm, c, -1, -1, c, c) for kind in ("target", "class_mean", "synthetic") for c in range(2)
        ]
    frame = pd.DataFrame(rows, columns=["kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y"])
    return frame.assign(umap_x=np.nan, umap_y=np.nan)


def figures(counts: dict[str, np.ndarray], points: pd.DataFrame) -> Iterator[go.Figure]:
    """One of every figure."""
    recalls = recall_table(counts, CLASSES, GROUPS)
    yield counts_heatmap(counts_table(np.array([[3, 0], [0, 0]]), CLASSES, GROUPS), COLORS)
    yield fairness.dumbbell(recalls[recalls["arm"] == "cobra"], COLORS)
    yield fairness.group_accuracy(group_table(counts, GROUPS), COLORS)
    yield fairness.tradeoff(network_table(counts), "deo_max")
    yield fairness.confusion(confusion_table(counts["cobra"], 1, CLASSES))
    yield maps.arm_map(maps.map_table(points, "pca", CLASSES, GROUPS), "cobra", groups=2, focus=0)
    yield curve(curves_table(steps()), "loss", at=5, total=20)
    yield grid_figure(np.zeros((2, 3, 3, 4, 4), np.uint8), CLASSES)


def steps() -> pd.DataFrame:
    rows = [(arm, i, 1 / i, 0.5, float(i)) for i in range(1, 11) for arm in ("vanilla", "cobra")]
    return pd.DataFrame(rows, columns=["arm", "iteration", "loss", "worst_residual", "seconds"])


def test_no_figure_fixes_its_ground_or_its_font_colour(
    counts: dict[str, np.ndarray], points: pd.DataFrame
) -> None:
    for fig in figures(counts, points):
        assert fig.layout.paper_bgcolor == fig.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert fig.layout.font.color is None
        assert fig.to_json()


def test_dumbbell_leaves_undefined_recalls_out(counts: dict[str, np.ndarray]) -> None:
    table = recall_table({"cobra": counts["cobra"]}, CLASSES, GROUPS)
    fig = fairness.dumbbell(table, COLORS)
    dots = next(trace for trace in fig.data if trace.mode == "markers")
    assert len(dots.x) == 3, "the white dogs have no recall, so they have no dot"
    texts = [note.text for note in fig.layout.annotations]
    assert any("undefined" in text for text in texts), "a class with one group has no gap"
    assert not any(trace.mode == "lines" and trace.y[0] == 1 for trace in fig.data)


def test_recalls_say_how_many_images_are_behind_them(counts: dict[str, np.ndarray]) -> None:
    fig = fairness.dumbbell(recall_table({"cobra": counts["cobra"]}, CLASSES, GROUPS), COLORS)
    dots = next(trace for trace in fig.data if trace.mode == "markers")
    assert "n = %{customdata[4]}" in dots.hovertemplate
    assert dots.customdata[0][4] == 10


def test_groups_wear_their_own_colour_with_an_outline(counts: dict[str, np.ndarray]) -> None:
    fig = fairness.dumbbell(recall_table({"cobra": counts["cobra"]}, CLASSES, GROUPS), COLORS)
    dots = next(trace for trace in fig.data if trace.mode == "markers")
    assert "rgb(255,255,255)" in dots.marker.color
    assert dots.marker.line.color not in {None, "rgb(255,255,255)"}


def test_groups_without_colours_get_different_ones() -> None:
    assert len(set(group_css((), 10))) == 10


def test_arms_differ_in_colour_and_in_shape() -> None:
    known = ["vanilla", "cobra", "fairdd", "uniform", "random-subset", "full-data", "mine", "yours"]
    styles = arm_styles(known)
    assert len({style.color for style in styles.values()}) == len(known)
    assert len({style.symbol for style in styles.values()}) == len(known)
    assert styles["mine"].label == "mine"


def test_an_arm_with_a_distance_is_named_in_words() -> None:
    styles = arm_styles(["cobra", "cobra:cosine", "cobra:huber", "cobra:new", "mine:l1"])
    labels = ["COBRA", "COBRA · cosine", "COBRA · Huber", "COBRA · new", "mine:l1"]
    assert [style.label for style in styles.values()] == [arm_label(name) for name in styles] == labels


def test_confusion_of_an_empty_class_stays_blank(counts: dict[str, np.ndarray]) -> None:
    fig = fairness.confusion(confusion_table(counts["cobra"], 1, CLASSES))
    assert np.isnan(np.asarray(fig.data[0].z, float)[1]).all()
    words = [text for trace in fig.data[1:] for text in trace.text]
    assert words.count("50") == 2
    assert words.count("") == 2


def test_tradeoff_leaves_an_undefined_mean_out() -> None:
    table = pd.DataFrame({"arm": ["a"], "network": [0], "n": [5], "accuracy": [0.5], "deo_mean": [np.nan]})
    assert not any(trace.text for trace in fairness.tradeoff(table).data)


def test_curve_marks_the_nearest_logged_iteration() -> None:
    fig = curve(curves_table(steps()), "loss", at=7)
    marks = [trace for trace in fig.data if trace.mode == "markers"]
    assert [trace.x[0] for trace in marks] == [7, 7]
    assert [trace.name for trace in fig.data if trace.mode == "lines"] == ["Vanilla", "COBRA"]


def test_curves_of_a_run_without_steps_are_empty() -> None:
    assert curves_table(steps().iloc[:0]).empty
    assert not curve(curves_table(steps().iloc[:0])).data


def test_map_shows_only_the_arm_and_ties_its_groups_to_its_target(points: pd.DataFrame) -> None:
    table = maps.map_table(points, "pca", CLASSES, GROUPS)
    fig = maps.arm_map(table, "cobra", groups=2, focus=1, group_colors=COLORS)
    names = [trace.name for trace in fig.data if trace.mode == "markers"]
    assert names.count("target of the method") == 1
    ties = next(trace for trace in fig.data if trace.mode == "lines")
    assert ties.x[:2] == (1.0, 1.0)
    assert len(ties.x) == 6, "two groups, each a start, an end and a break"


def test_maps_know_which_projection_is_ready(points: pd.DataFrame) -> None:
    assert maps.ready(points, "pca")
    assert not maps.ready(points, "umap")
    assert not maps.ready(None, "pca")


def test_all_panels_have_the_same_axes(points: pd.DataFrame) -> None:
    table = maps.map_table(points, "pca", CLASSES, GROUPS)
    first, second = (maps.arm_map(table, arm, groups=2) for arm in ("vanilla", "cobra"))
    assert first.layout.xaxis.range == second.layout.xaxis.range


def test_distance_bars_show_every_arm() -> None:
    rows = [(arm, 0, g, 5, 0.5, 1.0, 2.0) for arm in ("vanilla", "cobra") for g in range(2)]
    names = ["arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"]
    frame = pd.DataFrame(rows, columns=names)
    assert len(maps.distance_bars(frame, 0, GROUPS).data) == 2
    assert maps.distance_table(frame, CLASSES, GROUPS)["group"].tolist()[:2] == ["red", "white"]


def test_mosaic_puts_images_where_they_belong_and_keeps_gaps_clear() -> None:
    images = np.zeros((2, 3, 3, 4, 4), np.uint8)
    images[1, 2] = 200
    picture = mosaic(images, np.array([[True, True, True], [True, False, True]]))
    assert picture.shape == (10, 15, 4)
    assert (picture[5:9, 10:14, :3] == 200).all()
    assert picture[4, :, 3].max() == 0
    assert picture[5:9, 5:9, 3].max() == 0, "an image that is not there is transparent"


def test_png_repeats_pixels_exactly(tmp_path: Path) -> None:
    from PIL import Image

    picture = np.random.default_rng(0).integers(0, 255, (3, 2, 4), np.uint8)
    (tmp_path / "a.png").write_bytes(png(picture, 3))
    back = np.asarray(Image.open(tmp_path / "a.png"))
    assert (back == picture.repeat(3, 0).repeat(3, 1)).all()
    assert data_uri(b"x").startswith("data:image/png;base64,")


def test_grid_names_its_rows_and_says_what_it_shows() -> None:
    markup = grid_html(
        np.zeros((2, 3, 3, 4, 4), np.uint8), ["<b>", "dog"], alt='a "b"', swatches=["red", "blue"]
    )
    assert "&lt;b&gt;" in markup
    assert 'alt="a &quot;b&quot;"' in markup
    assert markup.count("<i ") == 2


def test_names_that_look_like_tags_are_drawn_as_they_are(counts: dict[str, np.ndarray]) -> None:
    table = recall_table({"cobra": counts["cobra"]}, ("<b>cat", "dog"), ("<30", ">=30"))
    fig = fairness.dumbbell(table, COLORS)
    assert fig.layout.yaxis.ticktext == ("&lt;b&gt;cat", "dog")
    texts = [note.text for note in fig.layout.annotations]
    assert any("&gt;=30 → &lt;30" in text for text in texts)
