"""Moving images between NumPy and torch."""

from __future__ import annotations

import numpy as np
import torch

from fairdd_core.data.grouped import GroupedDataset, Normalisation


def normalised(
    dataset: GroupedDataset, index_N: np.ndarray, norm: Normalisation, device: torch.device
) -> torch.Tensor:
    """Return the chosen images, normalised, float32 (N, 3, H, W) on ``device``.

    Only these images are held as floats.
    """
    return torch.from_numpy(norm.apply(dataset.x_NCHW[index_N])).to(device)
