"""Residuals, shifts and the condition of Theorem 4.1, on points that can be drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from fairdd_core.analysis.theorem import bound_gap, measured_verdict
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.diagnostics import diagnose, worst_residual
from fairdd_core.distill.loop import distill
from fairdd_core.events import Diagnosed
from tests.helpers import tiny_distill, toy_dataset


def line(counts: list[int]) -> GroupStatistics:
    """Return one class whose groups lie at 0, 1 and 5 on a line."""
    means_CGD = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]]])
    return GroupStatistics(means_CGD, means_CGD, torch.tensor([counts]))


def test_known_answers() -> None:
    statistics = line([8, 1, 1])
    signal = (torch.tensor([[[1.0, 0.0]]]),)
    table = diagnose([statistics], {"arm": signal})
    assert table["residual"].tolist() == pytest.approx([1, 0, 4])
    assert table["vanilla"].tolist() == pytest.approx([0.6, 0.4, 4.4])  # target 0.6
    assert table["uniform"].tolist() == pytest.approx([2, 1, 3])  # target 2
    assert table["bound"].tolist() == pytest.approx([0.6, 0.8 + 0.4, 4 + 0.4])
    assert table["shift"].tolist() == pytest.approx([1.4] * 3)
    assert table["inner"].tolist() == pytest.approx([2 * 1.4, 1.4, -3 * 1.4])
    assert worst_residual(statistics, signal[0]) == pytest.approx(4 / 2)


def test_layers_add_up_as_one_long_signal() -> None:
    statistics = line([8, 1, 1])
    signal = torch.tensor([[[1.0, 2.0]]])
    apart = diagnose([statistics, statistics], {"arm": (signal, signal)})
    twice = torch.cat([statistics.means_CGD] * 2, dim=-1)
    joined = GroupStatistics(twice, twice, statistics.counts_CG)
    once = diagnose([joined], {"arm": (torch.cat([signal] * 2, dim=-1),)})
    assert np.allclose(apart.drop(columns="arm"), once.drop(columns="arm"), atol=1e-6)


def test_the_theorem_holds_where_its_condition_does() -> None:
    generator = torch.Generator().manual_seed(0)
    held = 0
    for _ in range(40):
        means_CGD = torch.randn(3, 4, 6, generator=generator)
        counts_CG = torch.randint(1, 60, (3, 4), generator=generator)
        statistics = GroupStatistics(means_CGD, means_CGD, counts_CG)
        table = diagnose([statistics], {"arm": (torch.zeros(3, 1, 6),)})
        for _, cells in table.groupby("class_id"):
            if cells.loc[cells["uniform"].idxmax(), "inner"] <= 0:
                held += 1
                assert cells["uniform"].max() <= cells["vanilla"].max() + 1e-5
    assert held > 20


def test_absent_groups_and_unknown_ones_are_left_out() -> None:
    means_CGD = torch.tensor([[[0.0], [1.0], [9.0]], [[0.0], [2.0], [9.0]]])
    counts_CG = torch.tensor([[5, 5, 3], [5, 0, 3]])
    table = diagnose(
        [GroupStatistics(means_CGD, means_CGD, counts_CG, groups=2)], {"a": (torch.zeros(2, 1, 1),)}
    )
    assert table[["class_id", "group_id"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0]]
    assert table["uniform"].tolist() == pytest.approx([0.5, 0.5, 0.0])


def test_the_bound_is_given_where_vanilla_mixes_the_groups_by_their_shares() -> None:
    means_CGD = torch.tensor([[[0.0], [1.0], [9.0]], [[0.0], [2.0], [9.0]]])
    counts_CG = torch.tensor([[5, 5, 3], [6, 4, 0]])  # images of unknown group in the first class only
    table = diagnose(
        [GroupStatistics(means_CGD, means_CGD, counts_CG, groups=2)], {"a": (torch.zeros(2, 1, 1),)}
    )
    first, second = (cells for _, cells in table.groupby("class_id"))
    assert first["vanilla"].max() > 1.0, "no bound on the groups' distances to a mixture of them alone"
    assert first["bound"].isna().all()
    assert "unknown" in bound_gap(first)
    assert second["bound"].tolist() == pytest.approx([0.8, 1.2])
    assert bound_gap(second) == ""
    assert np.isnan(measured_verdict(first).bound_G).all()
    assert measured_verdict(second).bound_G == pytest.approx([0.8, 1.2])
    earlier = first.assign(bound=7.0)
    assert np.isnan(measured_verdict(earlier).bound_G).all(), "as for runs that stored a number"


@pytest.mark.parametrize("known", [1.0, 0.3])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_bound_that_is_given_is_kept(backbone: str, known: float) -> None:
    train = toy_dataset(per_cell=(30, 10))
    known_N = None if known == 1 else np.random.default_rng(0).random(len(train)) < known
    spec = tiny_distill(backbone=backbone, iterations=2)
    events = list(distill(replace(train, known_N=known_N), spec, 0, torch.device("cpu")))
    cells = pd.concat([event.cells for event in events if isinstance(event, Diagnosed)])
    assert cells["bound"].isna().all() == (known < 1 or not BACKBONES[backbone].linear)
    given = cells.dropna(subset="bound")
    assert (given["vanilla"] <= given["bound"] * (1 + 1e-4) + 1e-6).all()
    for _, of_class in cells.groupby(["arm", "class_id"]):
        assert bool(bound_gap(of_class)) == of_class["bound"].isna().all()
