"""Wrong and missing group labels: exact shares, growth, and a test set that keeps the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.bias.label_noise import known_groups, noisy_groups, with_conditions
from fairdd_core.data.grouped import Split
from fairdd_core.data.registry import load
from fairdd_core.errors import UserError
from tests.helpers import toy_dataset

SEEDS = st.integers(0, 2**31 - 1)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(SEEDS, st.integers(2, 10), st.integers(1, 400), st.floats(0, 0.5))
@settings(deadline=None, max_examples=60)
def test_exactly_the_share_is_replaced_by_another_group(seed: int, groups: int, n: int, share: float) -> None:
    a_N = rng(seed + 1).integers(0, groups, n)
    before = a_N.copy()
    noisy_N = noisy_groups(a_N, groups, share, rng(seed))
    assert (noisy_N != a_N).sum() == round(share * n)
    assert noisy_N.min() >= 0
    assert noisy_N.max() < groups
    assert (a_N == before).all(), "pure"
    assert (noisy_N == noisy_groups(a_N, groups, share, rng(seed))).all(), "the generator decides"
    assert (noisy_groups(a_N, groups, 0.0, rng(seed)) == a_N).all()


@given(SEEDS, st.floats(0, 0.5), st.floats(0, 0.5))
@settings(deadline=None, max_examples=30)
def test_more_noise_adds_to_less(seed: int, one: float, other: float) -> None:
    a_N = np.arange(300) % 5
    little, much = (noisy_groups(a_N, 5, share, rng(seed)) for share in sorted((one, other)))
    changed = little != a_N
    assert (much[changed] == little[changed]).all()


def test_the_other_groups_are_equally_likely() -> None:
    noisy_N = noisy_groups(np.zeros(90_000, np.int64), 10, 0.5, rng(0))
    counts_G = np.bincount(noisy_N, minlength=10)
    assert counts_G[0] == 45_000
    assert counts_G[1:] == pytest.approx(5000, abs=5 * 5000**0.5)


@given(SEEDS, st.integers(1, 400), st.floats(0.05, 1), st.floats(0.05, 1))
@settings(deadline=None, max_examples=60)
def test_exactly_the_share_is_known_and_more_knows_more(seed: int, n: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    few_N, many_N = (known_groups(n, share, rng(seed)) for share in (low, high))
    assert few_N.sum() == round(low * n)
    assert many_N[few_N].all()
    assert known_groups(n, 1.0, rng(seed)).all()


@given(SEEDS, st.floats(0, 0.5), st.floats(0.3, 1))
@settings(deadline=None, max_examples=20)
def test_only_the_training_set_s_groups_change(seed: int, noise: float, known: float) -> None:
    split = Split(toy_dataset(per_cell=(30, 10)), toy_dataset(seed=1))
    spec = DataSpec(label_noise=noise, known_share=known)
    done, same = (with_conditions(split, spec, seed) for _ in range(2))
    train = done.train
    assert done.test is split.test
    assert (train.a_N == same.train.a_N).all()
    assert (train.x_NCHW == split.train.x_NCHW).all()
    assert (train.y_N == split.train.y_N).all()
    assert (train.a_N != split.train.a_N).sum() == round(noise * 120)
    assert train.counts_CG().sum() == round(known * 120)
    with_unknown = train.counts_CG(unknown=True)
    assert with_unknown.shape == (3, train.columns)
    assert (with_unknown.sum(axis=1) == 40).all(), "an image of unknown group is still there"


def test_neither_condition_is_no_change() -> None:
    split = Split(toy_dataset(), toy_dataset(seed=1))
    done = with_conditions(split, DataSpec(), 0)
    assert done.train is split.train
    assert done.train.columns == 2
    assert not done.train.has_unknown
    assert (done.train.counts_CG(unknown=True) == [[12, 3]] * 3).all()


def test_the_two_conditions_do_not_disturb_each_other() -> None:
    def train(**conditions: float) -> np.ndarray:
        spec = DataSpec(groups=4, skew=0.7, **conditions)
        return load(spec, 3, Path()).train.column_N

    clean, noisy, hidden, both = (
        train(),
        train(label_noise=0.2),
        train(known_share=0.5),
        train(label_noise=0.2, known_share=0.5),
    )
    assert (both[hidden == 4] == 4).all()
    assert (both[hidden != 4] == noisy[hidden != 4]).all()
    assert (noisy != clean).mean() == pytest.approx(0.2, abs=1e-3)


def test_a_class_without_a_known_group_is_refused() -> None:
    few = toy_dataset(per_cell=(1, 1))
    with pytest.raises(UserError, match="raise the share") as caught:
        with_conditions(Split(few, few), DataSpec(known_share=0.3), 0)
    assert caught.value.field == "data.known_share"


@pytest.mark.parametrize("known_N", [np.ones(3, bool), np.ones(45, np.int64)])
def test_a_mask_of_another_shape_or_kind_is_refused(known_N: np.ndarray) -> None:
    good = toy_dataset()
    with pytest.raises(UserError, match="known_N"):
        type(good)(good.x_NCHW, good.y_N, good.a_N, good.class_names, good.group_names, (), known_N)
