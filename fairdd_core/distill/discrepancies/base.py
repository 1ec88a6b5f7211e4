"""What a discrepancy between signals is, and how torch signals get to the NumPy solvers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import torch

from fairdd_core.distill.discrepancies.solvers import Solver


class Discrepancy(Protocol):
    """A discrepancy d(u, v) between signals, with its barycenter.

    ``u`` is what is given (the signal of a group, or a target) and ``v`` what is fitted to it. Most
    discrepancies are symmetric, so that it does not matter; Huber takes its scale from ``u``. One whose
    barycenter is the weighted mean sets ``linear = True``; then the signals of the groups are not computed
    where one weighted pass over their images gives the same.

    Attributes:
        by_layer: whether the barycenter is taken of a layer of signals as a whole, not row by row: because
            rows make no difference to it, or because it looks at the whole layer.
    """

    by_layer: bool

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return d over the last dimension; leading dimensions broadcast. Gradients are finite everywhere."""

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return argmin_m Σ_g w_g d(signal_g, m), (D,).

        The same for every order of the groups, up to rounding.

        Args:
            signals_GD: signals of the groups; unless ``by_layer``, also those of R rows, (R, G, D), of which
                every one has its own barycenter, (R, D).
            weights_G: non-negative weights that sum to 1; groups of weight 0 are ignored.
        """


@runtime_checkable
class Fitted(Protocol):
    """A discrepancy whose parameters come from the signals, the same for every arm."""

    def fitted(self, signals_CGD: torch.Tensor, present_CG: torch.Tensor) -> Discrepancy:
        """Return the discrepancy for these signals; the order of classes and groups does not matter.

        Args:
            signals_CGD: signals of all (class, group) cells.
            present_CG: 1 where the cell has images, else 0; other cells are ignored.
        """


def present(signals_GD: torch.Tensor, weights_G: torch.Tensor) -> tuple[torch.Tensor, np.ndarray]:
    """Return the signals (…, P, D) of the groups whose weight is not 0, and their weights (P,), of sum 1.

    Both are float64 whatever was given, so that the tolerances of the solvers hold.
    """
    kept_G = weights_G > 0
    weights_P = weights_G[kept_G].double().cpu().numpy()
    return signals_GD[..., kept_G, :].double(), weights_P / weights_P.sum()


def solve(solver: Solver, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
    """Return the barycenters (…, D) that a solver finds, on the signals' device and in their precision."""
    signals_PD, weights_P = present(signals_GD, weights_G)
    return torch.from_numpy(solver(signals_PD.cpu().numpy(), weights_P)).to(signals_GD)


def solve_in_span(solver: Solver, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
    """Return what ``solve`` does where only G × G numbers leave the device.

    A barycenter that depends on Euclidean distances only and lies in the affine span of G signals can be
    found in the at most G − 1 dimensions of that span, however many the signals have.

    Args:
        solver: one for which that is so.
        signals_GD: signals of the groups, (…, G, D).
        weights_G: their weights; groups of weight 0 are ignored.
    """
    signals_PD, weights_P = present(signals_GD, weights_G)
    mean_1D = signals_PD.mean(dim=-2, keepdim=True)
    offsets_PD = signals_PD - mean_1D
    points_PR = torch.linalg.qr(offsets_PD.mT, mode="r").R.mT.cpu().numpy()
    rows_NPR = points_PR.reshape(-1, *points_PR.shape[-2:])
    solved = [np.linalg.lstsq(p_PR.T, solver(p_PR, weights_P))[0] for p_PR in rows_NPR]
    coefficients_1P = torch.from_numpy(np.stack(solved)).to(offsets_PD).reshape(*points_PR.shape[:-2], 1, -1)
    return (mean_1D + coefficients_1P @ offsets_PD).squeeze(-2).to(signals_GD)
