"""The interface of a network."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from fairdd_core.errors import UserError

LEAST_SIDE = 8
_NO_POOLING: nn.Module = nn.Identity()


class Net(nn.Module):
    """A classifier made of blocks and a linear head, with access to the output of every block.

    A network under which signals are matched must treat every image independently of its batch (no BatchNorm;
    its card says ``independent``). Only then is the count-weighted mean of the groups' signals the signal of
    the pooled data.

    Args:
        blocks: applied in order; the flattened output of the last one is the representation.
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

    def before_pooling(self, x_NCHW: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the flattened output of every block before the pooling it may end with, then ``embed``'s."""
        outputs = []
        for block in self.blocks:
            before, pooling = block, _NO_POOLING
            if isinstance(block, nn.Sequential) and isinstance(block[-1], nn.AvgPool2d | nn.MaxPool2d):
                before, pooling = block[:-1], block[-1]
            x_NCHW = before(x_NCHW)
            outputs.append(x_NCHW.flatten(1))
            x_NCHW = pooling(x_NCHW)
        return (*outputs, x_NCHW.flatten(1))

    def embed(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the representation before the head, (N, D)."""
        features_ND: torch.Tensor = self.blocks(x_NCHW).flatten(1)
        return features_ND

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return logits (N, C)."""
        logits_NC: torch.Tensor = self.head(self.embed(x_NCHW))
        return logits_NC


def check_side(title: str, side: int) -> None:
    """Refuse images that are too small for an architecture made for photographs.

    Raises:
        UserError: naming the smallest side.
    """
    if side < LEAST_SIDE:
        expected = f"an architecture for {side}×{side} images"
        raise UserError("network.name", expected, f"{title}, for {LEAST_SIDE}×{LEAST_SIDE} and more")


def halved(side: int, last: bool = False) -> int:
    """Return the side of a feature map after its next halving, which small images skip.

    Instance norm needs more than one pixel, so a map is halved to a single one only where it is the ``last``.
    """
    return side // 2 if side // 2 >= (1 if last else 2) else side
