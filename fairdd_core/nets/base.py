"""What the rest of the library asks of a network."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


class Net(nn.Module):
    """A classifier whose representation can be read, block by block: blocks, then a linear head.

    A network under which signals are matched must treat every image on its own (no BatchNorm; its card says
    ``independent``): only then is the count-weighted mean of the groups' signals the signal of the pooled
    data, and a pass over one group what the group is in the whole.

    Args:
        blocks: applied one after the other; the last one's flattened output is the representation.
        features: D, the length of that output.
        classes: C.
    """

    def __init__(self, blocks: Iterable[nn.Module], features: int, classes: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.features = features
        self.head = nn.Linear(features, classes)

    def layers(self, x_NCHW: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the flattened output of every block, (N, D_l) each; the last is what ``embed`` returns."""
        outputs = []
        for block in self.blocks:
            x_NCHW = block(x_NCHW)
            outputs.append(x_NCHW.flatten(1))
        return tuple(outputs)

    def embed(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the representation before the head, (N, D)."""
        return self.blocks(x_NCHW).flatten(1)

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return logits (N, C)."""
        return self.head(self.embed(x_NCHW))
