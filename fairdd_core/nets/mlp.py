"""A multi-layer perceptron."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.nets.base import Net


class MLP(Net):
    """``depth`` × [linear layer of ``width`` units, ReLU] on the pixels, then a linear head; no norm."""

    def __init__(self, spec: NetSpec, side: int, classes: int) -> None:
        units = [3 * side**2, *[spec.width] * spec.depth]
        blocks = [nn.Sequential(nn.Linear(before, after), nn.ReLU()) for before, after in pairwise(units)]
        blocks[0].insert(0, nn.Flatten())
        super().__init__(blocks, spec.width, classes)
