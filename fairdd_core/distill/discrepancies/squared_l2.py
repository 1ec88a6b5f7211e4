"""Squared Euclidean distance."""

from __future__ import annotations

import torch


class SquaredL2:
    """d(u, v) = ‖u − v‖²; its barycenter is the weighted mean."""

    linear = True  # in the signals: the barycenter of linear signals is one weighted pass over the images

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return squared distances over the last dimension."""
        return (u_D - v_D).square().sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return Σ_g w_g signal_g, (D,)."""
        return weights_G @ signals_GD
