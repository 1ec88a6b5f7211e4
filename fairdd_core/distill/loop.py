"""The one distillation loop: every backbone, every alignment, all arms in lockstep."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
import torch

from fairdd_core.data.augment import augment_parts
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.alignments.base import Alignment, GroupStatistics, Targets
from fairdd_core.distill.alignments.registry import build_alignment
from fairdd_core.distill.backbones.base import Backbone, Signal
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.discrepancies.base import Discrepancy
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.initial import initial_images
from fairdd_core.distill.schedules import Pair, PairMaker, schedule
from fairdd_core.distill.spec import ArmSpec, DistillSpec
from fairdd_core.errors import Diverged, lookup
from fairdd_core.events import Checkpoint, Distilled, Phase, Snapshot, Step

CHECKPOINT_EVERY = 50  # iterations, so that a cut run loses little of its end, where snapshots are rare


@dataclass
class Arm:
    """One method's synthetic images and the state of their optimiser."""

    spec: ArmSpec
    alignment: Alignment
    images_NCHW: torch.Tensor
    momentum_NCHW: torch.Tensor
    known: WeakKeyDictionary[Pair, list[Targets]] = field(default_factory=WeakKeyDictionary)

    def targets(self, pair: Pair) -> list[Targets]:
        """Return the targets of every layer under a pair, worked out once for as long as the pair is kept."""
        if pair not in self.known:
            self.known[pair] = [self.alignment.targets(layer) for layer in pair.statistics]
        return self.known[pair]


@dataclass(frozen=True)
class Problem:
    """What all arms of a run share."""

    train: GroupedDataset
    spec: DistillSpec
    backbone: Backbone
    matching: Discrepancy
    device: torch.device


def snapshot_iterations(iterations: int, snapshots: int) -> list[int]:
    """Return about ``snapshots`` moments from 0 to the end, evenly spaced in their logarithm."""
    spaced = np.geomspace(1, iterations, snapshots - 1) if snapshots > 2 else [iterations]
    return sorted({0, *np.rint(spaced).astype(int).tolist(), iterations})


def step_size(spec: DistillSpec, iteration: int) -> float:
    """Return the step size of a 0-based iteration: constant, then linear to zero over ``lr_decay``."""
    left = (spec.iterations - iteration) / spec.iterations
    return spec.lr * min(1.0, left / spec.lr_decay) if spec.lr_decay else spec.lr


def distill(
    train: GroupedDataset,
    spec: DistillSpec,
    seed: int,
    device: torch.device,
    resume: Checkpoint | None = None,
) -> Iterator[Phase | Step | Snapshot | Checkpoint | Distilled]:
    """Distil ``train`` once per arm.

    Every arm sees the same initial images, networks, augmentations and real images. An arm's result does
    not depend on which other arms run beside it.

    Args:
        train: the real data.
        spec: how to distil.
        seed: of the run.
        device: where to compute.
        resume: go on after this checkpoint of the same spec; the rest comes out the same.

    Yields:
        ``Step`` per arm and iteration, ``Snapshot`` at the logged moments, ``Checkpoint`` then and every
        ``CHECKPOINT_EVERY`` iterations, and ``Distilled`` per arm at the end.

    Raises:
        UserError: settings that the data cannot meet.
        Diverged: the loss is not a number any more.
    """
    backbone = lookup(BACKBONES, spec.backbone, "distill.backbone").build()
    matching = lookup(DISCREPANCIES, spec.matching, "distill.matching").build()
    problem = Problem(train, spec, backbone, matching, device)
    arms = _arms(problem, seed, resume)
    pair_at = schedule(spec.schedule, seed, PairMaker(train, spec, backbone, seed, device))
    logged = set(snapshot_iterations(spec.iterations, spec.snapshots))
    start = resume.iteration if resume else 0
    if not start:
        yield from (_snapshot(problem, arm, 0) for arm in arms)
    for iteration in range(start, spec.iterations):
        pair = pair_at(iteration)
        for arm in arms:
            loss, worst = _update(problem, arm, pair, step_size(spec, iteration))
            if not math.isfinite(loss):
                raise Diverged(f"The loss of {arm.spec.name} became {loss} at iteration {iteration + 1}.")
            yield Step(arm.spec.name, iteration + 1, loss, worst)
        if iteration + 1 in logged:
            yield from (_snapshot(problem, arm, iteration + 1) for arm in arms)
        if iteration + 1 in logged or (iteration + 1) % CHECKPOINT_EVERY == 0:
            yield _checkpoint(arms, iteration + 1)
        yield Phase("distill", iteration + 1, spec.iterations)
    for arm in arms:
        yield Distilled(arm.spec.name, arm.images_NCHW.detach().cpu(), synthetic_labels(train, spec.ipc))


