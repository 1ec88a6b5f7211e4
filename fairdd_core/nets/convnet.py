"""The ConvNet of the dataset distillation literature."""

from __future__ import annotations

import torch
from torch import nn

from fairdd_core.nets.base import Net
from fairdd_core.nets.spec import NetSpec


class ConvNet(Net):
    """``depth`` × [3×3 convolution, instance norm (affine), ReLU, 2×2 average pool], then a linear head.

    As in Dataset Condensation (Zhao and Bilen, 2021) and all its successors.
    """

    def __init__(self, spec: NetSpec, side: int, classes: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        channels = 3
        for _ in range(spec.depth):
            blocks.append(
                nn.Sequential(
                    nn.Conv2d(channels, spec.width, kernel_size=3, padding=1),
                    nn.InstanceNorm2d(spec.width, affine=True),
                    nn.ReLU(),
                    nn.AvgPool2d(2),
                )
            )
            channels = spec.width
        self.blocks = nn.Sequential(*blocks)
        self.features = spec.width * (side >> spec.depth) ** 2
        self.head = nn.Linear(self.features, classes)

    def embed(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the representation before the head, (N, D)."""
        return self.blocks(x_NCHW).flatten(1)

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return logits (N, C)."""
        return self.head(self.embed(x_NCHW))
