"""Metrics: by hand, against fairlearn, and what undefined means."""

from __future__ import annotations

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairdd_core.analysis import metrics as m

# group 0: class 0 right 8 of 10, class 1 right 9 of 10; group 1: 4 of 10 and 9 of 10
HAND = np.array([[[[8, 2], [1, 9]], [[4, 6], [1, 9]]]])


def test_by_hand() -> None:
    assert m.recall_KGC(HAND).tolist() == [[[0.8, 0.9], [0.4, 0.9]]]
    assert m.gap_KC(HAND)[0] == pytest.approx([0.4, 0.0])
    assert m.METRICS["accuracy"].of(HAND) == pytest.approx(30 / 40)
    assert m.group_accuracy_KG(HAND)[0] == pytest.approx([17 / 20, 13 / 20])
    assert m.METRICS["worst_group_accuracy"].of(HAND) == pytest.approx(13 / 20)
    assert m.METRICS["deo_max"].of(HAND) == pytest.approx(0.4)
    assert m.METRICS["deo_mean"].of(HAND) == pytest.approx(0.2)
    assert m.METRICS["demographic_parity"].of(HAND) == pytest.approx(9 / 20 - 5 / 20)
    # P(Y=0 | said 0): 8/9 and 4/5; P(Y=1 | said 1): 9/11 and 9/15
    assert m.sufficiency_gap_KC(HAND)[0] == pytest.approx([8 / 9 - 4 / 5, 9 / 11 - 9 / 15])
    assert m.METRICS["sufficiency_gap"].of(HAND) == pytest.approx(9 / 11 - 9 / 15)


@given(arrays(np.int64, (1, 3, 2, 2), elements=st.integers(1, 30)))
@settings(deadline=None, max_examples=40)
def test_two_classes_agree_with_fairlearn(counts_KGCC: np.ndarray) -> None:
    groups, truth, predicted = (
        np.repeat(index.ravel(), counts_KGCC[0].ravel()) for index in np.indices((3, 2, 2))
    )
    eod = equalized_odds_difference(truth, predicted, sensitive_features=groups, agg="worst_case")
    assert m.METRICS["deo_max"].of(counts_KGCC)[0] == pytest.approx(eod)
    mean = equalized_odds_difference(truth, predicted, sensitive_features=groups, agg="mean")
    assert m.METRICS["deo_mean"].of(counts_KGCC)[0] == pytest.approx(mean)
    parity = demographic_parity_difference(truth, predicted, sensitive_features=groups)
    assert m.METRICS["demographic_parity"].of(counts_KGCC)[0] == pytest.approx(parity)


def test_an_empty_cell_is_undefined_and_does_not_open_a_gap() -> None:
    counts = HAND.copy()
    counts[0, 1, 0] = 0
    assert np.isnan(m.recall_KGC(counts)[0, 1, 0])
    assert np.isnan(m.gap_KC(counts)[0, 0]), "one group alone has no gap"
    assert m.METRICS["deo_max"].of(counts) == pytest.approx(0.0)


def test_nothing_defined_is_nan_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    empty = np.zeros((1, 2, 2, 2), np.int64)
    for name, metric in m.METRICS.items():
        assert np.isnan(metric.of(empty)).all(), name
    assert not recwarn.list


@pytest.mark.parametrize("name", m.METRICS)
@given(counts=arrays(np.int64, (2, 3, 4, 4), elements=st.integers(0, 9)))
@settings(deadline=None, max_examples=25)
def test_every_metric_is_a_rate_and_blind_to_the_order_of_groups(name: str, counts: np.ndarray) -> None:
    values = m.METRICS[name].of(counts)
    assert values.shape == (2,)
    assert ((values >= 0) & (values <= 1) | np.isnan(values)).all()
    assert np.allclose(values, m.METRICS[name].of(counts[:, ::-1]), equal_nan=True)
