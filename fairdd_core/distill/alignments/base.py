"""What a fairness method is: a rule from group signals and counts to targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from fairdd_core.distill.discrepancies.base import Discrepancy


@dataclass(frozen=True)
class GroupStatistics:
    """The real data as one network under one augmentation sees it, for one matched layer.

    Attributes:
        means_CGD: signal of every (class, group) cell; 0 for empty cells.
        resampled_CGD: the same from a fresh draw with replacement within each cell: what sampling groups
            equally often sees, tiny groups repeated included.
        counts_CG: number of real images in every cell; 0 marks an empty one.
    """

    means_CGD: torch.Tensor
    resampled_CGD: torch.Tensor
    counts_CG: torch.Tensor

    @property
    def present_CG(self) -> torch.Tensor:
        """1 where the cell has images (a ∈ A_y), else 0; float."""
        return (self.counts_CG > 0).to(self.means_CGD.dtype)

    @property
    def share_CG(self) -> torch.Tensor:
        """π_{a|y}: the share of every group in its class."""
        counts_CG = self.counts_CG.to(self.means_CGD.dtype)
        return counts_CG / counts_CG.sum(dim=1, keepdim=True)

    @property
    def uniform_CG(self) -> torch.Tensor:
        """1 / |A_y| for the groups present in the class, else 0."""
        return self.present_CG / self.present_CG.sum(dim=1, keepdim=True)


@dataclass(frozen=True)
class Targets:
    """Where the synthetic signals should go: minimise Σ_y Σ_t weight_{y,t} d(point_{y,t}, Φ_{S_y}).

    Attributes:
        points_CTD: T points for every class.
        weights_CT: their weights.
    """

    points_CTD: torch.Tensor
    weights_CT: torch.Tensor


class Alignment(ABC):
    """Pure rule from statistics to targets.

    Args:
        discrepancy: the distance of the barycenter, for rules that have one.
    """

    def __init__(self, discrepancy: Discrepancy) -> None:
        self.discrepancy = discrepancy

    @abstractmethod
    def targets(self, statistics: GroupStatistics) -> Targets:
        """Return the targets of every class."""


def single(point_CD: torch.Tensor) -> Targets:
    """Return targets that are one point of weight 1 for every class, (C, D)."""
    return Targets(point_CD[:, None], torch.ones_like(point_CD[:, :1]))
