"""Tests drawn again: expectations, and which tests count as crossed."""

from __future__ import annotations

import numpy as np
import pytest

from fairdd_core.analysis.sampling import Cells, Pictures, crossed_samples, is_crossed, smoothed

Y_P = np.repeat(np.arange(3), (40, 60, 20))
PREDICTED_PG = np.random.default_rng(0).integers(0, 3, (120, 2))


@pytest.mark.parametrize("alike", [False, True])
def test_pictures_drawn_again_have_the_smoothed_shares_of_cells(alike: bool) -> None:
    predicted_PG = PREDICTED_PG[:, [0, 0]] if alike else PREDICTED_PG
    sample = Pictures(predicted_PG, Y_P, 3)
    n_GC1 = sample.counts_GCC.sum(axis=-1, keepdims=True)
    draws = np.concatenate(list(sample.resampled(4000, np.random.default_rng(1))))
    assert (draws.sum(axis=-1, keepdims=True) == n_GC1).all()
    np.testing.assert_allclose(draws.mean(axis=0), smoothed(sample.counts_GCC) * n_GC1, atol=0.25)
    cells = np.concatenate(list(Cells(sample.counts_GCC).resampled(4000, np.random.default_rng(1))))
    np.testing.assert_allclose(draws.std(axis=0), cells.std(axis=0), rtol=0.08)
    if alike:
        assert (draws[:, 0] == draws[:, 1]).all()


def test_a_class_without_pictures_stays_empty() -> None:
    sample = Pictures(PREDICTED_PG, np.zeros(120, int), 3)
    (draws,) = sample.resampled(5, np.random.default_rng(0))
    assert draws[:, :, 1:].sum() == 0


def test_which_tests_are_crossed() -> None:
    y_N, a_N = np.repeat(Y_P, 2), np.tile([0, 1], len(Y_P))
    assert is_crossed(y_N, a_N, 2)
    assert not is_crossed(y_N, a_N, 3)
    assert not is_crossed(y_N, a_N[::-1], 2)
    assert not is_crossed(np.roll(y_N, 1), a_N, 2)
    assert not is_crossed(y_N[:-1], a_N[:-1], 2)
    assert not is_crossed(Y_P, np.zeros_like(Y_P), 1)


def test_predictions_must_give_the_counts() -> None:
    counts_KGCC = Pictures(PREDICTED_PG, Y_P, 3).counts_GCC[None]
    predicted_KN, y_N = PREDICTED_PG.reshape(1, -1).astype(np.int16), np.repeat(Y_P, 2)
    (sample,) = crossed_samples(counts_KGCC, predicted_KN, y_N)
    assert (sample.predicted_PG == PREDICTED_PG).all()
    with pytest.raises(ValueError, match="do not give the counts"):
        crossed_samples(counts_KGCC, np.roll(predicted_KN, 1, axis=1), y_N)
    with pytest.raises(ValueError, match="another number"):
        crossed_samples(counts_KGCC, predicted_KN[:, :-2], y_N)
