"""Confidence intervals of a single result."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from fairdd_core.analysis.intervals import wilson


def test_wilson_has_width_at_the_ends_and_is_undefined_without_images() -> None:
    low, high = wilson(np.array([0.0, 1.0, 0.5, np.nan]), np.array([50, 50, 0, 10]))
    assert low[0] == 0 < high[0] < 0.1
    assert 0.9 < low[1] < high[1] == 1
    assert np.isnan(low[2:]).all()
    # The bound that R gives for 15 of 50 without continuity correction.
    assert wilson(np.array([0.3]), np.array([50]))[0][0] == pytest.approx(0.1910, abs=1e-3)


@pytest.mark.parametrize("n", [1, 7, 500])
def test_wilson_agrees_with_scipy(n: int) -> None:
    hits = np.unique(np.linspace(0, n, 8).astype(int))
    expected = [binomtest(int(k), n).proportion_ci(method="wilson") for k in hits]
    np.testing.assert_allclose(np.transpose(wilson(hits / n, np.full(len(hits), n))), expected, atol=1e-12)
