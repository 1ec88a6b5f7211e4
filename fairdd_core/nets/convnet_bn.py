"""The ConvNet with batch norm, as a test network of another kind."""

from __future__ import annotations

from torch import nn

from fairdd_core.nets.convnet import ConvNet


class ConvNetBN(ConvNet):
    """``ConvNet`` with batch norm. While it is trained, an image's output depends on the batch it is in."""

    @staticmethod
    def norm(channels: int) -> nn.Module:
        """Return the norm layer of a block."""
        return nn.BatchNorm2d(channels)
