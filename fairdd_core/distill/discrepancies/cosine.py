"""Cosine distance."""

from __future__ import annotations

import torch

from fairdd_core.distill.discrepancies.base import present

CANCELLED = 1e-6
"""Directions whose weighted sum is shorter than this cancel each other."""


class Cosine:
    """d(u, v) = 1 − cos(u, v); its barycenter points along Σ_g w_g Φ_g / ‖Φ_g‖, in closed form.

    The distance does not see lengths. The barycenter's is the weighted mean of the signals' lengths, so that
    groups that agree in direction keep their size under any matching distance. A zero signal has no
    direction: its distance to anything is 1, and it pulls nowhere. Where the directions cancel, every point
    is a barycenter, and it is 0.
    """

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return 1 − cos over the last dimension; the gradient is 0 at a zero signal."""
        return 1 - (direction(u_D) * direction(v_D)).sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the mean direction at the mean length, (D,)."""
        signals_PD, weights_P = present(signals_GD, weights_G)
        towards_D = weights_P @ direction(signals_PD) / weights_P.sum()
        length = weights_P @ signals_PD.norm(dim=-1) / weights_P.sum()
        cancelled = towards_D.norm() < CANCELLED
        return torch.where(cancelled, 0.0, length * direction(towards_D)).to(signals_GD.dtype)


def direction(x_D: torch.Tensor) -> torch.Tensor:
    """Return x / ‖x‖ over the last dimension, and 0, with gradient 0, for x = 0."""
    length = torch.linalg.vector_norm(x_D, dim=-1, keepdim=True)
    nowhere = length == 0
    return torch.where(nowhere, 0.0, x_D / torch.where(nowhere, 1.0, length))
