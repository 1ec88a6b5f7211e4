"""Backbones whose signal is the gradient of the classification loss."""

from __future__ import annotations

import torch
from torch.func import functional_call
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.distill.backbones.base import Backbone, Signal, WeightedSets
from fairdd_core.nets.base import Net


class GradientMatching(Backbone):
    """The gradient of every class's loss in the weight matrices, one row for each output unit.

    Dataset Condensation (Zhao, Mopuri and Bilen, ICLR 2021, arXiv 2006.05929), with DSA's augmentation
    (arXiv 2102.08259), and IDC (Kim et al., ICML 2022, arXiv 2205.14959), which differ in the distance,
    the networks and the formation of the images. Biases and norms are left out, as published.

    The gradient of a weighted loss is linear in the images' weights, so a mixture of groups costs one
    backward pass, not one for each group.
    """

    lazy = True

    def layers(self, net: Net) -> int:
        """Return the number of weight matrices."""
        return sum(1 for p in net.parameters() if p.ndim > 1)

    def signals(self, net: Net, sets: WeightedSets) -> Signal:
        """Return gradients of the sets' weighted losses, (M, O, I) for a weight of O rows."""
        matrices = {name: p.detach() for name, p in net.named_parameters() if p.ndim > 1}
        per_set = [self._gradient(net, matrices, sets, weights_N) for weights_N in sets.weights_MN]
        return tuple(torch.stack(layer) for layer in zip(*per_set, strict=True))

    def _gradient(
        self, net: Net, matrices: dict[str, torch.Tensor], sets: WeightedSets, weights_N: torch.Tensor
    ) -> list[torch.Tensor]:
        rows_K = weights_N.nonzero()[:, 0]
        if len(rows_K) == 0:
            return [torch.zeros_like(p).flatten(1) for p in matrices.values()]
        fitted = {name: p.clone().requires_grad_() for name, p in matrices.items()}
        with torch.enable_grad():
            logits_KC = functional_call(net, fitted, (sets.x_NCHW[rows_K],))
            loss_K = F.cross_entropy(logits_KC, sets.y_N[rows_K], reduction="none")
            gradients = torch.autograd.grad(
                weights_N[rows_K] @ loss_K, list(fitted.values()), create_graph=sets.x_NCHW.requires_grad
            )
        return [gradient.flatten(1) for gradient in gradients]
