"""A few points of a high-dimensional space, in coordinates of the small flat that they span."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from fairdd_core.distill.discrepancies.base import present

Solver = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From points (P, R) with largest norm 1 and weights (P,) of sum 1 to coefficients (P,) of sum 1."""


def solve_in_hull(signals_GD: torch.Tensor, weights_G: torch.Tensor, solver: Solver) -> torch.Tensor:
    """Return the combination of signals that ``solver`` finds, (D,).

    Whatever depends on Euclidean distances only and lies in the convex hull of G points can be found in the
    at most G − 1 dimensions of their flat, however many dimensions there are around it. So only G × G numbers
    leave the device.

    Args:
        signals_GD: signals of the groups.
        weights_G: their weights; groups of weight 0 are ignored.
        solver: finds the coefficients.
    """
    signals_PD, weights_P = present(signals_GD, weights_G)
    centred_PD = signals_PD - signals_PD.mean(dim=0)
    points_PR = torch.linalg.qr(centred_PD.T, mode="r").R.T.cpu().numpy()
    scale = np.linalg.norm(points_PR, axis=1).max()
    w_P = weights_P.cpu().numpy() / weights_P.sum().item()
    coefficients_P = solver(points_PR / scale, w_P) if scale > 0 else w_P
    mixed_D = torch.from_numpy(coefficients_P).to(signals_PD.device) @ signals_PD
    return mixed_D.to(signals_GD.dtype)
