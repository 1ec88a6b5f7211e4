"""Which errors make up a gap."""

from __future__ import annotations

import numpy as np
import pytest

from fairdd_core.analysis.error_analysis import majority_sentence, prediction_table, rows_by_prediction

CLASSES = ("cat", "dog", "emu")


def test_errors_come_first_the_most_frequent_ahead() -> None:
    counts_GCC = np.zeros((2, 3, 3), np.int64)
    counts_GCC[1, :2] = [[1, 3, 6], [1, 8, 1]]
    table = prediction_table(counts_GCC, 0, 1, CLASSES)
    assert table["predicted as"].tolist() == ["emu", "dog", "cat"]
    assert table["images"].tolist() == [6, 3, 1]
    assert table["right"].tolist() == [False, False, True]
    assert table["share"].sum() == pytest.approx(1)
    assert prediction_table(counts_GCC, 2, 1, CLASSES).empty


def test_errors_that_predict_a_class_of_the_groups_colour() -> None:
    names = ("0", "1", "2"), ("red", "green")
    counts_CG = np.array([[9, 1], [1, 9], [5, 5]])
    answers_N = np.array([0, 1, 1, 2])
    assert majority_sentence(counts_CG, answers_N, 0, 1, *names) == (
        "2 of the 3 errors on green images predict class 1, in which most of the training images are green."
    )
    assert majority_sentence(counts_CG, answers_N, 1, 0, *names).startswith("1 of the 2 errors on red")
    assert majority_sentence(counts_CG, np.array([0, 2]), 0, 1, *names) == "", "class 2 belongs to nobody"


def test_rows_of_a_cell_by_predicted_class() -> None:
    y_N, a_N = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    predicted_N = np.array([0, 2, 1, 2], np.int16)
    rows = rows_by_prediction(predicted_N, y_N, a_N, 0, 1)
    assert {c: rows_N.tolist() for c, rows_N in rows.items()} == {2: [1]}
