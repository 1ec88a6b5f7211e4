"""Fair training: which group an image resembles, what it weighs then, and what the weights do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.grouped import Split
from fairdd_core.data.registry import load
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.alignments.registry import arm_named
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.errors import UserError
from fairdd_core.evaluate.evaluator import Evaluator
from fairdd_core.evaluate.fair_training import balanced_weights, cell_means, nearest_groups
from fairdd_core.evaluate.train import TrainingSet, train_network
from tests.helpers import tiny_evaluation, toy_dataset

CPU = torch.device("cpu")


def test_weights_by_hand() -> None:
    y_N, a_N = torch.tensor([0, 0, 1, 0, 1]), torch.tensor([2, 2, 5, 0, 5])
    assert balanced_weights(y_N, a_N).tolist() == [0.75, 0.75, 1.0, 1.5, 1.0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=50))
def test_every_group_found_in_a_class_weighs_the_same(cells: list[tuple[int, int]]) -> None:
    y_N, a_N = torch.tensor(cells).T
    weights_N = balanced_weights(y_N, a_N)
    for c in y_N.unique():
        mine = y_N == c
        totals = torch.stack([weights_N[mine & (a_N == a)].sum() for a in a_N[mine].unique()])
        assert torch.allclose(totals, totals[0].expand_as(totals))
        assert weights_N[mine].mean().item() == pytest.approx(1)


def test_nearest_groups_by_hand() -> None:
    means = {0: {1: torch.tensor([0.0, 0.0]), 3: torch.tensor([4.0, 0.0])}, 1: {0: torch.tensor([9.0, 9.0])}}
    embedded_ND = torch.tensor([[1.0, 0.0], [3.0, 1.0], [0.0, 0.0]])
    assert nearest_groups(embedded_ND, torch.tensor([0, 0, 1]), means).tolist() == [1, 3, 0]


def test_real_images_are_given_their_own_colour() -> None:
    split = load(DataSpec(dataset="colored-digits-bg", groups=4, skew=0.7), 0, Path())
    tester = Evaluator(split, tiny_evaluation(full_data_steps=30), 0, CPU)
    rows_N = np.random.default_rng(1).permutation(len(split.train))[:100]
    x_NCHW = normalised(split.train, rows_N, split.train.normalisation, CPU)
    net = tester.full_network(0)
    means = cell_means(net, split.train, np.random.default_rng(0), CPU)
    found_N = nearest_groups(net.embed(x_NCHW), torch.from_numpy(split.train.y_N[rows_N]), means)
    assert (found_N.numpy() == split.train.a_N[rows_N]).mean() > 0.9


def test_means_are_of_known_groups_only() -> None:
    train = toy_dataset(per_cell=(4, 2))
    known_N = train.a_N == 0
    net = Evaluator(Split(train, train), tiny_evaluation(), 0, CPU).full_network(0)
    means = cell_means(net, replace(train, known_N=known_N), np.random.default_rng(0), CPU)
    assert {c: list(groups) for c, groups in means.items()} == {0: [0], 1: [0], 2: [0]}


def test_a_weight_of_nothing_is_an_image_left_out() -> None:
    x_NCHW = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    y_N, spec = torch.tensor([0, 1]), tiny_evaluation(augmentation="", epochs=5)

    def net(data: TrainingSet) -> list[torch.Tensor]:
        return list(train_network(data, spec, (8, 2), 0, 0, CPU).state_dict().values())

    weighed = net(TrainingSet.synthetic(x_NCHW, y_N, CPU, torch.tensor([2.0, 0.0])))
    alone = net(TrainingSet.synthetic(x_NCHW[:1].repeat(2, 1, 1, 1), y_N[:1].repeat(2), CPU))
    both = net(TrainingSet.synthetic(x_NCHW, y_N, CPU))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(weighed, alone, strict=True))
    assert not all(torch.allclose(a, b, atol=1e-6) for a, b in zip(weighed, both, strict=True))
    ones = net(TrainingSet.synthetic(x_NCHW, y_N, CPU, torch.ones(2)))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ones, both, strict=True))


def test_only_an_arm_that_asks_for_it_is_weighed() -> None:
    tester = Evaluator(Split(toy_dataset(), toy_dataset()), tiny_evaluation(), 0, CPU)
    x_NCHW, y_N = torch.randn(6, 3, 8, 8), torch.arange(3).repeat_interleave(2)
    weighed, plain = (
        tester.training_set(arm_named(name), x_NCHW, y_N).weights_N
        for name in ("cobra+fair-training", "vanilla+fair-extractor")
    )
    assert plain is None
    assert weighed is not None
    assert weighed.shape == (6,)


@pytest.mark.parametrize("intervention", INTERVENTIONS)
def test_an_arm_may_name_its_intervention(intervention: str) -> None:
    arm = arm_named(f"cobra:l1+{intervention}")
    assert arm.intervention == intervention
    assert arm.name == ("cobra:l1" if intervention == "none" else f"cobra:l1+{intervention}")
    assert arm_named(arm.name) == arm


@pytest.mark.parametrize("name", ["vanilla+", "vanilla+fair", "+fair-training"])
def test_an_unknown_intervention_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="expected one of"):
        arm_named(name)
