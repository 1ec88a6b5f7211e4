"""Clouds of features for the tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from fairdd_core.distill.discrepancies.clouds.base import CloudDiscrepancy
from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES


def build(name: str) -> CloudDiscrepancy:
    discrepancy: CloudDiscrepancy = CLOUD_DISCREPANCIES[name].build()
    return discrepancy


def cloud(points: int, dimensions: int, seed: int = 0, shift: float = 0.0) -> torch.Tensor:
    """Return correlated points, of which no two dimensions are alike."""
    generator = torch.Generator().manual_seed(seed)
    mix_DD = torch.randn((dimensions, dimensions), generator=generator, dtype=torch.float64)
    return torch.randn((points, dimensions), generator=generator, dtype=torch.float64) @ mix_DD + shift


def some_clouds(dimensions: int = 3, sizes: Sequence[int] = (12, 5, 30)) -> list[torch.Tensor]:
    return [cloud(n, dimensions, seed=g, shift=2.0 * g) for g, n in enumerate(sizes)]


def barycenter(
    name: str, clouds: Sequence[torch.Tensor], support: int, weights: Sequence[float] = (), seed: int = 0
) -> torch.Tensor:
    weights_G = torch.tensor(weights or [1 / len(clouds)] * len(clouds), dtype=torch.float64)
    return build(name).barycenter(clouds, weights_G, support, torch.Generator().manual_seed(seed))


def objective(name: str, clouds: Sequence[torch.Tensor], points_SD: torch.Tensor) -> float:
    return float(np.mean([build(name)(u_ND, points_SD).item() for u_ND in clouds]))


def covariance(points_ND: torch.Tensor) -> torch.Tensor:
    return torch.cov(points_ND.T, correction=0)
