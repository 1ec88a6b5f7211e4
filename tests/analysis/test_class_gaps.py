"""The gap of every class, and what a gap leaves out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairdd_core.analysis.class_gaps import class_gap_table, defined_text
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.sampling import Cells


def table(counts_KGCC: np.ndarray, *names: str) -> pd.DataFrame:
    samples = {"cobra": [Cells(counts_GCC) for counts_GCC in counts_KGCC]}
    return class_gap_table(samples, names, 400, lambda arm: np.random.default_rng(0)).set_index("class")


def test_gaps_average_to_deo_and_stand_in_their_intervals() -> None:
    counts_KGCC = np.array([[[[90, 10], [20, 80]], [[50, 50], [22, 78]]], [[[80, 20], [20, 80]]] * 2])
    found = table(counts_KGCC, "cat", "dog")
    assert list(found["gap"]) == pytest.approx([0.2, 0.01])
    assert found["gap"].mean() == pytest.approx(METRICS["deo_mean"].of(counts_KGCC).mean())
    assert ((found["low"] <= found["gap"]) & (found["gap"] <= found["high"])).all()
    assert list(found["excess"]) == pytest.approx(list(found["gap"] - found["floor"]))
    assert list(found["n"]) == [100, 100]
    assert list(found["networks"]) == [2, 2]


def test_the_floor_of_a_class_is_the_expected_range_of_two_equal_rates() -> None:
    n, rate = 100, 0.8
    cell = [round(rate * n), n - round(rate * n)]
    found = table(np.array([[[cell, cell[::-1]]] * 2]), "cat", "dog")
    # |p1 - p2| of two draws from one urn: normal, with the variance of sampling without replacement.
    std = np.sqrt(rate * (1 - rate) * 2 * n / (2 * n - 1) * (1 / n + 1 / n))
    assert found.loc["cat", "floor"] == pytest.approx(std * np.sqrt(2 / np.pi), rel=0.15)


def test_a_class_in_one_group_has_no_gap_and_says_so() -> None:
    counts_KGCC = np.array([[[[9, 1], [2, 8]], [[5, 5], [0, 0]]]])
    found = table(counts_KGCC, "cat", "dog")
    assert np.isnan(found.loc["dog", ["gap", "low", "high", "floor"]].astype(float)).all()
    assert found.loc["dog", "groups"] == 1
    assert found.loc["cat", "groups"] == 2
    assert defined_text(counts_KGCC, METRICS["deo_max"]) == "over 1 of 2 classes, 3 of 4 recalls defined"


def test_few_images_give_no_interval() -> None:
    found = table(np.array([[[[3, 1], [2, 18]], [[1, 3], [4, 16]]]]), "cat", "dog")
    assert np.isnan(found.loc["cat", "low"])
    assert np.isfinite(found.loc["dog", "low"])


def test_precisions_of_classes_that_are_never_predicted_are_counted() -> None:
    counts_KGCC = np.array([[[[10, 0], [10, 0]], [[8, 2], [1, 9]]]])
    text = defined_text(counts_KGCC, METRICS["sufficiency_gap_mean"])
    assert text == "over 1 of 2 classes, 3 of 4 precisions defined"
    assert defined_text(counts_KGCC, METRICS["deo_mean"]) == ""
