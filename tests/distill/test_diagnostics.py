"""Residuals, shifts and the condition of Theorem 4.1, on points that can be drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.diagnostics import diagnose, worst_residual


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
