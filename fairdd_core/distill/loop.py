"""The distillation loop for every backbone and alignment, with all arms in lockstep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from fairdd_core.config.spec.distill import ArmSpec, DistillSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.alignments.registry import build_alignment
from fairdd_core.distill.arms import IMAGES, Arm, Problem, update
from fairdd_core.distill.backbones.base import Signal
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.diagnostics import diagnose, with_variances, worst_residual
from fairdd_core.distill.interventions import INTERVENTIONS, NONE, image_spec
from fairdd_core.distill.matching import build_matching
from fairdd_core.distill.schedules import InnerLoopPairs, MatchingPair, PairFactory, schedule
from fairdd_core.distill.synthetic import initial_images
from fairdd_core.errors import Diverged, UserError, lookup
from fairdd_core.events import Checkpoint, Diagnosed, Distilled, Phase, Snapshot, Step

CHECKPOINT_EVERY = 50  # iterations, so that an interrupted run loses little where snapshots are rare


def snapshot_iterations(iterations: int, snapshots: int) -> list[int]:
    """Return about ``snapshots`` iterations from 0 to the end, evenly spaced in their logarithm."""
    spaced = np.geomspace(1, iterations, snapshots - 1) if snapshots > 2 else [iterations]
    return sorted({0, *np.rint(spaced).astype(int).tolist(), iterations})


def step_size(spec: DistillSpec, iteration: int) -> float:
    """Return the step size of a 0-based iteration: constant, then linear to zero over ``lr_decay``.

    It halves at every one of ``lr_halvings``.
    """
    left = (spec.iterations - iteration) / spec.iterations
    passed = sum(iteration >= round(share * spec.iterations) for share in spec.lr_halvings)
    lr: float = spec.lr / 2**passed
    return lr * min(1.0, left / spec.lr_decay) if spec.lr_decay else lr


def distill(
    train: GroupedDataset,
    spec: DistillSpec,
    seed: int,
    device: torch.device,
    resume: Checkpoint | None = None,
) -> Iterator[Phase | Step | Diagnosed | Snapshot | Checkpoint | Distilled]:
    """Distil ``train`` once per arm.

    Every arm sees the same initial images, networks, augmentations and real images; where networks are
    trained on the synthetic images, they start the same and are trained by the same rule. An arm's result
    does not depend on which other arms run beside it.

    Args:
        train: the real data.
        spec: how to distil.
        seed: of the run.
        device: where to compute.
        resume: a checkpoint of the same spec to continue from; the result is the same as without a stop.

    Yields:
        ``Step`` per arm and iteration, ``Diagnosed`` and ``Snapshot`` at the logged iterations,
        ``Checkpoint`` then and every ``CHECKPOINT_EVERY`` iterations, postponed to the end of a network's
        life, and ``Distilled`` per arm at the end.

    Raises:
        UserError: settings that the data does not allow, or a checkpoint of another version.
        Diverged: the loss is no longer finite.
    """
    backbone = lookup(BACKBONES, spec.backbone, "distill.backbone").build(spec)
    problem = Problem(train, spec, backbone, device)
    arms = _arms(problem, seed, resume)
    life = _assign_pairs(problem, arms, partial(PairFactory, train, spec, backbone, seed, device), seed)
    logged = set(snapshot_iterations(spec.iterations, spec.snapshots))
    start, due = (resume.iteration if resume else 0), False
    if not start:
        yield from (_snapshot(problem, arm, 0) for arm in arms)
    for iteration in range(start, spec.iterations):
        reached = iteration + 1
        yield from _iteration(problem, arms, iteration, reached in logged)
        if reached in logged:
            yield from (_snapshot(problem, arm, reached) for arm in arms)
        due |= reached in logged or reached % CHECKPOINT_EVERY == 0
        if due and reached % life == 0:  # a network is not saved in the middle of its life
            yield _checkpoint(arms, reached)
            due = False
        yield Phase("distill", reached, spec.iterations)
    for arm in arms:
        x_NCHW, y_N = arm.training_set(problem)
        yield Distilled(arm.spec.name, x_NCHW.cpu(), y_N.cpu())


def _iteration(problem: Problem, arms: list[Arm], iteration: int, logged: bool) -> Iterator[Step | Diagnosed]:
    """Update every arm once; measure the groups where that is cheap, and at the logged iterations."""
    lr = step_size(problem.spec, iteration)
    taken: dict[int, tuple[MatchingPair, float, Signal]] = {}
    seen: dict[MatchingPair, dict[str, Signal]] = {}
    for arm in arms:
        if id(arm.values) not in taken:  # arms that share their images take one step
            pair = arm.pair_at(iteration)
            taken[id(arm.values)] = (pair, *update(problem, arm, pair, lr))
        pair, loss, signal = taken[id(arm.values)]
        if not math.isfinite(loss):
            raise Diverged(f"The loss of {arm.spec.name} became {loss} at iteration {iteration + 1}.")
        measured = logged or not problem.backbone.lazy
        residuals = (worst_residual(t, s) for t, s in zip(pair.statistics, signal, strict=True))
        yield Step(arm.spec.name, iteration + 1, loss, max(residuals) if measured else math.nan)
        seen.setdefault(pair, {})[arm.spec.name] = signal
    for pair, signals in seen.items():
        if logged:
            noise = {arm.spec.name: arm.target_variance(pair) for arm in arms if arm.spec.name in signals}
            cells = with_variances(diagnose(pair.statistics, signals), noise)
            yield Diagnosed(iteration + 1, cells)
        pair.real.clear_cache()


def _arms(problem: Problem, seed: int, resume: Checkpoint | None) -> list[Arm]:
    """Return the arms; those that differ only in later interventions share their images."""
    initial_NCHW = initial_images(problem.train, problem.spec, seed, problem.device)
    distinct: dict[ArmSpec, Arm] = {}
    arms = []
    for spec in problem.spec.arms:
        key = image_spec(spec)
        if key not in distinct:
            distinct[key] = _arm(problem, spec, initial_NCHW, resume)
        arms.append(replace(distinct[key], spec=spec))
    return arms


def _arm(problem: Problem, arm: ArmSpec, initial_NCHW: torch.Tensor, resume: Checkpoint | None) -> Arm:
    spec, device = problem.spec, problem.device
    values = {IMAGES: initial_NCHW.clone()}
    values.update((name, start.to(device)) for name, start in problem.backbone.variables().items())
    momenta = {name: torch.zeros_like(value) for name, value in values.items()}
    if resume:
        for kind, tensors in (("value", values), ("momentum", momenta)):
            for name in tensors:
                tensors[name] = _saved(resume, f"{arm.name}/{kind}/{name}").to(device, copy=True)
    matching = build_matching(arm.matching or spec.matching, problem.backbone, problem.parts)
    leaves = {name: value.requires_grad_() for name, value in values.items()}
    return Arm(arm, build_alignment(arm), matching, leaves, momenta)


def _saved(resume: Checkpoint, name: str) -> torch.Tensor:
    if name not in resume.tensors:
        known = ", ".join(sorted(resume.tensors)) or "nothing"
        raise UserError("checkpoint", name, known, "Another version wrote it: launch the run again.")
    return resume.tensors[name]


def _assign_pairs(problem: Problem, arms: list[Arm], maker: Callable[[str], PairFactory], seed: int) -> int:
    """Set ``pair_at`` of every arm; return the number of iterations after which all networks start anew.

    Arms share their pairs unless an intervention prepares the networks of one.
    """
    spec = problem.spec.schedule
    makers = {name: maker(name) for name in {_preparation(arm) for arm in arms}}
    pairs = {name: schedule(spec, seed, make) for name, make in makers.items()}
    for arm in arms:
        make, shared = makers[_preparation(arm)], pairs[_preparation(arm)]
        if spec.kind == "inner" or arm.spec.warm_steps:
            life, between = (spec.outer, spec.inner) if spec.kind == "inner" else (1, 0)
            arm.pair_at = InnerLoopPairs(
                make, life, arm.spec.warm_steps, between, partial(arm.training_set, problem)
            )
        else:
            arm.pair_at = shared
    return spec.outer if spec.kind == "inner" else 1


def _preparation(arm: Arm) -> str:
    """Return the intervention that an arm's networks depend on."""
    return arm.spec.intervention if INTERVENTIONS[arm.spec.intervention].before else NONE


def _snapshot(problem: Problem, arm: Arm, iteration: int) -> Snapshot:
    pixels = problem.train.normalisation.invert(arm.values[IMAGES].detach().cpu().numpy())
    shape = (problem.train.num_classes, problem.spec.ipc, *pixels.shape[1:])
    return Snapshot(arm.spec.name, iteration, pixels.reshape(shape))


def _checkpoint(arms: list[Arm], iteration: int) -> Checkpoint:
    tensors = {}
    for arm in arms:
        for kind, values in (("value", arm.values), ("momentum", arm.momenta)):
            for name, value in values.items():
                tensors[f"{arm.spec.name}/{kind}/{name}"] = value.detach().cpu().clone()
    return Checkpoint(iteration, tensors)
