"""Distribution Matching (Zhao and Bilen, WACV 2023, arXiv 2110.04181)."""

from __future__ import annotations

import torch

from fairdd_core.distill.backbones.base import Signal
from fairdd_core.nets.base import Net

CHUNK = 256


class DistributionMatching:
    """The signal is the mean embedding: linear in the images' weights, so any weighted mean is one pass."""

    def signals(self, net: Net, x_NCHW: torch.Tensor, weights_MN: torch.Tensor) -> Signal:
        """Return weighted means of embeddings; see ``Backbone``."""
        chunks = zip(x_NCHW.split(CHUNK), weights_MN.split(CHUNK, dim=1), strict=True)
        # Summed chunk by chunk, so that memory does not grow with the number of real images.
        return (torch.stack([weights @ net.embed(x) for x, weights in chunks]).sum(dim=0),)
