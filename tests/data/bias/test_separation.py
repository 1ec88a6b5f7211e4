"""Colouring, skew and separation: what the sliders promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.benchmarks import digits
from fairdd_core.data.bias.separation import PALETTE, colorize, pick_palette, separated
from fairdd_core.data.bias.skew import assign_groups, majority_groups
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.registry import DATASETS, load
from fairdd_core.errors import UserError
from tests.helpers import mnist_folder, toy_dataset

NOWHERE = Path("nowhere")
COLORED = [name for name, card in DATASETS.items() if card.synthetic_groups and not card.files]


@given(
    groups=st.integers(2, 10),
    extra=st.floats(0, 1),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=10),
    seed=st.integers(0, 10),
)
@settings(deadline=None)
def test_majority_share_is_the_skew_and_the_rest_is_even(
    groups: int, extra: float, sizes: list[int], seed: int
) -> None:
    skew = 1 / groups + extra * (0.99 - 1 / groups)
    y_N = np.repeat(np.arange(len(sizes)), sizes)
    a_N = assign_groups(y_N, groups, skew, np.random.default_rng(seed))
    for c, size in enumerate(sizes):
        counts_G = np.bincount(a_N[y_N == c], minlength=groups)
        major = majority_groups(len(sizes), groups)[c]
        assert counts_G.sum() == size
        assert counts_G[major] == round(max(skew, 1 / groups) * size)
        others_G = np.delete(counts_G, major)
        assert others_G.max() - others_G.min() <= 1


@pytest.mark.parametrize(("groups", "skew"), [(2, 0.3), (10, 0.05)])
def test_a_skew_below_balance_is_refused_with_the_smallest_possible(groups: int, skew: float) -> None:
    with pytest.raises(ValidationError) as caught:
        DataSpec(groups=groups, skew=skew)
    error = user_error(caught.value)
    assert error.field == "data.skew"
    assert f"1/{groups}" in error.expected


def test_known_colours() -> None:
    assert dict(PALETTE)["violet"] == (128, 0, 255)
    assert [name for name, _ in pick_palette(2)] == ["red", "cyan"]
    assert pick_palette(10) == PALETTE
    grey = np.array([[[0, 255]]], np.uint8)
    red = np.array([[255.0, 0, 0]])
    first = np.array([0])
    assert colorize(grey, red, first, "foreground")[0, :, 0].tolist() == [[0, 255], [0, 0], [0, 0]]
    assert colorize(grey, red, first, "background")[0, :, 0].tolist() == [[255, 0], [0, 0], [0, 0]]


@given(st.floats(0, 1))
def test_separation_scales_every_distance_between_groups(separation: float) -> None:
    colors_GC = np.array([rgb for _, rgb in PALETTE], float)
    scaled_GC = separated(colors_GC, separation)
    assert np.allclose(scaled_GC[3] - scaled_GC[7], separation * (colors_GC[3] - colors_GC[7]))
    assert np.allclose(scaled_GC.mean(0), colors_GC.mean(0))


@pytest.mark.parametrize("name", digits.CARDS)
@pytest.mark.parametrize("groups", [2, 3, 10])
def test_embedded_digits_need_no_files(name: str, groups: int) -> None:
    split = load(DataSpec(dataset=name, groups=groups, skew=0.9), 0, NOWHERE)
    assert len(split.train) == 1297
    assert split.train.x_NCHW.shape[1:] == (3, 16, 16)
    assert (split.test.counts_CG() == 50).all(), "each test digit appears once in every colour"
    assert split.train.counts_CG().max(axis=1).sum() == pytest.approx(0.9 * 1297, abs=10)


def test_test_groups_differ_in_nothing_but_colour() -> None:
    test = load(DataSpec(groups=10), 0, NOWHERE).test
    grey_NHW = test.x_NCHW.max(axis=1).reshape(-1, 10, 16, 16)
    assert (grey_NHW == grey_NHW[:, :1]).all()


@pytest.mark.parametrize("name", COLORED)
def test_without_separation_groups_look_alike(name: str) -> None:
    test = load(DataSpec(dataset=name, separation=0), 0, NOWHERE).test
    x = test.x_NCHW.reshape(-1, 10, *test.x_NCHW.shape[1:])
    assert (x == x[:, :1]).all()


def test_the_seed_decides_the_groups_and_nothing_else_does() -> None:
    one, same, other = (load(DataSpec(), seed, NOWHERE).train for seed in (3, 3, 4))
    assert (one.a_N == same.a_N).all()
    assert (one.x_NCHW == same.x_NCHW).all()
    assert (one.a_N != other.a_N).any()


def test_normalisation_is_the_data_sets_own_and_inverts() -> None:
    train = load(DataSpec(), 0, NOWHERE).train
    x = train.normalisation.apply(train.x_NCHW)
    assert x.dtype == np.float32
    assert np.allclose(x.mean(axis=(0, 2, 3)), 0, atol=1e-3)
    assert np.allclose(x.std(axis=(0, 2, 3)), 1, atol=1e-3)
    assert (train.normalisation.invert(x) == train.x_NCHW).all()


def test_a_grouped_dataset_refuses_what_does_not_fit() -> None:
    good = toy_dataset()
    for changes in (
        {"x_NCHW": good.x_NCHW.astype(np.float32)},
        {"y_N": good.y_N[:-1]},
        {"a_N": good.a_N + 1},
    ):
        with pytest.raises(UserError, match="expected"):
            GroupedDataset(**{**good.__dict__, **changes})


def test_unknown_data_sets_are_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="colored-digits-fg"):
        load(DataSpec(dataset="mnits"), 0, NOWHERE)


def test_missing_files_say_which_and_where(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(DataSpec(dataset="colored-mnist-fg"), 0, tmp_path)
    assert str(tmp_path / "MNIST" / "raw") in str(caught.value)
    assert "train-images-idx3-ubyte" in str(caught.value)
    assert "colored-digits-fg" in caught.value.hint


def test_damaged_files_are_a_user_error(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03broken")
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(b"")
    with pytest.raises(UserError, match="published files"):
        load(DataSpec(dataset="colored-mnist-fg"), 0, tmp_path)


def test_real_mnist_is_padded_coloured_and_balanced_in_the_test_set() -> None:
    split = load(DataSpec(dataset="colored-mnist-fg", skew=0.9), 0, mnist_folder())
    assert split.train.x_NCHW.shape == (60_000, 3, 32, 32)
    assert not split.train.x_NCHW[:, :, :2].any(), "two pixels of padding"
    assert (split.test.counts_CG() == 200).all(), "2 000 of the 10 000 digits, in ten colours"
    shares_C = split.train.counts_CG().max(axis=1) / split.train.counts_CG().sum(axis=1)
    assert np.allclose(shares_C, 0.9, atol=1e-3)
