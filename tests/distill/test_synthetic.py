"""Mosaics: several training images in the pixels of one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairdd_core.distill.synthetic import check_factor, fold, initial_images, unfold
from fairdd_core.errors import UserError
from tests.helpers import tiny_distill, toy_dataset


def test_parts_come_back_in_order() -> None:
    flat = torch.arange(8.0)[:, None, None, None].expand(8, 3, 6, 6)
    mosaics = fold(flat, 2)
    assert mosaics.shape == (2, 3, 6, 6)
    assert mosaics[0, 0, ::3, ::3].tolist() == [[0, 1], [2, 3]]
    assert torch.allclose(unfold(mosaics, 2), flat)


@given(n=st.integers(1, 3), factor=st.integers(1, 4), small=st.integers(1, 4))
def test_shapes(n: int, factor: int, small: int) -> None:
    side = factor * small
    x_NCHW = torch.rand(n, 3, side, side)
    assert unfold(x_NCHW, factor).shape == (n * factor**2, 3, side, side)
    assert fold(unfold(x_NCHW, factor), factor).shape == x_NCHW.shape
    check_factor(side, factor)


def test_gradients_reach_every_pixel() -> None:
    x_NCHW = torch.rand(1, 3, 8, 8, requires_grad=True)
    unfold(x_NCHW, 2).sum().backward()
    assert x_NCHW.grad is not None
    assert (x_NCHW.grad > 0).all()


def test_mosaics_of_more_images_than_a_class_has_are_refused_by_the_number_that_was_asked_for() -> None:
    train, spec = toy_dataset(), tiny_distill(ipc=4, factor=2)  # 15 images in every class
    with pytest.raises(UserError, match="at most 3, each of 4 of the 15 images of class class 0") as caught:
        initial_images(train, spec, 0, torch.device("cpu"))
    assert caught.value.got == 4
    start = initial_images(train, tiny_distill(ipc=3, factor=2), 0, torch.device("cpu"))
    assert start.shape == (9, 3, 8, 8)


def test_a_factor_that_does_not_divide_is_refused() -> None:
    with pytest.raises(UserError, match="divisor of 16"):
        check_factor(16, 3)
