"""What is behind a gap: what the test images of its groups were taken for, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fairdd_core.analysis.metrics import count
from fairdd_core.data.card import Labels


def answers_table(
    counts_GCC: np.ndarray, class_id: int, group: int, class_names: Sequence[str]
) -> pd.DataFrame:
    """Return what one network took the test images of a (class, group) cell for.

    Columns: ``taken for``, ``right`` (bool), ``images``, ``n`` (images of the cell), ``share`` (in [0, 1]),
    ``class_id`` (of the answer). Wrong answers first, the most frequent ahead; answers that never came are
    left out, so that an empty cell has no rows.

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
            "taken for": [class_names[c] for c in order],
            "right": [c == class_id for c in order],
            "images": [int(images_C[c]) for c in order],
            "n": n,
            "share": [images_C[c] / n for c in order],
            "class_id": order,
        }
    )


def agrees(predicted_N: np.ndarray, y_N: np.ndarray, a_N: np.ndarray, counts_GCC: np.ndarray) -> bool:
    """Return whether the answers, on these test images, are those that were counted.

    Args:
        predicted_N: class that each test image was taken for.
        y_N: class of the test images that are at hand.
        a_N: their group.
        counts_GCC: what the run counted (group, true class, predicted class).
    """
    groups, classes, _ = counts_GCC.shape
    if len(predicted_N) != len(y_N) or y_N.max() >= classes or a_N.max() >= groups:
        return False
    if predicted_N.min() < 0 or predicted_N.max() >= classes:
        return False
    return bool(np.array_equal(count(predicted_N, y_N, a_N, (groups, classes)), counts_GCC))


def majority_words(
    counts_CG: np.ndarray, answers_N: np.ndarray, class_id: int, group: int, labels: Labels
) -> str:
    """Say how many wrong answers name a class of which the images' group is the majority.

    Args:
        counts_CG: training images of every class and group.
        answers_N: what the group's test images of the class were taken for.
        class_id: their true class.
        group: their group.
        labels: names of both.

    Returns:
        A sentence; empty where there is no such answer.
    """
    largest_C1 = counts_CG.max(axis=1, keepdims=True)
    alone_C = (counts_CG == largest_C1).sum(axis=1) == 1
    owned_C = alone_C & (counts_CG[:, group] == largest_C1[:, 0])
    wrong_N = answers_N[answers_N != class_id]
    named_N = wrong_N[owned_C[wrong_N]]
    if not len(named_N):
        return ""
    names, group_name = [labels.classes[c] for c in np.unique(named_N)], labels.groups[group]
    which = f"class {names[0]}" if len(names) == 1 else f"one of the classes {', '.join(names)}"
    return (
        f"{len(named_N)} of the {len(wrong_N)} wrong answers to {group_name} images name {which}: most of "
        f"its training images are {group_name}."
    )


def rows_by_answer(
    predicted_N: np.ndarray, y_N: np.ndarray, a_N: np.ndarray, class_id: int, group: int
) -> dict[int, np.ndarray]:
    """Return the rows of a cell's test images by the class that they were taken for, in their order."""
    rows = np.flatnonzero((y_N == class_id) & (a_N == group))
    return {int(c): rows[predicted_N[rows] == c] for c in np.unique(predicted_N[rows])}


def nearest_pixels(x_QCHW: np.ndarray, x_MCHW: np.ndarray, ranks: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return the synthetic images whose pixels are nearest to those of test images, nearest first.

    Args:
        x_QCHW: uint8 test images.
        x_MCHW: uint8 synthetic images; there may be fewer than ``ranks``.
        ranks: R, how many of each.

    Returns:
        Places among the synthetic images, (Q, R), -1 where there are too few, and the root mean squared
        differences of a pixel's level in [0, 1], (Q, R), then NaN.
    """
    query_QD, pool_MD = (x.reshape(len(x), -1).astype(np.float32) / 255 for x in (x_QCHW, x_MCHW))
    squared_QM = (query_QD**2).sum(1)[:, None] - 2 * query_QD @ pool_MD.T + (pool_MD**2).sum(1)
    found = min(ranks, len(pool_MD))
    place_QR = np.full((len(query_QD), ranks), -1)
    distance_QR = np.full((len(query_QD), ranks), np.nan)
    place_QR[:, :found] = np.argsort(squared_QM, axis=1, kind="stable")[:, :found]
    nearest_QR = np.take_along_axis(squared_QM, place_QR[:, :found], axis=1)
    distance_QR[:, :found] = np.sqrt(np.maximum(nearest_QR, 0) / query_QD.shape[1])
    return place_QR, distance_QR


def nearest_table(
    nearest: Mapping[str, tuple[np.ndarray, np.ndarray]],
    rows: Mapping[str, np.ndarray],
    class_id: int,
    class_names: Sequence[str],
) -> pd.DataFrame:
    """Return how often the nearest synthetic image of a group's test images is of their own class.

    Columns: ``arm``, ``group``, ``own class`` (images whose nearest synthetic image is of it), ``n``,
    ``share``, ``else mostly`` (the class of the nearest one of most of the others), ``of them`` and
    ``median distance`` (to the nearest one).

    Args:
        nearest: arm -> class of the nearest synthetic image of some test images, (Q,), -1 for none, and the
            distance to it, (Q,).
        rows: group -> which of them are its images of the class.
        class_id: the class.
        class_names: in index order.
    """
    found = []
    for arm, (class_N, distance_N) in nearest.items():
        for group, rows_N in rows.items():
            known = rows_N[class_N[rows_N] >= 0]
            own = int((class_N[known] == class_id).sum())
            others_C = np.bincount(class_N[known], minlength=len(class_names))
            others_C[class_id] = 0
            most = int(others_C.argmax())
            found.append(
                {
                    "arm": arm,
                    "group": group,
                    "own class": own,
                    "n": len(known),
                    "share": own / len(known) if len(known) else np.nan,
                    "else mostly": class_names[most] if others_C[most] else "",
                    "of them": int(others_C[most]),
                    "median distance": float(np.median(distance_N[known])) if len(known) else np.nan,
                }
            )
    return pd.DataFrame(found)
