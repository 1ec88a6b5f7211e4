"""Schedules: the network, augmentation and real statistics of every iteration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial

import numpy as np
import torch

from fairdd_core.config.spec.distill import DistillSpec, ScheduleSpec
from fairdd_core.data.augmentation import Augmentation, augment_parts, draw_augmentation
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.alignments.base import RealFeatures, Statistics
from fairdd_core.distill.backbones.base import Backbone, WeightedSets
from fairdd_core.distill.interventions import NONE
from fairdd_core.distill.networks import MatchingNetworks
from fairdd_core.distill.real import RealSignals
from fairdd_core.distill.sampling import RealSample, draw_real
from fairdd_core.nets.base import Net
from fairdd_core.rng import child_seed, numpy_stream, torch_stream


@dataclass(frozen=True, eq=False)  # compared by identity, so that results can be cached by pair
class MatchingPair:
    """A network and an augmentation under which signals are matched, with the statistics of the real data.

    Attributes:
        net: the matching network, frozen.
        augmentations: one for every class, shared by real and synthetic images.
        real: signals of the real images.
        variances_2CG: see ``RealSample``.
    """

    net: Net
    augmentations: list[Augmentation]
    real: RealSignals
    variances_2CG: np.ndarray

    @cached_property
    def statistics(self) -> list[Statistics]:
        """Statistics of every matched layer: sufficient for every alignment, so all arms share them."""
        return self.real.statistics()

    @cached_property
    def features(self) -> RealFeatures:
        """Representations of the real images."""
        return self.real.features()


class PairFactory:
    """Builds pair ``k`` of a run, as a function of its seed."""

    def __init__(
        self,
        train: GroupedDataset,
        spec: DistillSpec,
        backbone: Backbone,
        seed: int,
        device: torch.device,
        intervention: str = NONE,
    ) -> None:
        self.train, self.spec, self.backbone, self.device = train, spec, backbone, device
        self.seed = child_seed(seed, "pairs")
        self.counts_CG = train.counts_CG(unknown=True)
        self.networks = MatchingNetworks(train, spec, self.seed, device, intervention)

    def __call__(self, k: int) -> MatchingPair:
        """Return pair ``k`` with its own network."""
        return self.with_network(self.networks(k), k)

    def with_network(self, net: Net, k: int) -> MatchingPair:
        """Return the pair of a given network with augmentation and sample ``k``."""
        generator = torch_stream(self.seed, k, "augmentation")
        classes = range(self.train.num_classes)
        augmentations = [draw_augmentation(self.spec.augmentation, generator) for _ in classes]
        sample = draw_real(
            self.train, self.spec.schedule, numpy_stream(self.seed, k, "sample"), self.counts_CG
        )
        counts_CG = torch.from_numpy(sample.counts_CG).to(self.device)
        images = partial(self._images, sample, augmentations)
        real = RealSignals(self.backbone, net, images, counts_CG, sample.groups)
        return MatchingPair(net, augmentations, real, sample.variances_2CG)

    @torch.no_grad()
    def _images(self, sample: RealSample, augmentations: list[Augmentation]) -> WeightedSets:
        x_NCHW = normalised(self.train, sample.index_N, self.train.normalisation, self.device)
        x_NCHW = augment_parts(x_NCHW, sample.class_sizes, augmentations)
        y_N = torch.from_numpy(self.train.y_N[sample.index_N]).to(self.device)
        return WeightedSets(x_NCHW, y_N, sample.weights_MN.to(self.device))


def schedule(
    spec: ScheduleSpec, seed: int, make: Callable[[int], MatchingPair]
) -> Callable[[int], MatchingPair]:
    """Return the function from a 0-based iteration to its pair.

    ``bank`` visits its K pairs in a new order on every pass; a pair is built on its first visit, so that the
    first iterations start at once. ``fresh`` builds pair i for iteration i, once for all arms that ask for it
    one after the other.
    """
    if spec.kind == "fresh":
        return lru_cache(maxsize=1)(make)
    kept = lru_cache(maxsize=None)(make)

    def pair(iteration: int) -> MatchingPair:
        lap, place = divmod(iteration, spec.pairs)
        order = (
            np.arange(spec.pairs) if lap == 0 else numpy_stream(seed, "order", lap).permutation(spec.pairs)
        )
        return kept(int(order[place]))

    return pair


@dataclass
class InnerLoopPairs:
    """Pairs with networks that are trained on an arm's own synthetic images, in an inner loop.

    A network lives for ``life`` iterations. It gets ``first`` updates before its first use and ``between``
    before every other. All arms follow the same rule from the same initial weights, with the same real
    images and augmentations; their networks differ because their images do.

    Attributes:
        factory: builds the pairs.
        life, first, between: see above.
        images: returns the arm's current images and labels.
    """

    factory: PairFactory
    life: int
    first: int
    between: int
    images: Callable[[], tuple[torch.Tensor, torch.Tensor]]
    _net: Net | None = field(default=None, init=False)

    def __call__(self, iteration: int) -> MatchingPair:
        """Return the pair of a 0-based iteration; iterations of a network's life must come in order."""
        start, place = divmod(iteration, self.life)
        if place == 0 or self._net is None:
            self._net = self.factory.networks(start)
        steps = self.between if place else self.first
        self.factory.networks.train(self._net, *self.images(), steps, iteration)
        return self.factory.with_network(self._net, iteration)
