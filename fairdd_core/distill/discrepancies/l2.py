"""Euclidean distance."""

from __future__ import annotations

import numpy as np
import torch

from fairdd_core.distill.discrepancies.hull import solve_in_hull

TOLERANCE = 1e-9
"""Of the objective, relative to the spread of the points, and of pulls, of which all together are 1."""
COINCIDENT = 1e-12
"""Points closer than this, relative to their spread, are one point."""
SMOOTHING = 10.0 ** -np.arange(1, 11)
STEPS = 25
"""At most, for every degree of smoothing; two to five are usual."""


class L2:
    """d(u, v) = ‖u − v‖₂; its barycenter is the geometric median.

    A point is itself the median when the others pull at it with no more than its own weight (Vardi and Zhang,
    PNAS 2000). Otherwise Newton's method follows the minimum of Σ_g w_g √(‖Φ_g − m‖² + ε²) as ε goes to 0:
    neither points that nearly coincide nor those close to the median slow it down, as they do Weiszfeld's
    iteration. Where there are several medians (points on a line with half of the weight on either side of a
    gap) it is the middle of the gap.
    """

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return Euclidean distances over the last dimension; the gradient is 0 where u = v."""
        return torch.linalg.vector_norm(u_D - v_D, dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the geometric median, (D,), with the objective within ``TOLERANCE`` of its minimum."""
        return solve_in_hull(signals_GD, weights_G, geometric_median)


def geometric_median(points_PR: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return the coefficients (P,) of the geometric median in the points; see ``hull.Solver``."""
    optimal_P = _optimal_points(points_PR, weights_P)
    if optimal_P.any():
        return optimal_P / optimal_P.sum()
    at_R = weights_P @ points_PR
    for epsilon in SMOOTHING:
        for _ in range(STEPS):
            step_R = _step(points_PR, weights_P, at_R, epsilon)
            at_R = at_R + step_R
            if np.linalg.norm(step_R) <= 0.01 * epsilon:
                break
    pull_P = weights_P / _distances(points_PR - at_R, SMOOTHING[-1])
    coefficients_P: np.ndarray = pull_P / pull_P.sum()  # Weiszfeld's, of which the minimum is the fixed point
    return coefficients_P


def _optimal_points(points_PR: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return 1.0 for each point that is itself a median, else 0.0, (P,)."""
    offsets_PPR = points_PR[None] - points_PR[:, None]
    distance_PP = np.linalg.norm(offsets_PPR, axis=-1)
    here_PP = distance_PP <= COINCIDENT
    pull_PP = np.where(here_PP, 0.0, weights_P / np.where(here_PP, 1.0, distance_PP))
    pull_PR = np.einsum("pq,pqr->pr", pull_PP, offsets_PPR)
    own_P = here_PP @ weights_P
    return (np.linalg.norm(pull_PR, axis=1) <= own_P + TOLERANCE).astype(float)


def _distances(offsets_PR: np.ndarray, epsilon: float) -> np.ndarray:
    smoothed_P: np.ndarray = np.sqrt((offsets_PR**2).sum(axis=1) + epsilon**2)
    return smoothed_P


def _step(points_PR: np.ndarray, weights_P: np.ndarray, at_R: np.ndarray, epsilon: float) -> np.ndarray:
    """Return Newton's step, halved until it descends enough, or Weiszfeld's, which always descends."""
    offsets_PR = points_PR - at_R
    distance_P = _distances(offsets_PR, epsilon)
    pull_P = weights_P / distance_P
    gradient_R = -pull_P @ offsets_PR
    towards_PR = offsets_PR / distance_P[:, None]
    hessian_RR = pull_P.sum() * np.eye(len(at_R)) - (pull_P[:, None] * towards_PR).T @ towards_PR
    step_R: np.ndarray = -np.linalg.lstsq(hessian_RR, gradient_R, rcond=1e-15)[0]
    now, slope = weights_P @ distance_P, gradient_R @ step_R
    for _ in range(20):
        # Near the minimum the descent is lost in rounding, so as much is allowed for.
        if weights_P @ _distances(offsets_PR - step_R, epsilon) <= now + 0.1 * slope + 1e-15:
            return step_R
        step_R, slope = step_R / 2, slope / 2
    weiszfeld_R: np.ndarray = -gradient_R / pull_P.sum()
    return weiszfeld_R
