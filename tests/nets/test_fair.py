"""The fair extractor: groups come together, classes stay apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.registry import load
from fairdd_core.data.tensors import normalised
from fairdd_core.errors import UserError
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from fairdd_core.nets.fair import cell_shares, fair_network, group_spread
from fairdd_core.rng import torch_stream
from tests.helpers import toy_dataset

CPU = torch.device("cpu")


def trained(train: GroupedDataset, steps: int, penalty: float = 1.0) -> Net:
    spec = NetSpec(width=16, depth=2)
    net = make_network(spec, train.x_NCHW.shape[-1], train.num_classes, torch_stream(0), CPU)
    return fair_network(net, train, np.random.default_rng(0), CPU, steps, penalty)


@torch.no_grad()
def spread_and_accuracy(net: Net, test: GroupedDataset) -> tuple[float, float]:
    """Return the group spread and the accuracy on a test set with as many images of every cell."""
    order_N = np.lexsort((test.a_N, test.y_N))
    x_NCHW, y_N = normalised(test, order_N, test.normalisation, CPU), torch.from_numpy(test.y_N[order_N])
    cells = test.num_classes * test.num_groups
    embedded = net.embed(x_NCHW).reshape(cells, len(test) // cells, -1)
    y_M = torch.arange(test.num_classes).repeat_interleave(test.num_groups)
    return group_spread(embedded, y_M).item(), (net(x_NCHW).argmax(dim=1) == y_N).float().mean().item()


def test_spread_by_hand() -> None:
    # Class 0: groups at ±1 on the first axis; class 1: one group, which is its own centre.
    embedded_MBD = torch.tensor([[[1.0, 2.0]], [[-1.0, 2.0]], [[0.0, 3.0]]])
    y_M = torch.tensor([0, 0, 1])
    assert cell_shares(y_M).tolist() == [0.25, 0.25, 0.5]
    length = 0.25 * 5 + 0.25 * 5 + 0.5 * 9
    assert group_spread(embedded_MBD, y_M).item() == pytest.approx(0.5 / length)
    assert group_spread(10 * embedded_MBD, y_M).item() == pytest.approx(0.5 / length), "no gain in shrinking"
    assert group_spread(embedded_MBD, torch.arange(3)).item() == 0


def test_the_groups_come_together_and_the_classes_stay_apart() -> None:
    split = load(DataSpec(dataset="colored-digits-bg", groups=3, skew=0.9), 0, Path())
    (before, chance), (sampled, _), (after, accuracy) = (
        spread_and_accuracy(trained(split.train, steps, penalty), split.test)
        for steps, penalty in ((0, 1.0), (60, 0.0), (60, 1.0))
    )
    assert after < 0.5 * sampled, "the penalty works"
    assert after < 0.5 * before
    assert accuracy > 0.5 > chance


def test_images_of_unknown_group_are_not_used() -> None:
    train = toy_dataset(per_cell=(12, 6))
    known_N = np.arange(len(train)) % 3 > 0
    hidden = replace(train, known_N=known_N)
    spoilt = hidden.x_NCHW.copy()
    spoilt[~known_N] = 255 - spoilt[~known_N]
    norm = train.normalisation
    nets = []
    for x_NCHW in (hidden.x_NCHW, spoilt):
        data = replace(hidden, x_NCHW=x_NCHW)
        data.__dict__["normalisation"] = norm  # hidden images shape it, and that is not what is tested
        nets.append(trained(data, 3).state_dict())
    assert all(torch.equal(a, b) for a, b in zip(nets[0].values(), nets[1].values(), strict=True))


def test_one_group_alone_is_refused() -> None:
    with pytest.raises(UserError, match="two known groups"):
        trained(toy_dataset(per_cell=(5, 0)), 1)
