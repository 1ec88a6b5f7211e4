"""Cosine distance."""

from __future__ import annotations

import torch

from fairdd_core.distill.discrepancies.base import solve
from fairdd_core.distill.discrepancies.solvers import mean_direction


class Cosine:
    """d(u, v) = 1 − cos(u, v); its barycenter points along Σ_g w_g Φ_g / ‖Φ_g‖, in closed form.

    The distance ignores lengths. The barycenter's is the weighted mean of the signals' lengths, so that
    groups that agree in direction keep their size under any matching distance. A zero signal has no
    direction: its distance to anything is 1, and it does not pull. Where the directions cancel, every point
    is a barycenter, and it is 0.
    """

    by_layer = False

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return 1 − cos over the last dimension; the gradient is 0 at a zero signal."""
        return 1 - (direction(u_D) * direction(v_D)).sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the mean direction at the mean length, (D,)."""
        return solve(mean_direction, signals_GD, weights_G)


def direction(x_D: torch.Tensor) -> torch.Tensor:
    """Return x / ‖x‖ over the last dimension, and 0, with gradient 0, for x = 0."""
    length = torch.linalg.vector_norm(x_D, dim=-1, keepdim=True)
    return torch.where(length == 0, 0.0, x_D / torch.where(length == 0, 1.0, length))
