"""A distance between signals that knows its own barycenter."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch


class Discrepancy(Protocol):
    """A discrepancy d(u, v) between signals.

    ``u`` is what is given (the signal of a group, or a target) and ``v`` what is fitted to it. Most
    discrepancies are symmetric, so that it does not matter; Huber takes its scale from ``u``. One whose
    barycenter is the weighted mean says so with ``linear = True``, and is spared the groups' signals where a
    weighted pass over their images gives the same.
    """

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return d over the last dimension; leading dimensions broadcast. Gradients are finite everywhere."""

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return argmin_m Σ_g w_g d(signal_g, m), (D,).

        The same for every order of the groups, up to rounding.

        Args:
            signals_GD: signals of the groups.
            weights_G: non-negative weights that sum to 1; groups of weight 0 are ignored.
        """


@runtime_checkable
class Fitted(Protocol):
    """A discrepancy that takes parameters from the signals at hand, the same for every arm."""

    def fitted(self, signals_CGD: torch.Tensor, present_CG: torch.Tensor) -> Discrepancy:
        """Return the discrepancy for these signals; the order of classes and groups does not matter.

        Args:
            signals_CGD: signals of all (class, group) cells.
            present_CG: 1 where the cell has images, else 0; other cells are ignored.
        """


def fitted(discrepancy: Discrepancy, signals_CGD: torch.Tensor, present_CG: torch.Tensor) -> Discrepancy:
    """Return a discrepancy as it is for these signals: itself, unless it takes parameters from them."""
    return discrepancy.fitted(signals_CGD, present_CG) if isinstance(discrepancy, Fitted) else discrepancy


def present(signals_GD: torch.Tensor, weights_G: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the signals (P, D) and weights (P,) of the groups whose weight is not 0, in float64.

    Solvers work in float64 whatever the signals are in, so that their tolerances hold.
    """
    kept_G = weights_G > 0
    return signals_GD[kept_G].double(), weights_G[kept_G].double()
