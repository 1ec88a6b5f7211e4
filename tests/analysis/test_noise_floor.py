"""The gap that chance alone opens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.noise_floor import NoiseFloor, dealt, noise_floors


def noise_floor(counts_KGCC: np.ndarray, name: str, seed: int = 0, deals: int = 200) -> NoiseFloor:
    return noise_floors(counts_KGCC, {name: METRICS[name]}, np.random.default_rng(seed), deals)[name]


def fair(recall: float, groups: int, images: int, classes: int = 10, seed: int = 0) -> np.ndarray:
    """Return counts (1, G, C, C) of a classifier that treats all groups alike."""
    share_CC = np.full((classes, classes), (1 - recall) / (classes - 1))
    np.fill_diagonal(share_CC, recall)
    draw = np.random.default_rng(seed).multinomial(images, share_CC, size=(groups, classes))
    return draw[None]


@given(
    arrays(np.int64, (3, 4, 4), elements=st.integers(0, 9)),
    st.integers(0, 2**31 - 1),
)
@settings(deadline=None, max_examples=50)
def test_dealing_keeps_cell_sizes_and_predictions(counts_GCC: np.ndarray, seed: int) -> None:
    deals = dealt(counts_GCC, 5, np.random.default_rng(seed))
    assert (deals >= 0).all()
    assert (deals.sum(axis=-1) == counts_GCC.sum(axis=-1)).all()
    assert (deals.sum(axis=1) == counts_GCC.sum(axis=0)).all()


def test_the_floor_of_published_settings() -> None:
    """At 94.1 % and 89 to 114 images a cell, simulations elsewhere gave DEO_A 6.9-7.2 and DEO_M 10.3-11.4."""
    counts = fair(0.941, groups=10, images=100)
    mean = noise_floor(counts, "deo_mean", 0)
    largest = noise_floor(counts, "deo_max", 0)
    assert mean.mean == pytest.approx(0.0705, abs=0.005)
    assert mean.std == pytest.approx(0.0065, abs=0.001)
    assert largest.mean == pytest.approx(0.108, abs=0.01)


def test_a_gap_of_equal_groups_lies_at_its_floor() -> None:
    floors, observed = [], []
    for seed in range(40):
        counts = fair(0.8, groups=4, images=30, seed=seed)
        floors.append(noise_floor(counts, "deo_mean", seed, deals=50).mean)
        observed.append(METRICS["deo_mean"].of(counts)[0])
    assert np.mean(observed) == pytest.approx(np.mean(floors), abs=0.01)


def test_two_images_by_hand() -> None:
    """One hit and one miss, an image per group: whoever gets the hit, the gap is 1."""
    counts = np.array([[[[1, 0], [0, 0]], [[0, 1], [0, 0]]]])
    assert noise_floor(counts, "deo_max", 0).mean == 1
    assert noise_floor(counts, "deo_max", 0).std == 0


def test_perfect_or_undefined_has_no_noise() -> None:
    perfect = np.zeros((1, 3, 2, 2), np.int64)
    perfect[..., [0, 1], [0, 1]] = 10
    assert noise_floor(perfect, "deo_max", 0).mean == 0
    assert np.isnan(noise_floor(np.zeros_like(perfect), "deo_max", 0).mean)
