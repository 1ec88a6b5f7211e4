"""Squared Euclidean distance with a weight for every coordinate."""

from __future__ import annotations

import torch

from fairdd_core.distill.discrepancies.norms import SquaredL2

FLOOR = 0.1
"""Added to every variance, relative to their mean: coordinates on which all groups agree weigh at most eleven
times as much as one on which they differ as on average."""


class DiagonalL2:
    """d(u, v) = ‖u − v‖²_Q = Σ_j q_j (u_j − v_j)², with one q_j per coordinate for all classes and targets.

    The weights come from the signals: q_j is proportional to 1 / (variance of Φ_{a|y,j} over the groups a
    within a class, averaged over the classes, + ``FLOOR``), so coordinates in which the groups differ weigh
    less. The factor makes the groups lie as far from their class's mean as without Q, so that
    step sizes keep their meaning. ``fitted`` takes Q from signals; until then all q_j are 1.

    The barycenter is the weighted mean whatever Q is: the derivative 2Q Σ_g w_g (m − Φ_g) is 0 there and
    nowhere else. So COBRA's target is that of squared ℓ2, and only the matching differs.
    """

    linear = by_layer = True  # its barycenter is the mean, whatever Q is

    def __init__(self, q_D: torch.Tensor | None = None) -> None:
        self.q_D = q_D

    def fitted(self, signals_CGD: torch.Tensor, present_CG: torch.Tensor) -> DiagonalL2:
        """Return the distance with Q from group signals; see ``base.Fitted``."""
        weights_CG = present_CG / present_CG.sum(dim=1, keepdim=True)
        mean_CD = torch.einsum("cg,cgd->cd", weights_CG, signals_CGD)
        spread_CGD = (signals_CGD - mean_CD[:, None]).square()
        variance_D = torch.einsum("cg,cgd->d", weights_CG, spread_CGD) / len(signals_CGD)
        if not variance_D.any():
            return DiagonalL2()
        share_D = variance_D / variance_D.mean()  # first, for variances of gradients vanish in float32
        q_D = 1 / (share_D + FLOOR)
        return DiagonalL2(q_D * len(q_D) / (q_D @ share_D))

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return weighted squared distances over the last dimension."""
        squared_D = (u_D - v_D).square()
        return (squared_D if self.q_D is None else self.q_D * squared_D).sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return Σ_g w_g signal_g, (D,), which does not depend on Q."""
        return SquaredL2().barycenter(signals_GD, weights_G)
