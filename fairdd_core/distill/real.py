"""The signals of the real data under one (network, augmentation) pair."""

from __future__ import annotations

from collections.abc import Callable

import torch

from fairdd_core.distill.alignments.base import GroupStatistics, RealFeatures, Statistics
from fairdd_core.distill.backbones.base import Backbone, Signal, WeightedSets
from fairdd_core.nets.base import Net

CHUNK = 256


class RealSignals:
    """The signals of a pair's real images, computed on demand and cached.

    Args:
        backbone: computes the signals.
        net: of the pair.
        images: returns the images, with 2·C·G rows of weights: means of the cells, then means of a draw with
            replacement within them. A function, so that a bank does not hold the images of all its pairs.
        counts_CG: number of images that every cell stands for; see ``Statistics``.
        groups: number of columns that are groups.
    """

    def __init__(
        self,
        backbone: Backbone,
        net: Net,
        images: Callable[[], WeightedSets],
        counts_CG: torch.Tensor,
        groups: int,
    ) -> None:
        self.backbone, self.net, self.images = backbone, net, images
        self.counts_CG, self.groups = counts_CG, groups
        self._cache: dict[object, Signal] = {}
        self._rows: list[int] = []

    def statistics(self) -> list[Statistics]:
        """Return the statistics of every layer."""
        if self.backbone.lazy:
            return [LazyStatistics(self, layer) for layer in range(self.backbone.layers(self.net))]
        layers = self._signals(self.images())
        halves = [layer.reshape(2, *self.counts_CG.shape, -1) for layer in layers]
        return [GroupStatistics(means, again, self.counts_CG, self.groups) for means, again in halves]

    def group_signals(self) -> Signal:
        """Return the signals of the groups, layers (C, G, R·D); a single row where they are pooled."""
        return self._cached("groups", self._group_signals)

    def rows(self, layer: int) -> int:
        """Return the number of rows of a layer's signals."""
        if not self._rows:
            self.group_signals()
        return self._rows[layer]

    def mixture(self, weights_CG: torch.Tensor, resampled: bool) -> Signal:
        """Return the signals of the classes with their groups mixed, (C, R·D) for every layer."""
        key = (weights_CG.cpu().numpy().tobytes(), resampled)
        return self._cached(key, lambda: self._mixture(weights_CG, resampled))

    def clear_cache(self) -> None:
        """Release the cached signals."""
        self._cache.clear()

    @torch.no_grad()
    def features(self) -> RealFeatures:
        """Return the representation of the real images."""
        sets = self.images()
        features_ND = torch.cat([self.net.embed(x_NCHW) for x_NCHW in sets.x_NCHW.split(CHUNK)])
        return RealFeatures(features_ND, sets.y_N, *self._cells(sets))

    def _cached(self, key: object, work: Callable[[], Signal]) -> Signal:
        if key not in self._cache:
            self._cache[key] = work()
        return self._cache[key]

    def _cells(self, sets: WeightedSets) -> torch.Tensor:
        """Return the weights of the cells and of the draw with replacement, (2, C, G, N)."""
        return sets.weights_MN.reshape(2, *self.counts_CG.shape, -1)

    def _group_signals(self) -> Signal:
        sets = self.images()
        weights_CGN = self._cells(sets)[0].clone()
        weights_CGN[:, self.groups :] = 0  # images of unknown group form no group
        if self.backbone.pooled:  # every class that a group has counts the same
            classes_G1 = (self.counts_CG > 0).sum(dim=0).clamp(min=1)[:, None]
            weights_CGN = (weights_CGN.sum(dim=0) / classes_G1)[None]
        layers = self._signals(WeightedSets(sets.x_NCHW, sets.y_N, weights_CGN.flatten(0, 1)))
        return tuple(layer.reshape(*weights_CGN.shape[:2], -1) for layer in layers)

    def _mixture(self, weights_CG: torch.Tensor, resampled: bool) -> Signal:
        sets = self.images()
        weights_CN = torch.einsum("cg,cgn->cn", weights_CG, self._cells(sets)[int(resampled)])
        if self.backbone.pooled:
            weights_CN = weights_CN.mean(dim=0, keepdim=True)
        return self._signals(WeightedSets(sets.x_NCHW, sets.y_N, weights_CN))

    @torch.no_grad()
    def _signals(self, sets: WeightedSets) -> Signal:
        signals = self.backbone.signals(self.net, sets)
        self._rows = [layer.shape[1] for layer in signals]
        return tuple(layer.flatten(1) for layer in signals)


class LazyStatistics(Statistics):
    """Statistics of one layer that are computed when an alignment needs them."""

    def __init__(self, real: RealSignals, layer: int) -> None:
        self._real, self._layer = real, layer
        self.counts_CG, self.groups, self.linear = real.counts_CG, real.groups, real.backbone.linear

    @property
    def means_CGD(self) -> torch.Tensor:
        """Signal of every cell; those of all classes together where signals are pooled."""
        return self._real.group_signals()[self._layer]

    @property
    def rows(self) -> int:
        """Number of rows of a signal."""
        return self._real.rows(self._layer)

    @property
    def uniform_signals_CG(self) -> torch.Tensor:
        """1 / |A_y| for the rows of ``means_CGD``."""
        if not self._real.backbone.pooled:
            return self.uniform_CG
        present_G = self.present_CG.amax(dim=0)
        return (present_G / present_G.sum())[None]

    def mixture(self, weights_CG: torch.Tensor, resampled: bool = False) -> torch.Tensor:
        """Return the signal of the mixed images, (C, D): one pass, shared by all layers."""
        return self._real.mixture(weights_CG, resampled)[self._layer]
