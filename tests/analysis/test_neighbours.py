"""Nearest neighbours as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairdd_core.analysis.neighbours import nearest_pixels, nearest_table

CLASSES = ("cat", "dog", "emu")


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
