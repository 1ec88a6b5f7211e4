"""Where the network, the augmentation and the real statistics of each iteration come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from fairdd_core.data.augment import Augmentation, augment_parts, draw_augmentation
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.backbones.base import Backbone
from fairdd_core.distill.sampling import RealSample, draw_real
from fairdd_core.distill.spec import DistillSpec, ScheduleSpec
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from fairdd_core.rng import child_seed, numpy_stream, torch_stream


@dataclass(frozen=True, eq=False)  # a pair is itself only, so that what follows from it can be kept by it
class Pair:
    """One network under one augmentation, and all that it says about the real data.

    The statistics are sufficient for every alignment that is a function of group signals, so all arms share
    them.

    Attributes:
        net: the matching network, frozen.
        augmentations: one for every class, shared by real and synthetic images.
        statistics: for every matched layer.
    """

    net: Net
    augmentations: list[Augmentation]
    statistics: list[GroupStatistics]


class PairMaker:
    """Builds pair ``k`` of a run from its seed alone, whatever was built before."""

    def __init__(
        self, train: GroupedDataset, spec: DistillSpec, backbone: Backbone, seed: int, device: torch.device
    ) -> None:
        self.train, self.spec, self.backbone, self.device = train, spec, backbone, device
        self.seed = child_seed(seed, "pairs")
        self.side = train.x_NCHW.shape[-1]
        self.counts_CG = train.counts_CG(unknown=True)

    def __call__(self, k: int) -> Pair:
        """Return pair ``k``."""
        classes = self.train.num_classes
        net = make_network(
            self.spec.network, self.side, classes, torch_stream(self.seed, k, "network"), self.device
        )
        net.requires_grad_(False)
        generator = torch_stream(self.seed, k, "augmentation")
        augmentations = [draw_augmentation(self.spec.augmentation, generator) for _ in range(classes)]
        sample = draw_real(
            self.train, self.spec.schedule, numpy_stream(self.seed, k, "sample"), self.counts_CG
        )
        return Pair(net, augmentations, self._statistics(net, augmentations, sample))

    @torch.no_grad()
    def _statistics(
        self, net: Net, augmentations: list[Augmentation], sample: RealSample
    ) -> list[GroupStatistics]:
        x_NCHW = normalised(self.train, sample.index_N, self.train.normalisation, self.device)
        x_NCHW = augment_parts(x_NCHW, sample.class_sizes, augmentations)
        layers = self.backbone.signals(net, x_NCHW, sample.weights_MN.to(self.device))
        counts_CG = torch.from_numpy(sample.counts_CG).to(self.device)
        classes, groups = counts_CG.shape
        cells = [layer.reshape(2, classes, groups, -1) for layer in layers]
        return [GroupStatistics(means, resampled, counts_CG) for means, resampled in cells]


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
