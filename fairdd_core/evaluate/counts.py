"""Counts of test images by group, true class and predicted class."""

from __future__ import annotations

import numpy as np


def count(predicted_N: np.ndarray, y_N: np.ndarray, a_N: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return counts of test images by (group, true class, predicted class), int64 (G, C, C).

    Args:
        predicted_N: predicted class of each image.
        y_N: its true class.
        a_N: its group.
        shape: G and C.
    """
    groups, classes = shape
    counts_GCC = np.zeros((groups, classes, classes), np.int64)
    np.add.at(counts_GCC, (a_N, y_N, predicted_N), 1)
    return counts_GCC


def agrees(predicted_N: np.ndarray, y_N: np.ndarray, a_N: np.ndarray, counts_GCC: np.ndarray) -> bool:
    """Return whether predictions for these test images give the counts of a run.

    Args:
        predicted_N: predicted class of each test image of the run.
        y_N: class of the test images at hand.
        a_N: their group.
        counts_GCC: of the run (group, true class, predicted class).
    """
    groups, classes, _ = counts_GCC.shape
    if len(predicted_N) != len(y_N) or y_N.max() >= classes or a_N.max() >= groups:
        return False
    if predicted_N.min() < 0 or predicted_N.max() >= classes:
        return False
    return bool(np.array_equal(count(predicted_N, y_N, a_N, (groups, classes)), counts_GCC))
