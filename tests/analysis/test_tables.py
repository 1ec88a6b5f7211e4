"""The tables behind the figures."""

import numpy as np
import pytest

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.tables import (
    architecture_table,
    confusion_table,
    counts_table,
    group_table,
    network_table,
    recall_table,
)

CLASSES, GROUPS = ("cat", "dog"), ("red", "blue", "grey")


@pytest.fixture
def counts() -> np.ndarray:
    """Two networks, three groups, two classes; the grey group has no dogs at all."""
    counts_KGCC = np.zeros((2, 3, 2, 2), np.int64)
    counts_KGCC[:, 0] = [[9, 1], [2, 8]]
    counts_KGCC[:, 1] = [[5, 5], [0, 10]]
    counts_KGCC[:, 2] = [[10, 0], [0, 0]]
    return counts_KGCC


def test_counts_table_gives_shares_within_the_class() -> None:
    table = counts_table(np.array([[3, 1, 0], [0, 0, 0]]), CLASSES, GROUPS)
    assert table["images"].tolist() == [3, 1, 0, 0, 0, 0]
    assert table["share"].tolist()[:3] == [0.75, 0.25, 0.0]
    assert table["share"][3:].isna().all(), "a class without images has no shares"


def test_recall_of_an_empty_cell_is_undefined(counts: np.ndarray) -> None:
    table = recall_table({"vanilla": counts}, CLASSES, GROUPS).set_index(["class", "group"])
    assert table.loc[("cat", "red"), "recall"] == pytest.approx(0.9)
    assert np.isnan(table.loc[("dog", "grey"), "recall"])
    assert np.isnan(table.loc[("dog", "grey"), "low"])
    assert table.loc[("dog", "grey"), "n"] == 0


def test_gaps_of_the_table_average_to_deo(counts: np.ndarray) -> None:
    table = recall_table({"vanilla": counts}, CLASSES, GROUPS)
    gaps = table.groupby("class")["gap"].first()
    assert gaps.mean() == pytest.approx(METRICS["deo_mean"].of(counts).mean())


def test_group_table_has_an_interval_around_every_accuracy(counts: np.ndarray) -> None:
    table = group_table({"a": counts, "b": counts}, GROUPS)
    assert len(table) == 6
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).all()
    assert table["n"].tolist()[:3] == [20, 20, 10]


def test_network_table_has_every_metric(counts: np.ndarray) -> None:
    table = network_table({"a": counts})
    assert len(table) == 2
    assert set(METRICS) <= set(table.columns)


def test_confusion_of_one_group_and_of_all(counts: np.ndarray) -> None:
    one = confusion_table(counts, 2, CLASSES)
    assert one["answers"].tolist() == [20, 0, 0, 0]
    assert one["share"].isna().tolist() == [False, False, True, True]
    assert confusion_table(counts, None, CLASSES)["answers"].sum() == counts.sum()


GOOD, BAD = np.array([[[9, 1], [1, 9]]] * 2), np.array([[[9, 1], [1, 9]], [[1, 9], [9, 1]]])
ARCHITECTURES = {
    "ConvNet": {"vanilla": np.stack([BAD, GOOD]), "full-data": GOOD[None]},
    "MLP": {"vanilla": BAD[None]},
    "VGG11": {},
}


def test_means_over_the_networks_of_every_architecture() -> None:
    table = architecture_table(ARCHITECTURES).set_index(["architecture", "arm"])
    assert list(table.index) == [("ConvNet", "vanilla"), ("ConvNet", "full-data"), ("MLP", "vanilla")]
    assert table["networks"].tolist() == [2, 1, 1]
    assert table["accuracy"].tolist() == pytest.approx([0.7, 0.9, 0.5])
    assert table["deo_mean"].tolist() == pytest.approx([0.4, 0.0, 0.8])
