"""How far an arm's synthetic images are from its targets."""

from __future__ import annotations

from typing import Any, Protocol

import torch

from fairdd_core.distill.alignments.base import Alignment, Cloud, Targets
from fairdd_core.distill.backbones.base import Backbone, Signal, Variables, WeightedSets
from fairdd_core.distill.discrepancies.base import Discrepancy
from fairdd_core.distill.discrepancies.clouds.base import CloudDiscrepancy
from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.schedules import Pair
from fairdd_core.errors import lookup


class Matching(Protocol):
    """Works out an arm's targets under a pair, and the loss of its images."""

    def targets(self, alignment: Alignment, pair: Pair) -> Any:
        """Return the targets, which are the same for as long as the pair is kept."""

    def loss(
        self, pair: Pair, targets: Any, sets: WeightedSets, variables: Variables
    ) -> tuple[torch.Tensor, Signal]:
        """Return the matching loss of synthetic images, a scalar, and their signals.

        Args:
            pair: the network.
            targets: what ``targets`` returned.
            sets: the images, and the sets whose signals are matched, one for each class.
            variables: what else is learned.
        """


class SignalMatching:
    """Compares the signal of every class with points."""

    def __init__(self, backbone: Backbone, discrepancy: Discrepancy) -> None:
        self.backbone, self.discrepancy = backbone, discrepancy

    def targets(self, alignment: Alignment, pair: Pair) -> list[Targets]:
        """Return the targets of every layer."""
        return [alignment.targets(layer) for layer in pair.statistics]

    def loss(
        self, pair: Pair, targets: list[Targets], sets: WeightedSets, variables: Variables
    ) -> tuple[torch.Tensor, Signal]:
        """Return the loss and the signals, layers (C, R, D); see ``Matching``."""
        signal = self.backbone.synthetic_signals(pair.net, sets, variables)
        return matching_loss(signal, targets, self.discrepancy, self.backbone), signal


class CloudMatching:
    """Compares the features of every class with clouds."""

    def __init__(self, discrepancy: CloudDiscrepancy, support: int) -> None:
        self.discrepancy, self.support = discrepancy, support

    def targets(self, alignment: Alignment, pair: Pair) -> list[list[Cloud]]:
        """Return the clouds of every class; a barycenter has as many points as a class has images."""
        generator = torch.Generator().manual_seed(0)  # any start, but always the same
        return alignment.clouds(pair.features, pair.statistics[-1], self.support, generator)

    def loss(
        self, pair: Pair, targets: list[list[Cloud]], sets: WeightedSets, variables: Variables
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


def matching_loss(
    signal: Signal, targets: list[Targets], discrepancy: Discrepancy, backbone: Backbone | None = None
) -> torch.Tensor:
    """Return Σ_layers Σ_y Σ_t weight_{y,t} d(point_{y,t}, Φ_{S_y}), a scalar.

    Args:
        signal: layers (C, R, D); d is summed over the R rows.
        targets: of every layer.
        discrepancy: d.
        backbone: says what a layer's distance is divided by; by default nothing.
    """
    terms = []
    for s_CRD, t in zip(signal, targets, strict=True):
        points_CTRD = t.points_CTD.unflatten(-1, s_CRD.shape[1:])
        distance_CT = discrepancy(points_CTRD, s_CRD[:, None]).sum(dim=-1)
        scale = backbone.scale(t.points_CTD) if backbone else 1.0
        terms.append((t.weights_CT * distance_CT).sum() / scale)
    return torch.stack(terms).sum()


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
