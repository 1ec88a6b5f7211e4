from __future__ import annotations

import numpy as np
import pytest

from fairdd_core.data.distilled.values import NORMALISATIONS, parse_normalisation, understand
from fairdd_core.data.grouped import Normalisation
from fairdd_core.errors import UserError
from tests.data.distilled.files import levels


def levels_of(x_NCHW: np.ndarray, norm: Normalisation) -> np.ndarray:
    mean_C, std_C = (np.array(values)[None, :, None, None] for values in (norm.mean_C, norm.std_C))
    return x_NCHW * std_C + mean_C


@pytest.mark.parametrize("name", ["half", "mnist", "fashion-mnist", "cifar10", "svhn"])
def test_a_published_normalisation_is_recognised_by_the_levels_that_it_gives(name: str) -> None:
    norm = NORMALISATIONS[name]
    stored = (levels(50) - levels_of(np.zeros((1, 3, 1, 1)), norm)) / np.array(norm.std_C)[:, None, None]
    understood = understand(stored.astype(np.float32))
    assert np.abs(levels_of(stored, understood.normalisation) - levels(50)).max() < 0.13
    assert "normalised by" in understood.statement
    exact = understand(stored, usual=name)
    assert exact.normalisation == norm
    assert name in exact.statement


def test_normalisations_that_fit_about_as_well_are_named() -> None:
    norm = NORMALISATIONS["cifar10"]
    stored = (levels() - levels_of(np.zeros((1, 3, 1, 1)), norm)) / np.array(norm.std_C)[:, None, None]
    assert "svhn" in understand(stored, usual="cifar10").statement


@pytest.mark.parametrize(
    ("stored", "scale", "words"),
    [
        ((levels() * 255).astype(np.uint8), 1 / 255, "bytes"),
        (levels() * 255, 1 / 255, "bytes"),
        (levels(), 1.0, "shares of one"),
        ((levels() > 0.5).astype(np.int64), 1 / 255, "bytes"),
    ],
)
def test_bytes_and_shares_of_one_are_told_apart(stored: np.ndarray, scale: float, words: str) -> None:
    understood = understand(stored)
    assert understood.normalisation.std_C == (scale,) * 3
    assert understood.normalisation.mean_C == (0.0,) * 3
    assert words in understood.statement


def test_what_is_given_and_then_what_the_file_states_goes_before_a_guess() -> None:
    stated = Normalisation((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert understand(levels(), stated=stated).normalisation == stated
    assert understand(levels(), stated=stated, value_range="unit").normalisation.std_C == (1.0,) * 3
    assert understand(levels(), normalisation="mnist").normalisation == NORMALISATIONS["mnist"]
    given = understand(levels(), stated=stated, normalisation="0.1,0.2,0.3/2").normalisation
    assert given == Normalisation((0.1, 0.2, 0.3), (2.0, 2.0, 2.0))


@pytest.mark.parametrize("text", ["mnits", "0.5/", "0.5/0", "1,2/1", "0.5/-1", "nan/1", "1/nan"])
def test_an_unknown_normalisation_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="normalisation"):
        parse_normalisation(text)


def test_numbers_that_cannot_be_images_are_refused() -> None:
    broken = levels()
    broken[0, 0, 0, 0] = np.nan
    with pytest.raises(UserError, match="diverged"):
        understand(broken)
    with pytest.raises(UserError, match="all 1"):
        understand(np.ones((2, 3, 4, 4)))
    with pytest.raises(UserError, match="range"):
        understand(levels() * 255, value_range="unit")
