"""Bures-Wasserstein distance: clouds as normal distributions."""

from __future__ import annotations

import numpy as np
import torch

from fairdd_core.distill.discrepancies.clouds.base import CloudDiscrepancy, Groups, masses

RANK = 1e-7
"""Singular values smaller than this, relative to the largest, are 0."""
TOLERANCE = 1e-6
"""What a step of the barycenter still gains, relative to the groups' spread; all further ones together gain
some ten to a hundred times as much."""
MAX_STEPS = 200  # 10 to 30 are usual
POWER_STEPS = 3
"""That bring the start near to the principal subspace of the groups."""


class BuresWasserstein(CloudDiscrepancy):
    """d(u, v) = W₂² between N(mean, covariance) of u and of v.

    That is ‖m_u − m_v‖² + tr(C_u + C_v − 2 (C_u^½ C_v C_u^½)^½). Clouds have fewer points than their features
    have dimensions, so their D × D covariances are of low rank, and POT's formulas for them (D³ operations,
    roots of eigenvalues that rounding makes negative) do not serve. With the centred points, divided by the
    root of their number, as rows of A and B, C_u = AᵀA and C_v = BᵀB, and the last trace is the sum of the
    singular values of A Bᵀ, N × M numbers, and no shrinkage is needed. Where D is small POT agrees; a
    test holds the two together.

    The barycenter is the best among clouds of ``support`` points, whose covariance has a rank below
    ``support``: with one more point than the groups have dimensions it is the barycenter of the normal
    distributions itself. Singular vectors U, V of A_g Bᵀ turn A_g towards B, and B is replaced by the mean of
    the turned A_g, Σ_g w_g V_g U_gᵀ A_g; this never moves it away. Any rotation of the points among
    each other has the same mean and covariance; the generator picks one.
    """

    def __call__(
        self, u_ND: torch.Tensor, v_MD: torch.Tensor, mass_N: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the squared distance; see ``CloudDiscrepancy``."""
        u_D, a_ND = _mean_and_factor(u_ND, masses(u_ND, mass_N))
        v_D, b_MD = _mean_and_factor(v_MD, masses(v_MD))
        turned_MD = _turn(a_ND.detach(), b_MD.detach()) @ a_ND
        # ‖turned‖ ≤ ‖A‖, and what the turn leaves out of A belongs to the distance.
        left_out = (a_ND.square().sum() - turned_MD.square().sum()).clamp(min=0)
        return (u_D - v_D).square().sum() + (turned_MD - b_MD).square().sum() + left_out

    def _solve(self, groups: Groups, start_SD: np.ndarray) -> np.ndarray:
        """Return the barycenter, (support, D), to within ``TOLERANCE``."""
        weights = groups.weights_P.tolist()
        factors = [torch.from_numpy((c - c.mean(axis=0)) / np.sqrt(len(c))) for c in groups.clouds]
        factor_SD = 0 * torch.from_numpy(start_SD)
        if len(start_SD) > 1:
            factor_SD = _in_principal_subspace(torch.from_numpy(start_SD), weights, factors)
        objective = float("inf")
        for _ in range(MAX_STEPS):
            turned = [_turn(a_ND, factor_SD) @ a_ND for a_ND in factors]
            before, objective = objective, _objective(factor_SD, weights, turned)
            if before - objective <= TOLERANCE:
                break
            factor_SD = _mean(weights, turned)
        return np.asarray(factor_SD.numpy() * np.sqrt(len(start_SD)))


def _mean_and_factor(points_ND: torch.Tensor, mass_N: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean (D,) and A (N, D) with AᵀA the covariance."""
    mean_D = mass_N @ points_ND
    return mean_D, mass_N.sqrt()[:, None] * (points_ND - mean_D)


def _turn(a_ND: torch.Tensor, b_MD: torch.Tensor) -> torch.Tensor:
    """Return the matrix (M, N) of orthonormal rows, or zeros, that brings A nearest to B."""
    inner_NM = a_ND @ b_MD.T
    if not inner_NM.isfinite().all():
        return torch.full_like(inner_NM.T, torch.nan)  # as the loss will be; svd would raise
    left_NR, sizes_R, right_RM = torch.linalg.svd(inner_NM, full_matrices=False)
    kept_R = sizes_R > RANK * sizes_R.amax()
    turn_MN: torch.Tensor = (right_RM.T * kept_R) @ left_NR.T
    return turn_MN


def _mean(weights: list[float], turned: list[torch.Tensor]) -> torch.Tensor:
    """Return Σ_g w_g turned_g, (S, D), centred again: rounding would grow into one more dimension."""
    mean_SD = torch.stack([w * turned_SD for w, turned_SD in zip(weights, turned, strict=True)]).sum(dim=0)
    return mean_SD - mean_SD.mean(dim=0)


def _objective(factor_SD: torch.Tensor, weights: list[float], turned: list[torch.Tensor]) -> float:
    """Return Σ_g w_g d(C_g, BᵀB), less the part that B does not change."""
    return (factor_SD * (factor_SD - 2 * _mean(weights, turned))).sum().item()


def _in_principal_subspace(
    start_SD: torch.Tensor, weights: list[float], factors: list[torch.Tensor]
) -> torch.Tensor:
    """Return a centred factor (S, D) with rows in the main directions of the groups' mean covariance.

    The block power method finds them. Of all rotations of the rows the one nearest to ``start`` is taken, so
    that the signs and the order of the directions do not matter.
    """
    rows_KD = torch.cat([w**0.5 * a_ND for w, a_ND in zip(weights, factors, strict=True)])
    basis_DR: torch.Tensor = torch.linalg.qr(start_SD[1:].T).Q
    for _ in range(POWER_STEPS):
        basis_DR = torch.linalg.qr(rows_KD.T @ (rows_KD @ basis_DR)).Q
    return _turn(basis_DR.T @ basis_DR, start_SD @ basis_DR) @ basis_DR.T
