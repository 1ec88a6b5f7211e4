"""What the rest of the library asks of a network."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn


class Net(nn.Module, ABC):
    """A classifier whose representation can be read."""

    @abstractmethod
    def embed(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the representation before the head, (N, D)."""

    @abstractmethod
    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """Return logits (N, C)."""