def synthetic_labels(train: GroupedDataset, ipc: int) -> torch.Tensor:
    """Return the labels of a synthetic set, int64 (C·IPC,), ordered by class."""
    return torch.arange(train.num_classes).repeat_interleave(ipc)


def _arms(problem: Problem, seed: int, resume: Checkpoint | None) -> list[Arm]:
    spec = problem.spec
    initial = initial_images(problem.train, spec.ipc, spec.init, seed, problem.device)
    arms = []
    for arm in spec.arms:
        alignment = build_alignment(arm)
        images, momentum = initial.clone(), torch.zeros_like(initial)
        if resume:
            images = resume.tensors[f"{arm.name}/images"].to(problem.device, copy=True)
            momentum = resume.tensors[f"{arm.name}/momentum"].to(problem.device, copy=True)
        arms.append(Arm(arm, alignment, images.requires_grad_(), momentum))
    return arms


def _update(problem: Problem, arm: Arm, pair: Pair, lr: float) -> tuple[float, float]:
    """Take one SGD step on an arm's images; return its loss and worst residual before the step."""
    spec = problem.spec
    classes = problem.train.num_classes
    x_NCHW = augment_parts(arm.images_NCHW, [spec.ipc] * classes, pair.augmentations)
    mean_CN = torch.eye(classes, device=problem.device).repeat_interleave(spec.ipc, dim=1) / spec.ipc
    signal = problem.backbone.signals(pair.net, x_NCHW, mean_CN)
    loss = matching_loss(signal, arm.targets(pair), problem.matching)
    (gradient,) = torch.autograd.grad(loss, arm.images_NCHW)
    with torch.no_grad():
        arm.momentum_NCHW.mul_(spec.momentum).add_(gradient)
        arm.images_NCHW.sub_(lr * arm.momentum_NCHW)
        worst = max(
            worst_residual(layer, s.detach()) for layer, s in zip(pair.statistics, signal, strict=True)
        )
    return loss.item(), worst


def matching_loss(signal: Signal, targets: list[Targets], matching: Discrepancy) -> torch.Tensor:
    """Return Σ_layers Σ_y Σ_t weight_{y,t} d(point_{y,t}, Φ_{S_y}), a scalar."""
    pairs = zip(signal, targets, strict=True)
    terms = [(t.weights_CT * matching(t.points_CTD, s_CD[:, None])).sum() for s_CD, t in pairs]
    return torch.stack(terms).sum()


def worst_residual(statistics: GroupStatistics, signal_CD: torch.Tensor) -> float:
    """Return max over cells of ‖Φ_{a|y} − Φ_{S_y}‖, relative to the mean ‖Φ_{a|y}‖ of the class."""
    distance_CG = (statistics.means_CGD - signal_CD[:, None]).norm(dim=-1) * statistics.present_CG
    scale_C = (statistics.means_CGD.norm(dim=-1) * statistics.uniform_CG).sum(dim=1)
    return (distance_CG.amax(dim=1) / scale_C).max().item()


def _snapshot(problem: Problem, arm: Arm, iteration: int) -> Snapshot:
    pixels = problem.train.normalisation.invert(arm.images_NCHW.detach().cpu().numpy())
    shape = (problem.train.num_classes, problem.spec.ipc, *pixels.shape[1:])
    return Snapshot(arm.spec.name, iteration, pixels.reshape(shape))


def _checkpoint(arms: list[Arm], iteration: int) -> Checkpoint:
    tensors = {}
    for arm in arms:
        tensors[f"{arm.spec.name}/images"] = arm.images_NCHW.detach().cpu().clone()
        tensors[f"{arm.spec.name}/momentum"] = arm.momentum_NCHW.cpu().clone()
    return Checkpoint(iteration, tensors)
