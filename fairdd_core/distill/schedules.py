"""Where the network, the augmentation and the real statistics of each iteration come from."""

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
from fairdd_core.distill.real import RealSide
from fairdd_core.distill.sampling import RealSample, draw_real
from fairdd_core.nets.base import Net
from fairdd_core.rng import child_seed, numpy_stream, torch_stream


@dataclass(frozen=True, eq=False)  # a pair is itself only, so that what follows from it can be kept by it
class Pair:
    """One network under one augmentation, and all that it says about the real data.

    Attributes:
        net: the matching network, frozen.
        augmentations: one for every class, shared by real and synthetic images.
        real: the real images.
    """

    net: Net
    augmentations: list[Augmentation]
    real: RealSide

    @cached_property
    def statistics(self) -> list[Statistics]:
        """Statistics of every matched layer: sufficient for every alignment, so all arms share them."""
        return self.real.statistics()

    @cached_property
    def features(self) -> RealFeatures:
        """Representations of the real images."""
        return self.real.features()


class PairMaker:
    """Builds pair ``k`` of a run from its seed alone, whatever was built before."""

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

    def __call__(self, k: int) -> Pair:
        """Return pair ``k`` with its own network."""
        return self.around(self.networks(k), k)

    def around(self, net: Net, k: int) -> Pair:
        """Return a network under augmentation and sample ``k``."""
        generator = torch_stream(self.seed, k, "augmentation")
        classes = range(self.train.num_classes)
        augmentations = [draw_augmentation(self.spec.augmentation, generator) for _ in classes]
        sample = draw_real(
            self.train, self.spec.schedule, numpy_stream(self.seed, k, "sample"), self.counts_CG
        )
        counts_CG = torch.from_numpy(sample.counts_CG).to(self.device)
        images = partial(self._images, sample, augmentations)
        return Pair(net, augmentations, RealSide(self.backbone, net, images, counts_CG, sample.groups))

    @torch.no_grad()
    def _images(self, sample: RealSample, augmentations: list[Augmentation]) -> WeightedSets:
        x_NCHW = normalised(self.train, sample.index_N, self.train.normalisation, self.device)
        x_NCHW = augment_parts(x_NCHW, sample.class_sizes, augmentations)
        y_N = torch.from_numpy(self.train.y_N[sample.index_N]).to(self.device)
        return WeightedSets(x_NCHW, y_N, sample.weights_MN.to(self.device))


def schedule(spec: ScheduleSpec, seed: int, make: Callable[[int], Pair]) -> Callable[[int], Pair]:
    """Return the pair of every iteration, as a function of its 0-based index alone.

    ``bank`` walks through its K pairs in a new order on every pass; a pair is built on its first visit, so
    the first iterations come at once. ``fresh`` builds pair i for iteration i.
    """
    if spec.kind == "fresh":
        return make
    kept = lru_cache(maxsize=None)(make)

    def pair(iteration: int) -> Pair:
        lap, place = divmod(iteration, spec.pairs)
        order = (
            np.arange(spec.pairs) if lap == 0 else numpy_stream(seed, "order", lap).permutation(spec.pairs)
        )
        return kept(int(order[place]))

    return pair


@dataclass
class OwnNetworks:
    """Pairs around networks that are trained on an arm's own synthetic images.

    A network lives for ``life`` iterations. It gets ``first`` updates before its first use and ``between``
    before every other. All arms follow the same rule from the same initial weights, with the same real
    images and augmentations; their networks differ because their images do.

    Attributes:
        make: of the pairs.
        life, first, between: see above.
        images: returns the arm's current images and labels.
    """

    make: PairMaker
    life: int
    first: int
    between: int
    images: Callable[[], tuple[torch.Tensor, torch.Tensor]]
    _net: Net | None = field(default=None, init=False)

    def __call__(self, iteration: int) -> Pair:
        """Return the pair of a 0-based iteration; iterations of a network's life must come in order."""
        start, place = divmod(iteration, self.life)
        if place == 0 or self._net is None:
            self._net = self.make.networks(start)
        steps = self.between if place else self.first
        self.make.networks.train(self._net, *self.images(), steps, iteration)
        return self.make.around(self._net, iteration)
