"""The predictions of two arms, of one run or two, for the same test images."""

from __future__ import annotations

import numpy as np

from fairdd_core.analysis.pairs import Pair
from fairdd_core.evaluate.counts import agrees
from fairdd_core.files import DamagedFile
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.predictions import test_labels

Arm = tuple[RunFolder, str]


def arm_pairs(one: Arm, other: Arm, architecture: str = "") -> list[Pair]:
    """Return the predictions of network k of both arms, for every k that both have.

    Args:
        one: the folder of a run, and an arm or baseline that has counts.
        other: likewise; a run with the same test images (see ``config.differences.same_test``).
        architecture: one of the evaluation's others; empty for its own.

    Returns:
        Nothing where a run did not keep its predictions, or they do not give its counts.
    """
    labels = test_labels(one[0])
    if labels is None:
        return []
    y_N, a_N = (np.asarray(part, np.int64) for part in labels)
    try:
        (first, counts_KGCC), (second, _) = (
            _checked(folder, arm, architecture, y_N, a_N) for folder, arm in (one, other)
        )
    except (KeyError, DamagedFile):
        return []
    groups, classes = counts_KGCC.shape[1:3]
    return [
        Pair(one_N, other_N, y_N, a_N, groups, classes) for one_N, other_N in zip(first, second, strict=False)
    ]


def _checked(
    folder: RunFolder, arm: str, architecture: str, y_N: np.ndarray, a_N: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return predictions and counts of every network of an arm.

    Raises:
        KeyError: predictions that are missing, or those of other test images.
        DamagedFile: a file that cannot be read.
    """
    counts_KGCC, answers = folder.counts(architecture)[arm], folder.answers(architecture)[arm]
    predicted = [answers[k].astype(np.int64) for k in range(len(counts_KGCC))]
    if not all(agrees(row_N, y_N, a_N, c) for row_N, c in zip(predicted, counts_KGCC, strict=True)):
        raise KeyError(arm)
    return predicted, counts_KGCC
