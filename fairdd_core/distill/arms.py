"""The synthetic images of one method, and an update of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from fairdd_core.config.spec.distill import ArmSpec, DistillSpec
from fairdd_core.data.augmentation import augment_parts
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.alignments.base import Alignment
from fairdd_core.distill.backbones.base import Backbone, Signal, WeightedSets
from fairdd_core.distill.matching import Matching
from fairdd_core.distill.schedules import MatchingPair
from fairdd_core.distill.synthetic import synthetic_labels, unfold

IMAGES = "images"


@dataclass(frozen=True)
class Problem:
    """The data, specification, backbone and device that all arms of a run share."""

    train: GroupedDataset
    spec: DistillSpec
    backbone: Backbone
    device: torch.device

    @property
    def parts(self) -> int:
        """Training images of every class that the synthetic images hold."""
        return self.spec.ipc * self.spec.factor**2

    def labels(self) -> torch.Tensor:
        """Return the labels of these images, int64 (C·parts,), ordered by class."""
        return synthetic_labels(self.train.num_classes, self.spec).to(self.device)


@dataclass
class Arm:
    """One method's synthetic images and the state of their optimiser.

    Attributes:
        spec: which method.
        alignment, matching: its rule and its distance.
        values: the learned tensors by name: the images under ``IMAGES``, and the backbone's variables.
        momenta: of the optimiser, under the same names.
        pair_at: returns the (network, augmentation) pair of an iteration.
    """

    spec: ArmSpec
    alignment: Alignment
    matching: Matching
    values: dict[str, torch.Tensor]
    momenta: dict[str, torch.Tensor]
    pair_at: Callable[[int], MatchingPair] = field(init=False)
    _targets: WeakKeyDictionary[MatchingPair, Any] = field(default_factory=WeakKeyDictionary, init=False)

    def targets(self, pair: MatchingPair) -> Any:
        """Return the targets under a pair, cached for as long as the pair is kept."""
        if pair not in self._targets:
            self._targets[pair] = self.matching.targets(self.alignment, pair)
        return self._targets[pair]

    def target_variance(self, pair: MatchingPair) -> np.ndarray:
        """Return the variance of the mean that the arm aims at, (C,), where that of one image is 1.

        It counts the draw of the real images within their groups. For a target that is no mean, it is that of
        the mean under the same weights.
        """
        weights_CG = self.alignment.cell_weights(pair.statistics[-1]).cpu().numpy()
        return np.asarray((weights_CG**2 * pair.variances_2CG[int(self.alignment.resampled)]).sum(axis=1))

    def training_images(self, problem: Problem) -> torch.Tensor:
        """Return the images on which networks are trained, normalised, (C·parts, 3, H, W)."""
        return unfold(self.values[IMAGES], problem.spec.factor)

    def training_set(self, problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
        """Return these images, detached, and their labels."""
        return self.training_images(problem).detach(), problem.labels()


def update(problem: Problem, arm: Arm, pair: MatchingPair, lr: float) -> tuple[float, Signal]:
    """Take one SGD step on an arm; return its loss and the signal of its images, both before the step."""
    variables = {name: value for name, value in arm.values.items() if name != IMAGES}
    sets = synthetic_sets(problem, arm, pair)
    loss, signal = arm.matching.loss(pair, arm.targets(pair), sets, variables)
    own, shared = arm.spec.discrimination, problem.spec.discrimination
    discrimination = shared if own is None else own
    if problem.backbone.keeps_features and discrimination:
        weights_CG = arm.alignment.cell_weights(pair.statistics[-1])
        loss = loss + discrimination * problem.backbone.penalty(signal, pair.features, weights_CG)
    gradients = torch.autograd.grad(loss, list(arm.values.values()))
    with torch.no_grad():
        for (name, value), gradient in zip(arm.values.items(), gradients, strict=True):
            momentum = arm.momenta[name].mul_(problem.spec.momentum).add_(gradient)
            value.sub_((lr if name == IMAGES else problem.spec.trajectory.student_lr_lr) * momentum)
    return loss.item(), tuple(layer.detach() for layer in signal)


def synthetic_sets(problem: Problem, arm: Arm, pair: MatchingPair) -> WeightedSets:
    """Return an arm's augmented images: a set for each class, or a single one if signals are pooled."""
    classes, parts = problem.train.num_classes, problem.parts
    x_NCHW = augment_parts(arm.training_images(problem), [parts] * classes, pair.augmentations)
    mean_CN = torch.eye(classes, device=problem.device).repeat_interleave(parts, dim=1) / parts
    weights_MN = mean_CN.mean(dim=0, keepdim=True) if problem.backbone.pooled else mean_CN
    return WeightedSets(x_NCHW, problem.labels(), weights_MN)
