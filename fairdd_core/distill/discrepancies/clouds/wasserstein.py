"""Wasserstein distance, by exact transport."""

from __future__ import annotations

import numpy as np
import ot
import torch

from fairdd_core.distill.discrepancies.clouds.base import CloudDiscrepancy, Groups, costs, masses

TOLERANCE = 1e-6
"""How far a point of the barycenter still moves, relative to the groups' spread; it descends all the way."""
MAX_STEPS = 100  # 10 to 60 are usual


class Wasserstein(CloudDiscrepancy):
    """d(u, v) = W₂²: the least mean squared distance over which u can be carried into v.

    The plan comes from POT's network simplex, exact up to the rounding of the costs. Near it the best plan
    stays the same, so the gradient is that of the cost under it: every point of v is pulled towards the mean
    of what is carried into it.

    The barycenter has a free support: POT repeatedly moves each point to the weighted mean of what all groups
    carry into it (Cuturi and Doucet, ICML 2014), until the plans change no more.
    """

    def __call__(
        self, u_ND: torch.Tensor, v_MD: torch.Tensor, mass_N: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return W₂²; see ``CloudDiscrepancy``."""
        plan_NM = exact_plan(masses(u_ND, mass_N), masses(v_MD), costs(u_ND, v_MD))
        rows, columns = np.nonzero(plan_NM)
        carried_K = torch.from_numpy(plan_NM[rows, columns]).to(v_MD)
        return carried_K @ (u_ND[rows] - v_MD[columns]).square().sum(dim=-1)

    def _solve(self, groups: Groups, start_SD: np.ndarray) -> np.ndarray:
        """Return the barycenter, (support, D), in which no point moves by more than ``TOLERANCE``."""
        if not np.isfinite(start_SD).all():
            return start_SD  # the solver would not end
        points_SD: np.ndarray = ot.lp.free_support_barycenter(
            groups.clouds,
            [np.full(len(cloud), 1 / len(cloud)) for cloud in groups.clouds],
            start_SD,
            weights=groups.weights_P,
            numItermax=MAX_STEPS,
            stopThr=TOLERANCE**2,
        )
        return points_SD


def exact_plan(mass_N: torch.Tensor, mass_M: torch.Tensor, cost_NM: np.ndarray) -> np.ndarray:
    """Return the cheapest plan, (N, M); costs that are not numbers give any, for the solver would not end."""
    a_N, b_M = (mass.detach().cpu().double().numpy() for mass in (mass_N, mass_M))
    a_N, b_M = a_N / a_N.sum(), b_M / b_M.sum()
    if not np.isfinite(cost_NM).all():
        return np.outer(a_N, b_M)
    plan_NM: np.ndarray = ot.emd(a_N, b_M, cost_NM)
    return plan_NM
