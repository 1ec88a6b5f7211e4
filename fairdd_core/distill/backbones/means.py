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
    synthetic features as a classifier of the real images. Two forms of the loss:

    * ``scaled``: the distance of every block's output is divided by its size. Real features are scaled to
      length 1, so that their length does not affect the classifier's confidence. An image has the weight of
      its group in the arm's target, so that the term depends on group sizes only if the target does.
    * ``published``: the outputs of the blocks before pooling and the representation, with weights 1 for the
      last two and 0.1 for those before, and the sum of the term over the real images as drawn, as the
      authors' code has them.
    """

    keeps_features = True

    @property
    def published(self) -> bool:
        """Whether the loss has its published form."""
        return self.spec.feature_loss == "published"

    def layers(self, net: Net) -> int:
        """Return the number of blocks; as published, also the representation counts."""
        return len(net.blocks) + self.published

    def layer_weights(self, layers: int) -> tuple[float, ...]:
        """Return 1 for every layer; as published, for the last two only, and 0.1 for those before."""
        return (0.1,) * (layers - 2) + (1.0, 1.0) if self.published else super().layer_weights(layers)

    def signals(self, net: Net, sets: WeightedSets) -> Signal:
        """Return weighted means of the layers."""
        return weighted_means(net.before_pooling if self.published else net.layers, sets)

    def scale(self, layer: Statistics) -> float:
        """Return the layer's size under the data as they are, so that long layers do not dominate."""
        return 1.0 if self.published else layer.mean_square

    def penalty(self, signal: Signal, features: RealFeatures, weights_CG: torch.Tensor) -> torch.Tensor:
        """Return the cross-entropy of real images under the synthetic class means, weighted or summed."""
        if self.published:
            logits_NC = features.features_ND @ signal[-1][:, 0].T
            return F.cross_entropy(logits_NC, features.y_N, reduction="sum")
        logits_NC = F.normalize(features.features_ND, dim=1) @ signal[-1][:, 0].T
        loss_N = F.cross_entropy(logits_NC, features.y_N, reduction="none")
        weight_N = torch.einsum("cg,cgn->n", weights_CG, features.cells_CGN)
        return (weight_N @ loss_N) / len(weights_CG)
