"""Which errors make up a gap: the predictions for the test images of one class and group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def prediction_table(
    counts_GCC: np.ndarray, class_id: int, group: int, class_names: Sequence[str]
) -> pd.DataFrame:
    """Return the predictions of one network for the test images of a (class, group) cell.

    Columns: ``predicted as``, ``right`` (bool), ``images``, ``n`` (images of the cell), ``share`` (in [0,
    1]), ``class_id`` (the predicted class). Wrong predictions come first, the most frequent ahead. Classes
    that were never predicted have no row, so an empty cell has none.

    Args:
        counts_GCC: of one network (group, true class, predicted class).
        class_id: the true class.
        group: the group.
        class_names: in index order.
    """
    images_C = counts_GCC[group, class_id]
    n = int(images_C.sum())
    given = [c for c in np.argsort(-images_C, kind="stable").tolist() if images_C[c]]
    order = sorted(given, key=lambda c: c == class_id)
    return pd.DataFrame(
        {
            "predicted as": [class_names[c] for c in order],
            "right": [c == class_id for c in order],
            "images": [int(images_C[c]) for c in order],
            "n": n,
            "share": [images_C[c] / n for c in order],
            "class_id": order,
        }
    )


def majority_sentence(
    counts_CG: np.ndarray,
    predicted_N: np.ndarray,
    class_id: int,
    group: int,
    class_names: Sequence[str],
    group_names: Sequence[str],
) -> str:
    """Return how many errors predict a class in which the images' group is the majority, as a sentence.

    Args:
        counts_CG: training images of every class and group.
        predicted_N: predictions for the group's test images of the class.
        class_id: their true class.
        group: their group.
        class_names: in index order.
        group_names: in index order.

    Returns:
        A sentence; empty where there is no such error.
    """
    largest_C1 = counts_CG.max(axis=1, keepdims=True)
    alone_C = (counts_CG == largest_C1).sum(axis=1) == 1
    owned_C = alone_C & (counts_CG[:, group] == largest_C1[:, 0])
    wrong_N = predicted_N[predicted_N != class_id]
    named_N = wrong_N[owned_C[wrong_N]]
    if not len(named_N):
        return ""
    names, group_name = [class_names[c] for c in np.unique(named_N)], group_names[group]
    which = f"class {names[0]}" if len(names) == 1 else f"one of the classes {', '.join(names)}"
    return (
        f"{len(named_N)} of the {len(wrong_N)} errors on {group_name} images predict {which}, in which "
        f"most of the training images are {group_name}."
    )


def rows_by_prediction(
    predicted_N: np.ndarray, y_N: np.ndarray, a_N: np.ndarray, class_id: int, group: int
) -> dict[int, np.ndarray]:
    """Return the rows of the test images of a (class, group) cell by predicted class, in their order."""
    rows = np.flatnonzero((y_N == class_id) & (a_N == group))
    return {int(c): rows[predicted_N[rows] == c] for c in np.unique(predicted_N[rows])}
