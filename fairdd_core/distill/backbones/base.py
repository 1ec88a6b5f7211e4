"""Backbones: the signals that a distillation method matches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.distill.alignments.base import RealFeatures, Statistics
from fairdd_core.nets.base import Net

Signal = tuple[torch.Tensor, ...]
"""For every matched layer a tensor (M, R, D): M sets of images, whose distance is a sum over R rows."""


@dataclass(frozen=True)
class WeightedSets:
    """M weighted sets of images.

    Attributes:
        x_NCHW: normalised images.
        y_N: int64 class of every image.
        weights_MN: row m holds the weight of every image in set m; a row sums to 1, or to 0 for an empty set,
            whose signal is then 0.
    """

    x_NCHW: torch.Tensor
    y_N: torch.Tensor
    weights_MN: torch.Tensor


Variables = Mapping[str, torch.Tensor]
"""Tensors that are learned beside the images, by name."""


class Backbone(ABC):
    """Maps images to the signals that distillation matches.

    Attributes:
        lazy: whether the signals of all (class, group) cells are too costly to compute for every pair; then
            they are computed when an alignment needs them.
        linear: whether signals are linear in the images' weights.
        pooled: whether a signal belongs to all classes together instead of to one.
        keeps_features: whether ``penalty`` needs the features of the real images.
    """

    lazy = False
    linear = True
    pooled = False
    keeps_features = False

    def __init__(self, spec: DistillSpec) -> None:
        self.spec = spec

    @abstractmethod
    def signals(self, net: Net, sets: WeightedSets) -> Signal:
        """Return the signals of M sets of real images; no gradient is needed."""

    def synthetic_signals(self, net: Net, sets: WeightedSets, variables: Variables) -> Signal:
        """Return the signals of M sets of synthetic images, differentiable in them and in ``variables``."""
        return self.signals(net, sets)

    def layers(self, net: Net) -> int:
        """Return the number of matched layers."""
        return 1

    def variables(self) -> dict[str, torch.Tensor]:
        """Return the initial values of the tensors that are learned beside the images."""
        return {}

    def scale(self, layer: Statistics) -> float:
        """Return the divisor of the distance to a layer's targets.

        A function of the real data alone, so that arms differ in their targets and not in their step size.
        """
        return 1.0

    def layer_weights(self, layers: int) -> tuple[float, ...]:
        """Return the weight of the distance of each of so many layers."""
        return (1.0,) * layers

    def penalty(self, signal: Signal, features: RealFeatures, weights_CG: torch.Tensor) -> torch.Tensor:
        """Return a scalar that is added to the matching loss with the arm's ``discrimination``.

        Args:
            signal: of the synthetic classes.
            features: of the real images; only where ``keeps_features``.
            weights_CG: weights of the groups of a class for the arm.
        """
        return signal[0].new_zeros(())
