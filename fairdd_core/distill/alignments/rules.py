"""The alignments."""

from __future__ import annotations

import torch

from fairdd_core.distill.alignments.base import (
    Alignment,
    Cloud,
    RealFeatures,
    Statistics,
    Targets,
    group_clouds,
    pooled_clouds,
    single_point,
)


class Vanilla(Alignment):
    """Match the mean of the class: m_y = Σ_a π_{a|y} Φ_{a|y}, which the majority dominates."""

    def targets(self, statistics: Statistics) -> Targets:
        """Return the count-weighted mean of the group signals."""
        return single_point(statistics.mixture(statistics.share_CG))

    def cell_weights(self, statistics: Statistics) -> torch.Tensor:
        """Return the groups' shares."""
        return statistics.share_CG


class UniformSampling(Alignment):
    """Draw every group of a class equally often and match the mean of the draw.

    In expectation the same target as the squared-ℓ2 barycenter, but with a higher variance, because the few
    images of a tiny group are drawn repeatedly.
    """

    resampled = True

    def targets(self, statistics: Statistics) -> Targets:
        """Return the mean of the resampled group signals."""
        return single_point(statistics.mixture(statistics.uniform_CG, resampled=True))

    def clouds(
        self, features: RealFeatures, statistics: Statistics, support: int, generator: torch.Generator
    ) -> list[list[Cloud]]:
        """Return the images of the draw."""
        mass_CN = torch.einsum("cg,cgn->cn", statistics.uniform_CG, features.resampled_CGN)
        return pooled_clouds(features.features_ND, mass_CN)


class Reweighting(Alignment):
    """Weigh every real image by the inverse of its group's share of the class: w ∝ 1 / π_{a|y}.

    The usual loss reweighting for imbalanced data. For signals that are linear in the images' weights the
    weighted mean of all images is the uniform mean of the group signals, so there it coincides with the
    squared-ℓ2 barycenter. Images of unknown group have no share to weigh them by and are left out.
    """

    def targets(self, statistics: Statistics) -> Targets:
        """Return the mean of all images under the inverse shares."""
        # A cell's images, π of the class at 1 / π each, weigh as much as those of any other cell.
        return single_point(statistics.mixture(statistics.uniform_CG))


class FairDD(Alignment):
    """Match every group: (1/|A_y|) Σ_a d(Φ_{a|y}, Φ_{S_y}). FairDD (NeurIPS 2025, arXiv 2411.19623).

    Published as a sum (``summed``). Under squared ℓ2 the sum's gradient is |A_y| times that of the
    barycenter's, so at the same step size only its steps are longer; the mean keeps the step size out of the
    comparison. The two then coincide under squared ℓ2 and differ under other matching distances.
    """

    def targets(self, statistics: Statistics) -> Targets:
        """Return the group signals themselves, each with weight 1/|A_y|, or 1 if summed."""
        means_CGD = statistics.means_CGD
        return Targets(means_CGD, self._weights(statistics.uniform_signals_CG).to(means_CGD.dtype))

    def _weights(self, uniform_CG: torch.Tensor) -> torch.Tensor:
        return (uniform_CG > 0).float() if self.summed else uniform_CG

    def clouds(
        self, features: RealFeatures, statistics: Statistics, support: int, generator: torch.Generator
    ) -> list[list[Cloud]]:
        """Return the cloud of every group, each with weight 1/|A_y|, or 1 if summed."""
        weights_CG = self._weights(statistics.uniform_CG).tolist()
        return [
            [Cloud(points, None, w) for points, w in zip(groups, weights_G, strict=True) if w]
            for groups, weights_G in zip(group_clouds(features), weights_CG, strict=True)
        ]


class Barycenter(Alignment):
    """Match m_y* = argmin_m Σ_a (1/|A_y|) d(Φ_{a|y}, m). COBRA (ICML 2026, arXiv 2605.00185).

    Where the distance of a layer is a sum over rows, as of gradients, so is this one, and every row has a
    barycenter of its own.
    """

    def targets(self, statistics: Statistics) -> Targets:
        """Return the barycenter of every class's group signals, regardless of group sizes."""
        if statistics.linear and getattr(self.discrepancy, "linear", False):
            return single_point(statistics.mixture(statistics.uniform_CG))
        cells = zip(statistics.means_CGD, statistics.uniform_signals_CG, strict=True)
        rows = 1 if self.discrepancy.by_layer else statistics.rows
        return single_point(torch.stack([self._by_row(means, weights, rows) for means, weights in cells]))

    def _by_row(self, signals_GD: torch.Tensor, weights_G: torch.Tensor, rows: int) -> torch.Tensor:
        """Return the barycenters of the rows of a class's signals, one after the other, (D,)."""
        if rows == 1:
            point_D: torch.Tensor = self.discrepancy.barycenter(signals_GD, weights_G)
            return point_D
        signals_RGD = signals_GD.unflatten(-1, (rows, -1)).transpose(0, 1)
        point_RD: torch.Tensor = self.discrepancy.barycenter(signals_RGD, weights_G)
        return point_RD.flatten()

    def clouds(
        self, features: RealFeatures, statistics: Statistics, support: int, generator: torch.Generator
    ) -> list[list[Cloud]]:
        """Return the barycenter of every class's group clouds."""
        groups = zip(group_clouds(features), statistics.uniform_CG, strict=True)
        return [
            [Cloud(self.discrepancy.barycenter(clouds, weights_G, support, generator))]
            for clouds, weights_G in groups
        ]
