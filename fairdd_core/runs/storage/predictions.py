"""The predictions of a run for its test images, as the analysis needs them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from fairdd_core.analysis.sampling import Cells, Sample, crossed_samples, is_crossed
from fairdd_core.data.registry import DATASETS, crossed_test, load
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.runs.storage.folder import RunFolder


def arm_samples(folder: RunFolder, arm: str, architecture: str = "") -> Sequence[Sample]:
    """Return the test of every network of an arm.

    Where every test picture is shown in every group, it is made of the predictions for each picture, if the
    run kept them. An older run did not keep which picture is which; they are known for data without files.

    Args:
        folder: of the run.
        arm: an arm or baseline that has counts.
        architecture: one of the evaluation's others; empty for its own.
    """
    counts_KGCC, labels = folder.counts(architecture)[arm], test_labels(folder)
    if labels is None:
        independent = not crossed_test(folder.spec().data)
        return [Cells(counts_GCC, independent) for counts_GCC in counts_KGCC]
    y_N, a_N = labels
    if not is_crossed(y_N, a_N, counts_KGCC.shape[1]):
        return [Cells(counts_GCC) for counts_GCC in counts_KGCC]
    try:
        predicted = folder.answers(architecture)[arm]
        predicted_KN = np.stack([predicted[k] for k in range(len(counts_KGCC))])
        return crossed_samples(counts_KGCC, predicted_KN, y_N)
    except (KeyError, ValueError, DamagedFile):  # not all were kept, or the data has changed
        return [Cells(counts_GCC, independent=False) for counts_GCC in counts_KGCC]


def test_labels(folder: RunFolder) -> tuple[np.ndarray, np.ndarray] | None:
    """Return class and group of every test image, or None where they are unknown."""
    with suppress(DamagedFile):
        if labels := folder.test_labels():
            return labels
    spec = folder.spec()
    card = DATASETS.get(spec.data.dataset)
    if card is None or card.files or not folder.answers_file.exists():
        return None
    try:
        test = load(spec.data, spec.seed, Path()).test
    except UserError:  # settings of an earlier version
        return None
    return test.y_N, test.a_N
