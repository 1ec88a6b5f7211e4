"""A distance between signals that knows its own barycenter."""

from __future__ import annotations

from typing import Protocol

import torch


class Discrepancy(Protocol):
    """A discrepancy d(u, v) between signals."""

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return d over the last dimension; leading dimensions broadcast."""

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return argmin_m Σ_g w_g d(signal_g, m), (D,).

        Args:
            signals_GD: signals of the groups.
            weights_G: non-negative weights that sum to 1; groups of weight 0 are ignored.
        """
