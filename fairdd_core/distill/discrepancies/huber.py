"""Huber's distance: squared for small differences, absolute for large ones."""

from __future__ import annotations

import torch

from fairdd_core.distill.discrepancies.base import solve
from fairdd_core.distill.discrepancies.solvers import HUBER_SHARE, huber_center


class Huber:
    """d(u, v) = Σ_i h(u_i − v_i), h(r) = r² / 2δ for |r| ≤ δ and |r| − δ/2 beyond, with δ = 0.3 · rms(u).

    So one coordinate pulls in proportion to its distance up to δ and with 1 from there on: a Manhattan
    distance with a rounded corner. δ follows the scale of the signal, for embeddings and gradients differ by
    orders of magnitude; it follows the given one, ``u``, so that what is fitted cannot make its distance
    smaller by growing.
    """

    by_layer = False

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return distances over the last dimension."""
        away_D = (u_D - v_D).abs()
        length_1: torch.Tensor = torch.linalg.vector_norm(u_D, dim=-1, keepdim=True)
        # The root keeps the clamp off denormal numbers, which divide badly.
        tiny = torch.finfo(u_D.dtype).tiny ** 0.5
        delta_1 = (HUBER_SHARE * length_1 / u_D.shape[-1] ** 0.5).clamp(min=tiny)
        near_D = torch.minimum(away_D, delta_1)
        distance: torch.Tensor = (near_D / delta_1 * (away_D - near_D / 2)).sum(dim=-1)
        return distance

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the barycenter, (D,), exact up to rounding."""
        return solve(huber_center, signals_GD, weights_G)
