"""The ConvNet of the dataset distillation literature, and a variant for testing."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.errors import UserError
from fairdd_core.nets.base import Net


class ConvNet(Net):
    """``depth`` × [3×3 convolution, instance norm (affine), ReLU, 2×2 average pool], then a linear head.

    As in Dataset Condensation (Zhao and Bilen, 2021) and all its successors. ``width`` is the channels of
    every convolution.

    Raises:
        UserError: when the image is too small for the depth.
    """

    @staticmethod
    def norm(channels: int) -> nn.Module:
        """Return the norm layer of a block."""
        return nn.InstanceNorm2d(channels, affine=True)

    def __init__(self, spec: NetSpec, side: int, classes: int) -> None:
        if side >> spec.depth < 1:
            most = side.bit_length() - 1
            raise UserError("network.depth", f"at most {most} for {side}×{side} images", spec.depth)
        channels = [3, *[spec.width] * spec.depth]
        blocks = [
            nn.Sequential(
                nn.Conv2d(before, after, kernel_size=3, padding=1),
                self.norm(after),
                nn.ReLU(),
                nn.AvgPool2d(2),
            )
            for before, after in pairwise(channels)
        ]
        super().__init__(blocks, spec.width * (side >> spec.depth) ** 2, classes)


class ConvNetBN(ConvNet):
    """``ConvNet`` with batch norm, for testing only: in training, an output depends on the whole batch."""

    @staticmethod
    def norm(channels: int) -> nn.Module:
        """Return the norm layer of a block."""
        return nn.BatchNorm2d(channels)
