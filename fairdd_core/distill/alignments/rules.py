"""The alignments that are one line of algebra each."""

from __future__ import annotations

import torch

from fairdd_core.distill.alignments.base import Alignment, GroupStatistics, Targets, single


class Vanilla(Alignment):
    """Match the class as found: m_y = Σ_a π_{a|y} Φ_{a|y}, so the majority decides."""

    def targets(self, statistics: GroupStatistics) -> Targets:
        """Return the count-weighted mean of the group signals."""
        return single(torch.einsum("cg,cgd->cd", statistics.share_CG, statistics.means_CGD))


class UniformSampling(Alignment):
    """Draw every group of a class equally often and match the mean of the draw.

    In expectation the same target as the squared-ℓ2 barycenter; it differs in its variance, which the few
    images of a tiny group, drawn again and again, do not reduce.
    """

    def targets(self, statistics: GroupStatistics) -> Targets:
        """Return the mean of the resampled group signals."""
        return single(torch.einsum("cg,cgd->cd", statistics.uniform_CG, statistics.resampled_CGD))


class FairDD(Alignment):
    """Match every group at once: (1/|A_y|) Σ_a d(Φ_{a|y}, Φ_{S_y}). FairDD (NeurIPS 2025, arXiv 2411.19623).

    Published as a sum. Under squared ℓ2 the sum's gradient is |A_y| times that of the barycenter's, so at the
    same step size it would differ in nothing but far longer steps; the mean keeps the step size out of
    the comparison. Then the two coincide under squared ℓ2, and differ under other matching distances.
    """

    def targets(self, statistics: GroupStatistics) -> Targets:
        """Return the group signals themselves, each with weight 1/|A_y|."""
        return Targets(statistics.means_CGD, statistics.uniform_CG)


class Barycenter(Alignment):
    """Match m_y* = argmin_m Σ_a (1/|A_y|) d(Φ_{a|y}, m). COBRA (ICML 2026, arXiv 2605.00185)."""

    def targets(self, statistics: GroupStatistics) -> Targets:
        """Return the barycenter of every class's group signals, blind to group sizes."""
        cells = zip(statistics.means_CGD, statistics.uniform_CG, strict=True)
        return single(torch.stack([self.discrepancy.barycenter(means, weights) for means, weights in cells]))
