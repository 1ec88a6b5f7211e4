"""Alignments: pure rules from group signals and counts to targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch


class Statistics(ABC):
    """Signals and counts of the real data under one network and augmentation, for one matched layer.

    Attributes:
        counts_CG: int64, number of real images that every (class, group) cell stands for; 0 for an empty one.
            Where some groups are unknown, a last column holds the images of unknown group.
        groups: number of columns that are groups.
        linear: whether signals are linear in the images' weights, so that the signal of a mixture of groups
            is the mixture of their signals.
    """

    counts_CG: torch.Tensor
    groups: int
    linear: bool = True

    @property
    def rows(self) -> int:
        """Number of rows of a signal, over which its distance is a sum; they follow one after the other."""
        return 1

    @property
    @abstractmethod
    def means_CGD(self) -> torch.Tensor:
        """Signal of every cell; 0 for empty ones. Signals of all classes together make one class here."""

    @abstractmethod
    def mixture(self, weights_CG: torch.Tensor, resampled: bool = False) -> torch.Tensor:
        """Return the signal of every class with its groups mixed, (C, D): one weighted pass over the images.

        For linear signals it is Σ_g w_g Φ_{g|y}.

        Args:
            weights_CG: weights of the cells.
            resampled: use a fresh draw with replacement within each cell instead, as sampling the groups
                equally often does, including the repeated images of tiny groups.
        """

    @property
    def present_CG(self) -> torch.Tensor:
        """1 where the cell has images (a ∈ A_y), else 0; float. Images of unknown group are no group."""
        present_CG = (self.counts_CG > 0).float()
        present_CG[:, self.groups :] = 0
        return present_CG

    @property
    def share_CG(self) -> torch.Tensor:
        """π_{a|y}: the share of every group in its class; images of unknown group have a share too."""
        return self.counts_CG / self.counts_CG.sum(dim=1, keepdim=True)

    @property
    def uniform_CG(self) -> torch.Tensor:
        """1 / |A_y| for the groups present in the class, else 0; shares where no group is known."""
        present_CG = self.present_CG
        known_C1 = present_CG.sum(dim=1, keepdim=True)
        return torch.where(known_C1 > 0, present_CG / known_C1.clamp(min=1), self.share_CG)

    @property
    def mean_square(self) -> float:
        """Squared length of the signal of the data as they are, averaged over the classes; never 0."""
        return self.mixture(self.share_CG).square().sum(dim=-1).mean().clamp(min=1e-12).item()

    @property
    def uniform_signals_CG(self) -> torch.Tensor:
        """``uniform_CG`` for the rows of ``means_CGD``."""
        return self.uniform_CG


class GroupStatistics(Statistics):
    """Linear statistics with the signal of every cell.

    Args:
        means_CGD: signal of every cell; 0 for empty ones.
        resampled_CGD: the same from a fresh draw with replacement within each cell.
        counts_CG: see ``Statistics``.
        groups: see ``Statistics``; by default all columns.
    """

    def __init__(
        self,
        means_CGD: torch.Tensor,
        resampled_CGD: torch.Tensor,
        counts_CG: torch.Tensor,
        groups: int | None = None,
    ) -> None:
        self._means_CGD, self.resampled_CGD, self.counts_CG = means_CGD, resampled_CGD, counts_CG
        self.groups = counts_CG.shape[1] if groups is None else groups

    @property
    def means_CGD(self) -> torch.Tensor:
        """Signal of every cell; 0 for empty ones."""
        return self._means_CGD

    def mixture(self, weights_CG: torch.Tensor, resampled: bool = False) -> torch.Tensor:
        """Return weighted means over the groups; see ``Statistics``."""
        cells_CGD = self.resampled_CGD if resampled else self.means_CGD
        return torch.einsum("cg,cgd->cd", weights_CG.to(cells_CGD.dtype), cells_CGD)


@dataclass(frozen=True)
class RealFeatures:
    """Representations of a pair's real images.

    Attributes:
        features_ND: without gradient.
        y_N: int64 class of every image.
        cells_CGN: weights that average over the images of every (class, group) cell.
        resampled_CGN: the same for a fresh draw with replacement within each cell.
    """

    features_ND: torch.Tensor
    y_N: torch.Tensor
    cells_CGN: torch.Tensor
    resampled_CGN: torch.Tensor


@dataclass(frozen=True)
class Cloud:
    """A weighted set of features to match.

    Attributes:
        points_ND: the features.
        mass_N: weights of the features; None for equal ones.
        weight: of the distance to this cloud.
    """

    points_ND: torch.Tensor
    mass_N: torch.Tensor | None = None
    weight: float = 1.0


def group_clouds(features: RealFeatures) -> list[list[torch.Tensor]]:
    """Return the features of every cell, (n_{y,g}, D) by class and group."""
    return [[features.features_ND[w_N > 0] for w_N in w_GN] for w_GN in features.cells_CGN]


def pooled_clouds(features_ND: torch.Tensor, mass_CN: torch.Tensor) -> list[list[Cloud]]:
    """Return one cloud for every class: the images whose mass is not 0."""
    kept = [mass_N > 0 for mass_N in mass_CN]
    return [[Cloud(features_ND[k], mass_N[k])] for k, mass_N in zip(kept, mass_CN, strict=True)]


@dataclass(frozen=True)
class Targets:
    """Targets of the synthetic signals, which minimise Σ_y Σ_t weight_{y,t} d(point_{y,t}, Φ_{S_y}).

    Attributes:
        points_CTD: T points for every class.
        weights_CT: their weights.
    """

    points_CTD: torch.Tensor
    weights_CT: torch.Tensor

    @property
    def mean_CD(self) -> torch.Tensor:
        """Weighted mean of the points of every class; points of weight 0 are absent groups."""
        share_CT = self.weights_CT / self.weights_CT.sum(dim=1, keepdim=True)
        return torch.einsum("ct,ctd->cd", share_CT, self.points_CTD)


class Alignment(ABC):
    """Pure rule from statistics to targets.

    Args:
        discrepancy: the distance of the barycenter, for rules that have one.
        summed: whether a rule that matches every group separately adds the distances up instead of averaging.

    Attributes:
        resampled: whether the target is made from the draw with replacement.
    """

    resampled = False

    def __init__(self, discrepancy: Any, summed: bool = False) -> None:
        self.discrepancy, self.summed = discrepancy, summed

    @abstractmethod
    def targets(self, statistics: Statistics) -> Targets:
        """Return the targets of every class."""

    def cell_weights(self, statistics: Statistics) -> torch.Tensor:
        """Return the weights of the groups of a class where images, not signals, are weighted, (C, G).

        Rows sum to 1. By default they do not depend on group sizes.
        """
        return statistics.uniform_CG

    def clouds(
        self, features: RealFeatures, statistics: Statistics, support: int, generator: torch.Generator
    ) -> list[list[Cloud]]:
        """Return the target clouds of every class: by default its images, weighted by their group.

        Args:
            features: of the real images.
            statistics: for the groups' weights.
            support: points of a barycenter.
            generator: of the start of the search for one.
        """
        mass_CN = torch.einsum("cg,cgn->cn", self.cell_weights(statistics), features.cells_CGN)
        return pooled_clouds(features.features_ND, mass_CN)


def single_point(point_CD: torch.Tensor) -> Targets:
    """Return targets that are one point of weight 1 for every class, (C, D)."""
    return Targets(point_CD[:, None], torch.ones_like(point_CD[:, :1]))
