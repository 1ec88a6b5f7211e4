"""Sinkhorn divergence: transport with entropy, corrected for it."""

from __future__ import annotations

import numpy as np
import ot
import torch

from fairdd_core.distill.discrepancies.clouds.base import CloudDiscrepancy, Groups, costs, masses
from fairdd_core.distill.discrepancies.clouds.wasserstein import exact_plan

REGULARISATION = 0.1
"""ε relative to the mean squared distance of the given cloud's points from their mean."""
SHARP = 1e-3
"""Where ε is below this share of the largest cost the exact plan is taken, from which it hardly differs:
the number of Sinkhorn's steps grows with the inverse."""
MARGINAL = 1e-6
"""How far the masses of a plan may be off, in Euclidean norm."""
PLAN_STEPS = 1000  # 20 to 400 are usual
TOLERANCE = 5e-3
"""How far the barycenter's points still move in a step, as a root mean square relative to the groups'
spread."""
MAX_STEPS = 60  # 10 to 50 are usual; twice, see below
ROUGHLY, WELL = 20, 400
"""Steps of Sinkhorn in every step of the barycenter, on the way and at the end; each goes on where the one
before it stopped."""

Potentials = tuple[np.ndarray, np.ndarray]


class Sinkhorn(CloudDiscrepancy):
    """d(u, v) = OT(u, v) − OT(u, u) / 2 − OT(v, v) / 2, where a plan pays for how sharp it is.

    OT(u, v) = min_P Σ_ij P_ij ‖u_i − v_j‖² + ε KL(P ‖ independent), by POT's Sinkhorn iteration, stabilised
    in the log domain. ε is a tenth of the mean squared distance of the points of ``u`` from their mean. The
    last two terms make d(u, u) = 0 (Genevay, Peyré and Cuturi, AISTATS 2018; Feydy and others, AISTATS 2019).
    Without them, as in POT's own Sinkhorn barycenter, the best v is drawn together: at this ε that of ten
    groups of 64 points with 2 048 features was a single point.

    The barycenter has a free support. A point moves by what the groups carry into it, less what the cloud
    itself carries into it: down the gradient of Σ_g w_g d(cloud_g, m), by less where that overshoots.
    """

    def __call__(
        self, u_ND: torch.Tensor, v_MD: torch.Tensor, mass_N: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the divergence; see ``CloudDiscrepancy``. ε counts as a constant in the gradient."""
        mass_N, mass_M = masses(u_ND, mass_N), masses(v_MD)
        u_D, v_D = mass_N @ u_ND, mass_M @ v_MD
        # Shifts move no plan, so they are set apart; what is left of the costs are inner products, for the
        # squared lengths in the three terms cancel.
        u_ND, v_MD = u_ND - u_D, v_MD - v_D
        epsilon = _epsilon(u_ND, mass_N)
        across = _transport(u_ND, v_MD, mass_N, mass_M, epsilon)
        given, fitted = (_transport(x, x, m, m, epsilon) for x, m in ((u_ND, mass_N), (v_MD, mass_M)))
        return (u_D - v_D).square().sum() + across - (given + fitted) / 2

    def _solve(self, groups: Groups, start_SD: np.ndarray) -> np.ndarray:
        """Return the barycenter, (support, D), to within ``TOLERANCE``."""
        pulls = [_Pull(torch.from_numpy(cloud), len(start_SD)) for cloud in groups.clouds]
        points_SD = torch.from_numpy(start_SD)
        for plan_steps in (ROUGHLY, WELL):
            points_SD = _descend(points_SD, groups.weights_P.tolist(), pulls, plan_steps)
        return np.asarray(points_SD.numpy())


def _descend(
    points_SD: torch.Tensor, weights: list[float], pulls: list[_Pull], plan_steps: int
) -> torch.Tensor:
    """Return the points (S, D), of mean 0, where the pulls of all groups are in balance."""
    rate, before = 1.0, float("inf")
    for _ in range(MAX_STEPS):
        own_SS = costs(points_SD, points_SD)
        parts = zip(weights, pulls, strict=True)
        step_SD = torch.stack([w * pull(points_SD, own_SS, plan_steps) for w, pull in parts]).sum(dim=0)
        length = step_SD.square().sum().item()
        if length <= len(points_SD) * TOLERANCE**2:
            break
        rate, before = rate * (0.7 if length > before else 1.0), length
        points_SD = points_SD + rate * step_SD
        points_SD = points_SD - points_SD.mean(dim=0)
    return points_SD


class _Pull:
    """What one group carries into the points of a barycenter, from one step to the next."""

    def __init__(self, cloud_ND: torch.Tensor, support: int) -> None:
        self._cloud_ND, self._mass_N = cloud_ND, masses(cloud_ND)
        self._epsilon = _epsilon(cloud_ND - cloud_ND.mean(dim=0), self._mass_N)
        self._mass_S = torch.full((support,), 1 / support, dtype=cloud_ND.dtype)
        self._potentials: list[Potentials | None] = [None, None]

    def __call__(self, points_SD: torch.Tensor, own_SS: np.ndarray, steps: int) -> torch.Tensor:
        """Return minus the derivative of d(cloud, points), times S / 2, (S, D).

        Args:
            points_SD: the barycenter so far.
            own_SS: its costs to itself, which are the same for all groups.
            steps: of Sinkhorn, at most.
        """
        across_SN = self._plan(0, costs(points_SD, self._cloud_ND), self._mass_N, steps)
        within_SS = self._plan(1, own_SS, self._mass_S, steps)
        carried_SD = torch.from_numpy(across_SN) @ self._cloud_ND - torch.from_numpy(within_SS) @ points_SD
        return len(points_SD) * carried_SD

    def _plan(self, k: int, cost: np.ndarray, mass: torch.Tensor, steps: int) -> np.ndarray:
        plan, self._potentials[k] = _plan(cost, self._mass_S, mass, self._epsilon, steps, self._potentials[k])
        return plan


def _epsilon(centred_ND: torch.Tensor, mass_N: torch.Tensor) -> float:
    return REGULARISATION * (mass_N @ centred_ND.detach().square().sum(dim=-1)).item()


def _transport(
    u_ND: torch.Tensor, v_MD: torch.Tensor, mass_N: torch.Tensor, mass_M: torch.Tensor, epsilon: float
) -> torch.Tensor:
    """Return OT(u, v) less the points' mean squared lengths; the plan counts as a constant."""
    plan_NM, _ = _plan(costs(u_ND, v_MD), mass_N, mass_M, epsilon, PLAN_STEPS)
    independent_NM = np.outer(plan_NM.sum(axis=1), plan_NM.sum(axis=0))
    held = plan_NM > 0
    price = epsilon * float((plan_NM[held] * np.log(plan_NM[held] / independent_NM[held])).sum())
    return price - 2 * (torch.from_numpy(plan_NM).to(u_ND) * (u_ND @ v_MD.T)).sum()


def _plan(
    cost_NM: np.ndarray,
    mass_N: torch.Tensor,
    mass_M: torch.Tensor,
    epsilon: float,
    steps: int,
    potentials: Potentials | None = None,
) -> tuple[np.ndarray, Potentials | None]:
    """Return the best plan (N, M), and the potentials with which to go on from it."""
    if not epsilon > SHARP * cost_NM.max():
        return exact_plan(mass_N, mass_M, cost_NM), None
    if potentials is None:
        # So that no point is so far from all others that its row of exp(−cost / ε) vanishes.
        nearest_N = cost_NM.min(axis=1)
        potentials = nearest_N, (cost_NM - nearest_N[:, None]).min(axis=0)
    plan_NM, log = ot.bregman.sinkhorn_stabilized(
        *(mass.detach().cpu().double().numpy() for mass in (mass_N, mass_M)),
        cost_NM,
        epsilon,
        numItermax=steps,
        stopThr=MARGINAL,
        warmstart=potentials,
        warn=False,
        log=True,
    )
    return plan_NM, log["warmstart"]
