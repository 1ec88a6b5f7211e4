"""Discrepancies between clouds of features, with their barycenters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch


class CloudDiscrepancy(ABC):
    """A discrepancy d(u, v) between clouds: sets of feature vectors, of any two sizes.

    Where a ``Discrepancy`` compares the mean of a group with the mean of the synthetic images, this compares
    the distributions of their features. As there, ``u`` is given and ``v`` is fitted to it. The number of
    points does not matter: repeating all points of a cloud changes nothing.
    """

    linear = True  # in its mean: the mean of the barycenter is the mean of the groups' means

    @abstractmethod
    def __call__(
        self, u_ND: torch.Tensor, v_MD: torch.Tensor, mass_N: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return d, a scalar, differentiable in both clouds; 0 where they are the same, with gradient 0.

        Args:
            u_ND: the given cloud.
            v_MD: the cloud that is fitted to it; its points weigh the same.
            mass_N: non-negative weights of the points of ``u``, of any positive sum; None for equal ones.
                With them a mixture of groups is one cloud.
        """

    def barycenter(
        self,
        clouds: Sequence[torch.Tensor],
        weights_G: torch.Tensor,
        support: int,
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Return a cloud m of ``support`` points that minimises Σ_g w_g d(cloud_g, m), (support, D).

        The minimum is a local one, for the problem is not convex. Where the search starts depends on the
        generator and on the clouds' mixture by ``weights_G`` only, so neither the order of the groups, up to
        rounding, nor their sizes matter. The mean of the result is the weighted mean of the groups' means.

        Args:
            clouds: features (n_g, D) of every group.
            weights_G: non-negative weights that sum to 1; groups of weight 0 are ignored and may be empty.
            support: number of points.
            generator: of the start; ``support`` · D normal numbers are drawn from it, whatever the clouds.
        """
        groups = Groups(clouds, weights_G)
        return groups.restored(self._solve(groups, groups.start(support, generator)))

    @abstractmethod
    def _solve(self, groups: Groups, start_SD: np.ndarray) -> np.ndarray:
        """Return the barycenter of normalised groups, (S, D), searched from ``start``."""


def masses(points_ND: torch.Tensor, mass_N: torch.Tensor | None = None) -> torch.Tensor:
    """Return weights (N,) of sum 1, in the precision of the points; equal ones where none are given."""
    if mass_N is None:
        return points_ND.new_full((len(points_ND),), 1 / len(points_ND))
    return (mass_N / mass_N.sum()).to(points_ND.dtype)


def costs(u_ND: torch.Tensor, v_MD: torch.Tensor) -> np.ndarray:
    """Return squared distances (N, M), float64, of which the derivative is not needed."""
    with torch.no_grad():
        centre_D = u_ND.mean(dim=0)  # clouds far from 0 would cancel in float32
        distance_NM = torch.cdist(u_ND - centre_D, v_MD - centre_D)
    return distance_NM.cpu().double().numpy() ** 2


class Groups:
    """The groups of a barycenter, shifted and scaled to a mixture of mean 0 and mean squared length 1.

    Solvers run on these, in float64 on the CPU, so that their tolerances are relative to the clouds' spread.

    Attributes:
        clouds: (n_g, D) of every group whose weight is not 0.
        weights_P: their weights, of sum 1.
    """

    def __init__(self, clouds: Sequence[torch.Tensor], weights_G: torch.Tensor) -> None:
        kept = [g for g, weight in enumerate(weights_G.tolist()) if weight > 0]
        self._like = clouds[kept[0]]
        found = [clouds[g].detach().cpu().double().numpy() for g in kept]
        weights_P = weights_G.detach().cpu().double().numpy()[kept]
        self.weights_P: np.ndarray = weights_P / weights_P.sum()
        self._mean_D = self.weights_P @ np.stack([cloud.mean(axis=0) for cloud in found])
        centred = [cloud - self._mean_D for cloud in found]
        spread = self.weights_P @ np.array([(cloud**2).sum(axis=1).mean() for cloud in centred])
        self._scale = float(np.sqrt(spread)) or 1.0
        self.clouds: list[np.ndarray] = [cloud / self._scale for cloud in centred]

    def start(self, support: int, generator: torch.Generator) -> np.ndarray:
        """Return a first cloud (support, D) of mean 0, and of mean squared length 1 unless it is a point.

        Normal numbers, multiplied by the covariance of the mixture: so the points lie in the span of the
        clouds, along their main directions, and no group weighs more than its weight.
        """
        shape = (support, self.clouds[0].shape[1])
        drawn = torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)
        draw_SD = drawn.cpu().numpy()
        parts = zip(self.weights_P, self.clouds, strict=True)
        start_SD: np.ndarray = sum(w * (draw_SD @ cloud.T) @ cloud / len(cloud) for w, cloud in parts)
        start_SD = start_SD - start_SD.mean(axis=0)
        return start_SD / (np.sqrt((start_SD**2).sum() / support) or 1.0)

    def restored(self, points_SD: np.ndarray) -> torch.Tensor:
        """Return points in the place, scale, precision and device of the clouds that were given."""
        return torch.from_numpy(points_SD * self._scale + self._mean_D).to(self._like)
