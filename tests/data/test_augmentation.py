"""Augmentations: shapes, gradients, and one draw for real and synthetic images."""

from __future__ import annotations

import pytest
import torch

from fairdd_core.config.spec.data import DSA_OPERATIONS, DSA_STRATEGY
from fairdd_core.data.augmentation import OPERATIONS, augment_parts, draw_augmentation


def images(n: int = 4, side: int = 16, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_names_of_the_specification_are_the_operations() -> None:
    assert tuple(OPERATIONS) == DSA_OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("seed", range(4))
def test_operations_keep_shape_and_are_differentiable(name: str, seed: int) -> None:
    augment = OPERATIONS[name](torch.Generator().manual_seed(seed))
    x = images(2, 8).requires_grad_()
    before = x.detach().clone()
    assert augment(x).shape == x.shape
    assert torch.equal(x.detach(), before), "nothing is written in place"
    assert torch.autograd.gradcheck(augment, (x,), atol=1e-4)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_same_draw_treats_every_image_alike(name: str) -> None:
    augment = OPERATIONS[name](torch.Generator().manual_seed(3))
    x = images()
    assert torch.allclose(augment(x)[2], augment(x[2:3])[0])


def test_colours_are_not_clamped() -> None:
    x = 5 * images()
    for seed in range(5):
        out = OPERATIONS["color"](torch.Generator().manual_seed(seed))(x)
        assert out.min() < -1 or out.max() > 1.5


def test_crop_shifts_and_fills_with_the_mean() -> None:
    x = torch.ones(1, 1, 16, 16)
    out = OPERATIONS["crop"](torch.Generator().manual_seed(1))(x)
    assert set(out.unique().tolist()) <= {0.0, 1.0}
    assert out.sum() >= (16 - 2) ** 2


def test_draws_depend_on_the_generator_alone() -> None:
    x = images()
    first, again = (draw_augmentation(DSA_STRATEGY, torch.Generator().manual_seed(5))(x) for _ in range(2))
    assert torch.equal(first, again)
    draws = [draw_augmentation(DSA_STRATEGY, torch.Generator().manual_seed(seed))(x) for seed in range(20)]
    assert sum(not torch.equal(draws[0], other) for other in draws[1:]) > 10


def test_no_strategy_changes_nothing() -> None:
    x = images()
    assert torch.equal(draw_augmentation("", torch.Generator())(x), x)


def test_parts_get_their_own_augmentation_in_order() -> None:
    x = images(5)
    out = augment_parts(x, [2, 0, 3], [lambda v: v + 1, lambda v: v * 0, lambda v: -v])
    assert torch.equal(out, torch.cat([x[:2] + 1, -x[2:]]))
