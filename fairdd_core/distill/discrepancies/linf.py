"""Largest difference in any coordinate."""

from __future__ import annotations

import numpy as np
import torch

from fairdd_core.distill.discrepancies.base import present

TOLERANCE = 1e-7
"""Of the objective, relative to the largest distance."""
CENTRING = 0.1
"""Share of the gap between primal and dual that a step leaves."""
MAX_STEPS = 100  # 12 to 20 are usual


class LInf:
    """d(u, v) = max_i |u_i − v_i|; its barycenter comes from a linear program of G unknowns.

    A point within t_g of every signal g exists if and only if t_g + t_h ≥ ‖Φ_g − Φ_h‖_∞ for every pair,
    because intervals that meet pairwise have a point in common, coordinate by coordinate. So the radii t
    minimise Σ_g w_g t_g under one constraint per pair, whatever the dimension. Of all best radii some in the
    middle are taken, and in every coordinate the middle of what they allow, so that no group is favoured.
    """

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return the largest absolute differences over the last dimension; ties share the gradient."""
        return (u_D - v_D).abs().amax(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return a minimiser, (D,), with the objective within ``TOLERANCE`` of its minimum."""
        signals_PD, weights_P = present(signals_GD, weights_G)
        distance_PP = torch.cdist(signals_PD, signals_PD, p=float("inf")).cpu().numpy()
        w_P = weights_P.cpu().numpy() / weights_P.sum().item()
        radii_P = torch.from_numpy(best_radii(distance_PP, w_P)).to(signals_PD.device)[:, None]
        lowest_D, highest_D = (signals_PD - radii_P).amax(dim=0), (signals_PD + radii_P).amin(dim=0)
        return ((lowest_D + highest_D) / 2).to(signals_GD.dtype)


def best_radii(distance_PP: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return t (P,) that minimises w·t under t_g + t_h ≥ distance_gh and t ≥ 0.

    Args:
        distance_PP: ‖Φ_g − Φ_h‖_∞.
        weights_P: positive weights of sum 1.
    """
    scale = distance_PP.max()
    if scale == 0:
        return np.zeros(len(weights_P))
    one, other = np.triu_indices(len(weights_P), k=1)
    unit_PP = np.eye(len(weights_P))
    rows_KP = np.concatenate([unit_PP[one] + unit_PP[other], unit_PP])
    limits_K = np.concatenate([distance_PP[one, other] / scale, np.zeros(len(weights_P))])
    return scale * _interior_point(weights_P, rows_KP, limits_K)


def _interior_point(cost_P: np.ndarray, rows_KP: np.ndarray, limits_K: np.ndarray) -> np.ndarray:
    """Return x (P,) that minimises cost·x under rows @ x ≥ limits, none of which is much larger than 1.

    The primal-dual interior-point method. It treats all constraints alike, so the order of the groups does
    not matter, and where there are many solutions it ends in their midst, unlike the simplex method.
    """
    x_P = np.ones(len(cost_P))
    slack_K = rows_KP @ x_P - limits_K + 0.1
    price_K = np.full(len(limits_K), 1 / len(limits_K))
    for _ in range(MAX_STEPS):
        gap = slack_K @ price_K
        if gap <= TOLERANCE:
            break
        short_K = limits_K - rows_KP @ x_P + slack_K
        unpaid_P = cost_P - rows_KP.T @ price_K
        aim_K = CENTRING * gap / len(limits_K) - slack_K * price_K
        ratio_K = price_K / slack_K
        matrix_PP = rows_KP.T @ (ratio_K[:, None] * rows_KP)
        step_P = np.linalg.solve(matrix_PP, rows_KP.T @ (aim_K / slack_K + ratio_K * short_K) - unpaid_P)
        slack_step_K = rows_KP @ step_P - short_K
        price_step_K = aim_K / slack_K - ratio_K * slack_step_K
        reach = min(_reach(slack_K, slack_step_K), _reach(price_K, price_step_K))
        x_P, slack_K = x_P + reach * step_P, slack_K + reach * slack_step_K
        price_K = price_K + reach * price_step_K
    return x_P


def _reach(values_K: np.ndarray, steps_K: np.ndarray) -> float:
    """Return how much of a step, at most all, keeps the values positive."""
    return float(min(1.0, 0.95 / max((-steps_K / values_K).max(), 1e-300)))
