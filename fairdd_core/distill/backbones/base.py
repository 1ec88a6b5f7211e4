"""What a matching-based distillation method matches."""

from __future__ import annotations

from typing import Protocol

import torch

from fairdd_core.nets.base import Net

Signal = tuple[torch.Tensor, ...]
"""One tensor (M, D) for every matched layer."""


class Backbone(Protocol):
    """Maps images to the signals that distillation matches."""

    def signals(self, net: Net, x_NCHW: torch.Tensor, weights_MN: torch.Tensor) -> Signal:
        """Return M signals of weighted sets of images.

        Args:
            net: the matching network.
            x_NCHW: normalised images.
            weights_MN: row m holds the weight of every image in set m; a row sums to 1, or to 0 for an
                empty set, whose signal is then 0.

        Returns:
            For every matched layer a tensor (M, D), differentiable in ``x_NCHW``.
        """
