"""The figures: what is drawn, and above all what is not."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from fairdd_core.analysis.tables import (
    confusion_table,
    counts_table,
    curves_table,
    group_table,
    network_table,
    recall_table,
)
from fairdd_core.data.custom.options import MAX_GROUPS
from fairdd_core.embed.map_table import map_table
from fairdd_core.plots import fairness, maps
from fairdd_core.plots.curves import curve
from fairdd_core.plots.dots import group_accuracy
from fairdd_core.plots.heatmap import confusion, counts_heatmap
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
    yield group_accuracy(group_table(counts, GROUPS), COLORS)
    yield fairness.tradeoff(network_table(counts), "deo_max")
    yield confusion(confusion_table(counts["cobra"], 1, CLASSES))
    yield maps.arm_map(map_table(points, "pca", CLASSES, GROUPS), "cobra", groups=2, focus=0)
    yield curve(curves_table(steps()), "loss", at=5, total=20)


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


def test_dumbbell_counts_groups_that_tie() -> None:
    counts_KGCC = np.zeros((1, 4, 1, 2), np.int64)[:, :, [0, 0]]
    counts_KGCC[0, :, 0] = [[9, 1], [2, 8], [2, 8], [2, 8]]
    counts_KGCC[0, :, 1] = [[0, 9], [0, 9], [0, 9], [0, 9]]
    fig = fairness.dumbbell(recall_table({"cobra": counts_KGCC}, ["cat", "dog"], ["r", "g", "b", "w"]))
    texts = [note.text for note in fig.layout.annotations]
    assert {"<b>70</b>  g +2 → r", "<b>0</b>  all equal"} <= set(texts)


def test_recalls_say_how_many_images_are_behind_them(counts: dict[str, np.ndarray]) -> None:
    fig = fairness.dumbbell(recall_table({"cobra": counts["cobra"]}, CLASSES, GROUPS), COLORS)
    dots = next(trace for trace in fig.data if trace.mode == "markers")
    assert "n = %{customdata[4]}" in dots.hovertemplate
    assert dots.customdata[0][4] == 10


def test_groups_have_their_own_colour_with_an_outline(counts: dict[str, np.ndarray]) -> None:
    fig = fairness.dumbbell(recall_table({"cobra": counts["cobra"]}, CLASSES, GROUPS), COLORS)
    dots = next(trace for trace in fig.data if trace.mode == "markers")
    assert "rgb(255,255,255)" in dots.marker.color
    assert dots.marker.line.color not in {None, "rgb(255,255,255)"}


def test_groups_without_colours_get_different_ones() -> None:
    assert len(set(group_css((), MAX_GROUPS))) == MAX_GROUPS
    assert group_css((), 20)[:10] == group_css((), 10)


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
    fig = confusion(confusion_table(counts["cobra"], 1, CLASSES))
    assert np.isnan(np.asarray(fig.data[0].z, float)[1]).all()
    words = [text for trace in fig.data[1:] for text in trace.text]
    assert words.count("50") == 2
    assert words.count("") == 2


def test_tradeoff_leaves_an_undefined_mean_out() -> None:
    table = pd.DataFrame({"arm": ["a"], "network": [0], "n": [5], "accuracy": [0.5], "deo_mean": [np.nan]})
    assert not any(trace.text for trace in fairness.tradeoff(table).data)


def test_a_map_without_averages_shows_samples_only(points: pd.DataFrame) -> None:
    table = map_table(points, "pca", CLASSES, GROUPS)
    kinds = {title for title, _ in maps.KINDS.values()}
    with_means, without = (
        {trace.name for trace in maps.arm_map(table, "cobra", groups=2, focus=0, averages=shown).data}
        for shown in (True, False)
    )
    assert {*kinds, "ties"} <= with_means
    assert without == {"real sample", "synthetic image"}


def test_long_names_have_two_lines_on_an_axis(counts: dict[str, np.ndarray]) -> None:
    names = ("passenger and military airplanes & gliders of all ages", "dog")
    fig = fairness.dumbbell(recall_table({"cobra": counts["cobra"]}, names, GROUPS))
    long, short = fig.layout.yaxis.ticktext
    assert long == "passenger and military<br>airplanes &amp; gliders …"
    assert short == "dog"


def test_curve_marks_the_nearest_logged_iteration() -> None:
    fig = curve(curves_table(steps()), "loss", at=7)
    marks = [trace for trace in fig.data if trace.mode == "markers"]
    assert [trace.x[0] for trace in marks] == [7, 7]
    assert [trace.name for trace in fig.data if trace.mode == "lines"] == ["Vanilla", "COBRA"]


def test_curves_of_a_run_without_steps_are_empty() -> None:
    assert curves_table(steps().iloc[:0]).empty
    assert not curve(curves_table(steps().iloc[:0])).data


def test_names_that_look_like_tags_are_drawn_as_they_are(counts: dict[str, np.ndarray]) -> None:
    table = recall_table({"cobra": counts["cobra"]}, ("<b>cat", "dog"), ("<30", ">=30"))
    fig = fairness.dumbbell(table, COLORS)
    assert fig.layout.yaxis.ticktext == ("&lt;b&gt;cat", "dog")
    texts = [note.text for note in fig.layout.annotations]
    assert any("&gt;=30 → &lt;30" in text for text in texts)


@pytest.mark.parametrize(
    ("ground", "text"), [((255, 255, 255), (31, 41, 51)), ((18, 22, 27), (230, 235, 240))]
)
@pytest.mark.parametrize("ink", [(0, 90, 156), (190, 75, 0)])
def test_text_is_readable_on_the_strongest_shade(
    ground: tuple[int, ...], text: tuple[int, ...], ink: tuple[int, ...]
) -> None:
    from fairdd_core.plots.heatmap import INK

    def light(rgb: np.ndarray) -> float:
        """Relative luminance, as WCAG defines it."""
        linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for opacity in np.linspace(0, INK, 20):
        shade = light(opacity * np.array(ink) + (1 - opacity) * np.array(ground))
        low, high = sorted((shade, light(np.array(text))))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_names_of_marks_in_the_same_place_stand_apart() -> None:
    table = pd.DataFrame(
        {
            "arm": ["vanilla", "vanilla+fair-training", "random-subset", "cobra"],
            "network": 0,
            "n": 10,
            "deo_mean": [1.0, 1.0, 0.99, 0.1],
            "accuracy": [0.24, 0.24, 0.3, 0.9],
        }
    )
    fig = fairness.tradeoff(table)
    places = {trace.text[0]: trace.textposition for trace in fig.data if trace.text}
    assert places == {
        "<b>Random real subset</b>": "top left",
        "<b>Vanilla</b>": "middle left",
        "<b>Vanilla + fair training</b>": "bottom left",
        "<b>COBRA</b>": "top right",
    }
    assert fig.data[0].customdata.tolist() == [[1, 10]], "networks are counted from one, as everywhere"
