"""Huber's distance: squared for small differences, absolute for large ones."""

from __future__ import annotations

import torch

from fairdd_core.distill.discrepancies.base import present

SHARE = 0.3
"""δ as a share of the signal's root mean square. In embeddings of coloured digits under random networks about
half of the differences from the groups' mean are beyond it."""
FLOOR = 1e-9
"""Smallest δ in a barycenter, relative to the largest coordinate: its corners must stay apart in float64."""
TIE = 1e-6
"""Slopes this small are 0; the weights, of sum 1, are known no better in float32."""


class Huber:
    """d(u, v) = Σ_i h(u_i − v_i), h(r) = r² / 2δ for |r| ≤ δ and |r| − δ/2 beyond, with δ = 0.3 · rms(u).

    So one coordinate pulls in proportion to its distance up to δ and with 1 from there on: a Manhattan
    distance with a rounded corner. δ follows the scale of the signal, for embeddings and gradients differ by
    orders of magnitude; it follows the given one, ``u``, so that what is fitted cannot buy itself a smaller
    distance.

    In every coordinate the slope of the barycenter's objective is piecewise linear with two corners per
    group, so its zero is found exactly. Where it is 0 over an interval, the middle of that is taken.
    """

    def __call__(self, u_D: torch.Tensor, v_D: torch.Tensor) -> torch.Tensor:
        """Return distances over the last dimension."""
        away_D = (u_D - v_D).abs()
        # The root keeps the clamp off denormal numbers, which divide badly.
        delta_1 = corner(u_D).clamp(min=torch.finfo(u_D.dtype).tiny ** 0.5)
        near_D = torch.minimum(away_D, delta_1)
        return (near_D / delta_1 * (away_D - near_D / 2)).sum(dim=-1)

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the barycenter, (D,), exact up to rounding, ``FLOOR`` and ``TIE``."""
        signals_PD, weights_P = present(signals_GD, weights_G)
        largest = signals_PD.abs().max()
        if largest == 0:
            return signals_GD[0] * 0
        delta_P1 = corner(signals_PD).clamp(min=(FLOOR * largest).item())
        corners_KD = torch.cat([signals_PD - delta_P1, signals_PD + delta_P1]).sort(dim=0).values
        slope_KD = torch.zeros_like(corners_KD)
        for signal_D, delta_1, weight in zip(signals_PD, delta_P1, weights_P / weights_P.sum(), strict=True):
            slope_KD += weight * ((corners_KD - signal_D) / delta_1).clamp(-1, 1)
        lower_D = _zero(corners_KD, slope_KD, (slope_KD < -TIE).sum(dim=0))
        upper_D = _zero(corners_KD, slope_KD, (slope_KD <= TIE).sum(dim=0))
        return ((lower_D + upper_D) / 2).to(signals_GD.dtype)


def corner(u_D: torch.Tensor) -> torch.Tensor:
    """Return δ of a signal, with a last dimension of 1."""
    return SHARE * torch.linalg.vector_norm(u_D, dim=-1, keepdim=True) / u_D.shape[-1] ** 0.5


def _zero(corners_KD: torch.Tensor, slope_KD: torch.Tensor, after_D: torch.Tensor) -> torch.Tensor:
    """Return where the slope is 0 between corners ``after − 1`` and ``after`` of every coordinate, (D,)."""
    ends_2D = torch.stack([after_D - 1, after_D])
    at_2D, slope_2D = corners_KD.gather(0, ends_2D), slope_KD.gather(0, ends_2D)
    share_D = (-slope_2D[0] / (slope_2D[1] - slope_2D[0])).clamp(0, 1)
    return at_2D[0] + share_D * (at_2D[1] - at_2D[0])
