"""The gap of every class, and the groups at its ends."""

from __future__ import annotations

import numpy as np
import pytest

from fairdd_core.analysis.gaps import gap_table, gaps, largest_gap
from fairdd_core.analysis.metrics import METRICS

CLASSES, GROUPS = ("cat", "dog", "emu"), ("red", "blue")


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
    assert cat.describe(CLASSES, GROUPS) == "class cat, 90% for red against 10% for blue"
    assert dog is not None
    assert dog.describe(CLASSES, GROUPS) == "class dog, 80% for every group"
    assert emu is None, "one group alone has no gap, and not one of zero"
    assert largest_gap(counts) == cat
    assert largest_gap(counts[:, :1]) is None


def test_groups_that_tie_are_counted() -> None:
    counts_KGCC = np.zeros((1, 5, 2, 2), np.int64)
    counts_KGCC[0, :, 0] = [[9, 1], [0, 10], [0, 10], [9, 1], [0, 10]]
    (gap, _) = gaps(counts_KGCC)
    assert gap is not None
    names = ["red", "blue", "pink", "grey", "teal"]
    assert gap.describe(CLASSES, names) == "class cat, 90% for red and 1 more against 0% for blue and 2 more"


def test_means_that_are_added_up_in_another_order_tie() -> None:
    counts_KGCC = np.zeros((3, 3, 1, 2), np.int64)
    for k, hits in enumerate([(9, 7, 1), (8, 8, 1), (7, 9, 1)]):
        counts_KGCC[k, :, 0] = [[n, 10 - n] for n in hits]
    (gap,) = gaps(counts_KGCC)
    assert gap is not None
    assert (gap.also_best, gap.also_worst) == (1, 0)
    (equal,) = gaps(counts_KGCC[:, :2])
    assert equal is not None
    assert equal.alike


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
    assert opposite.describe(CLASSES, GROUPS) == "class cat, 70% for every group on average"
    assert equal.describe(CLASSES, GROUPS) == "class dog, 50% for every group"


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
