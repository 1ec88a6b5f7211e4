"""What is behind a gap: known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairdd_core.analysis.error_analysis import majority_sentence, prediction_table, rows_by_prediction
from fairdd_core.analysis.gaps import gap_table, gaps, largest_gap
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.neighbours import nearest_pixels, nearest_table
from fairdd_core.evaluate.counts import agrees, count
from fairdd_core.plots.error_analysis import COLUMNS, Answer, Neighbours, nearest_html, prediction_figure
from fairdd_core.plots.fairness import tradeoff
from fairdd_core.plots.images import Tile
from fairdd_core.plots.theme import arm_styles

CLASSES, GROUPS = ("cat", "dog", "emu"), ("red", "blue")
PIXELS = np.full((3, 4, 4), 9, np.uint8)


@pytest.fixture
def counts() -> np.ndarray:
    """Two networks. Cats: red 9 of 10, blue 1 of 10. Dogs: 8 of 10 each. There are no blue emus."""
    counts_KGCC = np.zeros((2, 2, 3, 3), np.int64)
    counts_KGCC[:, 0] = [[9, 1, 0], [2, 8, 0], [0, 0, 5]]
    counts_KGCC[:, 1] = [[1, 3, 6], [1, 8, 1], [0, 0, 0]]
    return counts_KGCC


def test_a_gap_is_set_by_the_worst_and_the_best_group(counts: np.ndarray) -> None:
    cat, dog, emu = gaps(counts)
    assert cat is not None
    assert (cat.worst, cat.best) == (1, 0)
    assert cat.size == pytest.approx(0.8)
    assert cat.words(CLASSES, GROUPS) == "class cat, red 90% against blue 10%"
    assert dog is not None
    assert dog.words(CLASSES, GROUPS) == "class dog, 80% for every group"
    assert emu is None, "one group alone has no gap, and not one of zero"
    assert largest_gap(counts) == cat
    assert largest_gap(counts[:, :1]) is None


def test_groups_that_tie_are_counted() -> None:
    counts_KGCC = np.zeros((1, 5, 2, 2), np.int64)
    counts_KGCC[0, :, 0] = [[9, 1], [0, 10], [0, 10], [9, 1], [0, 10]]
    (gap, _) = gaps(counts_KGCC)
    assert gap is not None
    names = ["red", "blue", "pink", "grey", "teal"]
    assert gap.words(CLASSES, names) == "class cat, red and 1 more 90% against blue and 2 more 0%"


def test_means_that_are_added_up_in_another_order_tie() -> None:
    counts_KGCC = np.zeros((3, 3, 1, 2), np.int64)
    for k, hits in enumerate([(9, 7, 1), (8, 8, 1), (7, 9, 1)]):
        counts_KGCC[k, :, 0] = [[n, 10 - n] for n in hits]
    (gap,) = gaps(counts_KGCC)
    assert gap is not None and (gap.also_best, gap.also_worst) == (1, 0)
    (equal,) = gaps(counts_KGCC[:, :2])
    assert equal is not None and equal.alike


def test_groups_that_are_alike_are_two_groups_all_the_same() -> None:
    counts_KGCC = np.zeros((2, 3, 2, 2), np.int64)
    counts_KGCC[0, :, 0] = [[9, 1], [5, 5], [0, 0]]
    counts_KGCC[1, :, 0] = [[5, 5], [9, 1], [0, 0]]
    counts_KGCC[:, :2, 1] = 5
    opposite, equal = gaps(counts_KGCC)
    assert opposite is not None
    assert equal is not None
    for gap in (opposite, equal):
        assert (gap.worst, gap.best) == (0, 1), "the third has no test images"
    assert opposite.size == pytest.approx(0.4)
    assert opposite.words(CLASSES, GROUPS) == "class cat, 70% for every group on average"
    assert equal.words(CLASSES, GROUPS) == "class dog, 50% for every group"


def test_the_largest_gap_is_the_one_that_is_quoted(counts: np.ndarray) -> None:
    gap = largest_gap(counts)
    assert gap is not None
    assert gap.size == pytest.approx(METRICS["deo_max"].of(counts).mean())
    table = gap_table({"vanilla": counts, "cobra": counts[:, :, ::-1, ::-1]}, CLASSES, GROUPS)
    assert table["gap"].isna().tolist() == [False] * 4 + [True] * 2, "undefined gaps come last"
    assert table.loc[0, ["arm", "class", "worst group", "best group"]].tolist() == [
        "vanilla",
        "cat",
        "blue",
        "red",
    ]


def test_wrong_answers_come_first_the_most_frequent_ahead(counts: np.ndarray) -> None:
    table = prediction_table(counts[0], 0, 1, CLASSES)
    assert table["predicted as"].tolist() == ["emu", "dog", "cat"]
    assert table["images"].tolist() == [6, 3, 1]
    assert table["right"].tolist() == [False, False, True]
    assert table["share"].sum() == pytest.approx(1)
    assert prediction_table(counts[0], 2, 1, CLASSES).empty


def test_answers_agree_with_the_counts_or_are_refused() -> None:
    y_N, a_N = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    predicted_N = np.array([0, 2, 1, 2], np.int16)
    counted = count(predicted_N, y_N, a_N, (2, 3))
    assert agrees(predicted_N, y_N, a_N, counted)
    assert not agrees(predicted_N, y_N, 1 - a_N, counted), "other groups"
    assert not agrees(predicted_N[:3], y_N, a_N, counted), "another length"
    assert not agrees(np.array([0, 2, 1, 3]), y_N, a_N, counted), "a class that there is not"
    assert not agrees(predicted_N, y_N, a_N, count(predicted_N[::-1], y_N, a_N, (2, 3)))
    rows = rows_by_prediction(predicted_N, y_N, a_N, 0, 1)
    assert {c: rows_N.tolist() for c, rows_N in rows.items()} == {2: [1]}


def test_nearest_synthetic_images_are_counted_by_class() -> None:
    class_N, distance_N = np.array([0, 2, 2, -1]), np.array([1.0, 2.0, 4.0, np.nan])
    rows = {"red": np.array([0, 1, 2]), "blue": np.array([3])}
    red, blue = nearest_table({"vanilla": (class_N, distance_N)}, rows, 0, CLASSES).to_dict("records")
    assert (red["own class"], red["n"], red["else mostly"], red["of them"]) == (1, 3, "emu", 2)
    assert red["median distance"] == 2
    assert blue["n"] == 0, "no synthetic image, so nothing to be nearest to"
    assert pd.isna(blue["share"])
    assert pd.isna(blue["median distance"])


def test_nearest_by_pixels_is_the_root_mean_square() -> None:
    test = np.zeros((2, 3, 1, 1), np.uint8)
    test[1] = 255
    synthetic = np.zeros((2, 3, 1, 1), np.uint8)
    synthetic[0, 0] = 255
    place_QR, distance_QR = nearest_pixels(test, synthetic, ranks=3)
    assert place_QR.tolist() == [[1, 0, -1], [0, 1, -1]]
    np.testing.assert_allclose(distance_QR[:, :2], [[0, np.sqrt(1 / 3)], [np.sqrt(2 / 3), 1]], atol=1e-6)
    assert np.isnan(distance_QR[:, 2]).all()


def test_every_image_that_is_drawn_can_be_clicked() -> None:
    many = 2 * COLUMNS + 5
    answers = [Answer("one", np.array([7]), ["a"]), Answer("many", np.arange(100, 100 + many), ["b"] * many)]
    x_NCHW = np.zeros((1 + many, 3, 4, 4), np.uint8)
    fig = prediction_figure(x_NCHW, answers, chosen=101)
    assert [data[0] for trace in fig.data for data in trace.customdata] == [7, *range(100, 100 + many)]
    assert len(fig.layout.images) == 2
    assert [note.text for note in fig.layout.annotations] == ["one", "many"]
    assert fig.data[1].y[0] < fig.data[1].y[COLUMNS] < fig.layout.yaxis.range[0], "a second line, below"
    assert {shape.x0 for shape in fig.layout.shapes} == {fig.data[1].x[1] - 0.49}
    assert not prediction_figure(x_NCHW, answers, chosen=8).layout.shapes


def test_neighbours_say_their_class_and_distance_as_text() -> None:
    style = arm_styles(["vanilla"])["vanilla"]
    nasty = Neighbours(style, PIXELS[None], ["<b>7</b>"], [False], [1.234])
    page = nearest_html(
        Tile(PIXELS, "the test image", "3"), [nasty, Neighbours(style, PIXELS[:0], [], [], [])]
    )
    assert "&lt;b&gt;7&lt;/b&gt; ✗ 1.23" in page
    assert 'alt="the test image"' in page
    assert "Nearest in Vanilla" in page
    assert "None." in page


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
    fig = tradeoff(table)
    places = {trace.text[0]: trace.textposition for trace in fig.data if trace.text}
    assert places == {
        "<b>Random real subset</b>": "top left",
        "<b>Vanilla</b>": "middle left",
        "<b>Vanilla + fair training</b>": "bottom left",
        "<b>COBRA</b>": "middle right",
    }
    assert fig.data[0].customdata.tolist() == [[1, 10]], "networks are counted from one, as everywhere"


def test_wrong_answers_that_name_a_class_of_the_groups_colour() -> None:
    names = ("0", "1", "2"), ("red", "green")
    counts_CG = np.array([[9, 1], [1, 9], [5, 5]])
    answers_N = np.array([0, 1, 1, 2])
    assert majority_sentence(counts_CG, answers_N, 0, 1, *names) == (
        "2 of the 3 wrong answers to green images name class 1: most of its training images are green."
    )
    assert majority_sentence(counts_CG, answers_N, 1, 0, *names).startswith("1 of the 2 wrong answers to red")
    assert majority_sentence(counts_CG, np.array([0, 2]), 0, 1, *names) == "", "class 2 belongs to nobody"
