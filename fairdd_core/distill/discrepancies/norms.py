"""Discrepancies that are norms of the difference."""

from __future__ import annotations

import torch

from fairdd_core.distill.discrepancies import solvers
from fairdd_core.distill.discrepancies.base import present, solve, solve_in_span


class SquaredL2:
    """d(u, v) = ‖u − v‖²; its barycenter is the weighted mean."""

    linear = True  # in the signals: the barycenter of linear signals is one weighted pass over the images
    by_layer = True

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return squared distances over the last dimension."""
        return (u_D - v_D).square().sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return Σ_g w_g signal_g, (D,)."""
        return weights_G @ signals_GD


class SmallestBall(SquaredL2):
    """d(u, v) = ‖u − v‖²; the centre minimises the largest distance, not the sum: argmin_m max_g d(Φ_g, m).

    Weights only decide which groups are present. The groups on the ball's surface decide where it lies; those
    inside could be anywhere in it. Squared distances add up over the rows of a layer, so the largest one is
    that of the layer: balls around every row would leave a group farther away.
    """

    linear = False  # unlike the mean, the centre needs the signal of every group

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the centre of the smallest enclosing ball, (D,), exact up to rounding."""
        return solve_in_span(solvers.ball_center, signals_GD, weights_G)


class L1:
    """d(u, v) = ‖u − v‖₁; its barycenter is the coordinate-wise weighted median, exact.

    Two groups meet halfway; see ``solvers.weighted_median``.
    """

    by_layer = True  # a median of coordinates does not know rows

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return Manhattan distances over the last dimension; the gradient is 0 where coordinates agree."""
        return (u_D - v_D).abs().sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the coordinate-wise weighted median, (D,)."""
        return solve(solvers.weighted_median, signals_GD, weights_G)


class L2:
    """d(u, v) = ‖u − v‖₂; its barycenter is the geometric median."""

    by_layer = False

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return Euclidean distances over the last dimension; the gradient is 0 where u = v."""
        distance: torch.Tensor = torch.linalg.vector_norm(u_D - v_D, dim=-1)
        return distance

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the geometric median, (D,)."""
        return solve_in_span(solvers.geometric_median, signals_GD, weights_G)


class LInf:
    """d(u, v) = max_i |u_i − v_i|; its barycenter comes from a linear program of G unknowns.

    Its solution is a radius for every group; the barycenter is the middle of what the radii allow in every
    coordinate, so that no group is favoured.
    """

    by_layer = False

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return the largest absolute differences over the last dimension; ties share the gradient."""
        return (u_D - v_D).abs().amax(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return ``solvers.box_center``, (D,), of which only the radii are found off the device."""
        signals_PD, weights_P = present(signals_GD, weights_G)
        distance_PP = torch.cdist(signals_PD, signals_PD, p=float("inf")).cpu().numpy()
        radii_P1 = torch.from_numpy(solvers.best_radii(distance_PP, weights_P)).to(signals_PD)[..., None]
        lowest_D, highest_D = (signals_PD - radii_P1).amax(dim=-2), (signals_PD + radii_P1).amin(dim=-2)
        return ((lowest_D + highest_D) / 2).to(signals_GD)
