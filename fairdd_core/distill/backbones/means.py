"""Backbones whose signal is a mean of features."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.distill.alignments.base import RealFeatures, Statistics
from fairdd_core.distill.backbones.base import Backbone, Signal, WeightedSets
from fairdd_core.nets.base import Net

CHUNK = 256


def weighted_means(read: Callable[[torch.Tensor], Signal], sets: WeightedSets) -> Signal:
    """Return weighted means of the features that ``read`` returns for images, (M, 1, D) for every layer.

    Linear in the images' weights, so any number of weighted means is one pass.
    """
    chunks = zip(sets.x_NCHW.split(CHUNK), sets.weights_MN.split(CHUNK, dim=1), strict=True)
    # Summed chunk by chunk, so that memory does not grow with the number of real images.
    parts = [[weights_MN @ layer for layer in read(x_NCHW)] for x_NCHW, weights_MN in chunks]
    return tuple(torch.stack(layer).sum(dim=0)[:, None] for layer in zip(*parts, strict=True))


class DistributionMatching(Backbone):
    """The mean embedding of every class (Zhao and Bilen, WACV 2023, arXiv 2110.04181)."""

    def signals(self, net: Net, sets: WeightedSets) -> Signal:
        """Return weighted means of embeddings."""
        return weighted_means(lambda x_NCHW: (net.embed(x_NCHW),), sets)


class CAFE(Backbone):
    """The mean features of every block, and a term that keeps the classes apart.

    CAFE (Wang et al., CVPR 2022, arXiv 2203.01531). The discrimination term takes the class means of the
    synthetic features as a classifier of the real images. It deviates in two points. Real features are scaled
    to length 1, so that their length does not affect the classifier's confidence. And an image has the weight
    of its group in the arm's target, so that the term depends on group sizes only if the target does.
    """

    keeps_features = True

    def layers(self, net: Net) -> int:
        """Return the number of blocks."""
        return len(net.blocks)

    def signals(self, net: Net, sets: WeightedSets) -> Signal:
        """Return weighted means of the output of every block."""
        return weighted_means(net.layers, sets)

    def scale(self, layer: Statistics) -> float:
        """Return the layer's size under the data as they are, so that long layers do not dominate."""
        return layer.mean_square

    def penalty(self, signal: Signal, features: RealFeatures, weights_CG: torch.Tensor) -> torch.Tensor:
        """Return the weighted cross-entropy of real images under the synthetic class means."""
        logits_NC = F.normalize(features.features_ND, dim=1) @ signal[-1][:, 0].T
        loss_N = F.cross_entropy(logits_NC, features.y_N, reduction="none")
        weight_N = torch.einsum("cg,cgn->n", weights_CG, features.cells_CGN)
        return self.spec.discrimination * (weight_N @ loss_N) / len(weights_CG)
