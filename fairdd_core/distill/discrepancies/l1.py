"""Manhattan distance."""

from __future__ import annotations

import torch

from fairdd_core.distill.discrepancies.base import present

TIE = 1e-6
"""Cumulative weights this close to one half count as one half; float32 weights are known no better."""


class L1:
    """d(u, v) = ‖u − v‖₁; its barycenter is the coordinate-wise weighted median, exact.

    Where half of the weight lies on either side of a gap, every point in the gap is a median, and the middle
    of the gap is taken: the only choice that favours neither side. Two groups therefore meet halfway.
    """

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return Manhattan distances over the last dimension; the gradient is 0 where coordinates agree."""
        return (u_D - v_D).abs().sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the coordinate-wise weighted median, (D,)."""
        signals_PD, weights_P = present(signals_GD, weights_G)
        sorted_PD, order_PD = signals_PD.sort(dim=0)
        reached_PD = weights_P[order_PD].cumsum(dim=0) / weights_P.sum()
        lower_D = (reached_PD < 0.5 - TIE).sum(dim=0)
        upper_D = (reached_PD <= 0.5 + TIE).sum(dim=0)
        ends_2D = sorted_PD.gather(0, torch.stack([lower_D, upper_D]))
        return ends_2D.mean(dim=0).to(signals_GD.dtype)
