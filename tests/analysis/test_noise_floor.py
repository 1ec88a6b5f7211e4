"""The gap that chance alone opens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairdd_core.analysis.metrics import GAPS, METRICS
from fairdd_core.analysis.noise_floor import NoiseFloor, noise_floors
from fairdd_core.analysis.sampling import Cells, Pictures


def noise_floor(counts_KGCC: np.ndarray, name: str, seed: int = 0, deals: int = 200) -> NoiseFloor:
    samples = [Cells(counts_GCC) for counts_GCC in counts_KGCC]
    return noise_floors(samples, {name: METRICS[name]}, np.random.default_rng(seed), deals)[name]


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
    deals = Cells(counts_GCC).dealt(5, np.random.default_rng(seed))
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


# Tests that show every picture in every group


@given(
    arrays(np.int64, (6, 3), elements=st.integers(0, 3)),
    st.integers(0, 2**31 - 1),
)
@settings(deadline=None, max_examples=50)
def test_dealing_keeps_the_predictions_of_every_picture(predicted_PG: np.ndarray, seed: int) -> None:
    sample = Pictures(predicted_PG, np.array([0, 0, 1, 2, 3, 3]), 4)
    deals = sample.dealt(5, np.random.default_rng(seed))
    assert (deals >= 0).all()
    assert (deals.sum(axis=1) == sample.counts_GCC.sum(axis=0)).all()
    assert (deals.sum(axis=-1) == sample.counts_GCC.sum(axis=-1)).all()


def test_identical_copies_have_no_floor() -> None:
    y_P = np.arange(40) % 4
    copies = Pictures(np.repeat((y_P // 2)[:, None], 3, axis=1), y_P, 4)
    assert noise_floors([copies], METRICS, np.random.default_rng(0))["deo_max"] == NoiseFloor(0, 0)


def test_one_picture_by_hand() -> None:
    """It is right in one of two groups: whoever gets the hit, the gap is 1; a second one, 1 or 0."""
    one = Pictures(np.array([[0, 1]]), np.array([0]), 2)
    two = Pictures(np.array([[0, 1], [1, 0]]), np.array([0, 0]), 2)
    floors = [
        noise_floors([s], {"gap": METRICS["deo_max"]}, np.random.default_rng(0), 2000) for s in (one, two)
    ]
    assert floors[0]["gap"] == NoiseFloor(1, 0)
    assert floors[1]["gap"].mean == pytest.approx(0.5, abs=0.04)
    assert floors[1]["gap"].std == pytest.approx(0.5, abs=0.01)


def test_where_predictions_do_not_depend_on_the_picture_the_floor_is_that_of_cells() -> None:
    rng = np.random.default_rng(1)
    y_P = np.repeat(np.arange(5), 200)
    right_PG = rng.random((len(y_P), 6)) < 0.8
    sample = Pictures(np.where(right_PG, y_P[:, None], (y_P[:, None] + 1) % 5), y_P, 5)
    metric = {"gap": METRICS["deo_mean"]}
    of_pictures = noise_floors([sample], metric, np.random.default_rng(0))["gap"]
    of_cells = noise_floors([Cells(sample.counts_GCC)], metric, np.random.default_rng(0))["gap"]
    assert of_pictures.mean == pytest.approx(of_cells.mean, abs=0.004)
    assert METRICS["deo_mean"].of(sample.counts_GCC) == pytest.approx(
        of_pictures.mean, abs=3 * of_pictures.std
    )


def test_shared_difficulty_lowers_the_floor() -> None:
    """Nine in ten pictures are answered alike in every group: only the tenth can open a gap."""
    rng = np.random.default_rng(2)
    y_P = np.zeros(1000, int)
    own_PG = rng.random((1000, 4))
    difficulty_PG = np.where(rng.random((1000, 1)) < 0.9, own_PG[:, :1], own_PG)
    sample = Pictures((difficulty_PG > 0.8).astype(int), y_P, 2)
    floors = [
        noise_floors([s], {"gap": METRICS["deo_max"]}, np.random.default_rng(0))["gap"].mean
        for s in (sample, Cells(sample.counts_GCC))
    ]
    assert floors[0] == pytest.approx(floors[1] * np.sqrt(0.1), rel=0.15)


def test_without_the_predictions_of_a_crossed_test_there_is_no_floor() -> None:
    unknown = Cells(fair(0.8, groups=3, images=10)[0], independent=False)
    assert noise_floors([unknown], METRICS, np.random.default_rng(0)) == {}


def test_gaps_of_base_rates_have_no_floor() -> None:
    """Equal recalls; four in five images of one group are of the first class, one in five of the other."""
    counts_GCC = np.array([[[72, 8], [2, 18]], [[18, 2], [8, 72]]])
    floors = noise_floors([Cells(counts_GCC)], GAPS, np.random.default_rng(0))
    assert set(floors) == {"deo_mean", "deo_max"}
    balanced = np.array([[[45, 5], [5, 45]], [[45, 5], [5, 45]]])
    assert set(noise_floors([Cells(balanced)], GAPS, np.random.default_rng(0))) == set(GAPS)
