"""The loss of an arm: the discrepancy between its synthetic images and its targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch

from fairdd_core.distill.alignments.base import Alignment, Cloud, Statistics, Targets
from fairdd_core.distill.backbones.base import Backbone, Signal, Variables, WeightedSets
from fairdd_core.distill.discrepancies.base import Discrepancy, Fitted
from fairdd_core.distill.discrepancies.clouds.base import CloudDiscrepancy
from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.schedules import MatchingPair
from fairdd_core.errors import lookup


class Matching(Protocol):
    """The targets of an arm under a pair, and the loss of its images."""

    def targets(self, alignment: Alignment, pair: MatchingPair) -> Any:
        """Return the targets, which depend on the real data only."""

    def loss(
        self, pair: MatchingPair, targets: Any, sets: WeightedSets, variables: Variables
    ) -> tuple[torch.Tensor, Signal]:
        """Return the matching loss of synthetic images, a scalar, and their signals.

        Args:
            pair: the network.
            targets: what ``targets`` returned.
            sets: the images, and the sets whose signals are matched, one for each class.
            variables: learned beside the images.
        """


@dataclass(frozen=True)
class LayerTargets:
    """The targets of one layer, the distance to them, and its divisor."""

    targets: Targets
    discrepancy: Discrepancy
    scale: float


class SignalMatching:
    """Compares the signal of every class with points."""

    def __init__(self, backbone: Backbone, discrepancy: Discrepancy) -> None:
        self.backbone, self.discrepancy = backbone, discrepancy

    def targets(self, alignment: Alignment, pair: MatchingPair) -> list[LayerTargets]:
        """Return the targets of every layer, and the discrepancy fitted to the layer."""
        weighted = zip(pair.statistics, self.backbone.layer_weights(len(pair.statistics)), strict=True)
        return [
            LayerTargets(
                alignment.targets(layer), self._for_layer(layer), self.backbone.scale(layer) / weight
            )
            for layer, weight in weighted
        ]

    def _rows(self, s_CRD: torch.Tensor) -> torch.Tensor:
        """Return signals by compared row; a fitted discrepancy compares a whole layer as one row."""
        return s_CRD.flatten(1)[:, None] if isinstance(self.discrepancy, Fitted) else s_CRD

    def _for_layer(self, layer: Statistics) -> Discrepancy:
        if isinstance(self.discrepancy, Fitted):
            return self.discrepancy.fitted(layer.means_CGD, (layer.uniform_signals_CG > 0).float())
        return self.discrepancy  # without computing the groups' signals

    def loss(
        self, pair: MatchingPair, targets: list[LayerTargets], sets: WeightedSets, variables: Variables
    ) -> tuple[torch.Tensor, Signal]:
        """Return the loss and the signals, layers (C, R, D); see ``Matching``."""
        signal = self.backbone.synthetic_signals(pair.net, sets, variables)
        terms = [
            matching_loss(self._rows(s_CRD), t.targets, t.discrepancy) / t.scale
            for s_CRD, t in zip(signal, targets, strict=True)
        ]
        return torch.stack(terms).sum(), signal


class CloudMatching:
    """Compares the features of every class with clouds."""

    def __init__(self, discrepancy: CloudDiscrepancy, support: int) -> None:
        self.discrepancy, self.support = discrepancy, support

    def targets(self, alignment: Alignment, pair: MatchingPair) -> list[list[Cloud]]:
        """Return the clouds of every class; a barycenter has as many points as a class has images."""
        generator = torch.Generator().manual_seed(0)  # any seed will do, as long as it is fixed
        return alignment.clouds(pair.features, pair.statistics[-1], self.support, generator)

    def loss(
        self, pair: MatchingPair, targets: list[list[Cloud]], sets: WeightedSets, variables: Variables
    ) -> tuple[torch.Tensor, Signal]:
        """Return the loss and the mean features, (C, 1, D); see ``Matching``."""
        features_ND = pair.net.embed(sets.x_NCHW)
        clouds = [features_ND[weights_N > 0] for weights_N in sets.weights_MN]
        terms = [
            target.weight * self.discrepancy(target.points_ND, cloud_ND, target.mass_N)
            for cloud_ND, of_class in zip(clouds, targets, strict=True)
            for target in of_class
        ]
        return torch.stack(terms).sum(), ((sets.weights_MN @ features_ND)[:, None],)


def matching_loss(s_CRD: torch.Tensor, targets: Targets, discrepancy: Discrepancy) -> torch.Tensor:
    """Return Σ_y Σ_t weight_{y,t} d(point_{y,t}, Φ_{S_y}) for one layer, a scalar.

    Args:
        s_CRD: signals of the classes; d is summed over the R rows.
        targets: of the layer.
        discrepancy: d.
    """
    points_CTRD = targets.points_CTD.unflatten(-1, s_CRD.shape[1:])
    distance_CT = discrepancy(points_CTRD, s_CRD[:, None]).sum(dim=-1)
    return (targets.weights_CT * distance_CT).sum()


def build_matching(name: str, backbone: Backbone, support: int) -> Matching:
    """Return the matching of a name in ``DISCREPANCIES`` or ``CLOUD_DISCREPANCIES``.

    Args:
        name: of the distance.
        backbone: whose signals are matched.
        support: synthetic training images of a class.

    Raises:
        UserError: for a name that is not known.
    """
    if name in CLOUD_DISCREPANCIES:
        return CloudMatching(CLOUD_DISCREPANCIES[name].build(), support)
    return SignalMatching(backbone, lookup(DISCREPANCIES, name, "distill.matching").build())
