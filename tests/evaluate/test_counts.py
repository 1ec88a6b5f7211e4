"""Counts of predictions, and whether predictions match them."""

from __future__ import annotations

import numpy as np

from fairdd_core.evaluate.counts import agrees, count


def test_predictions_agree_with_the_counts_or_are_refused() -> None:
    y_N, a_N = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    predicted_N = np.array([0, 2, 1, 2], np.int16)
    counted = count(predicted_N, y_N, a_N, (2, 3))
    assert agrees(predicted_N, y_N, a_N, counted)
    assert not agrees(predicted_N, y_N, 1 - a_N, counted), "other groups"
    assert not agrees(predicted_N[:3], y_N, a_N, counted), "another length"
    assert not agrees(np.array([0, 2, 1, 3]), y_N, a_N, counted), "a class that there is not"
    assert not agrees(predicted_N, y_N, a_N, count(predicted_N[::-1], y_N, a_N, (2, 3)))
