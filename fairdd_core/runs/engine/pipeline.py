"""A whole run as one stream of events. It imports torch, so only workers import it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from fairdd_core.config.cost import MAX_PLACED
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.registry import load
from fairdd_core.device import resolve_device
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.distill.loop import distill
from fairdd_core.distill.synthetic import random_subset, synthetic_labels, unfold
from fairdd_core.embed.points import Tensors
from fairdd_core.embed.stage import EmbeddingInput, embed
from fairdd_core.errors import UserError
from fairdd_core.evaluate.evaluator import Evaluator, evaluate_arms, evaluate_baselines
from fairdd_core.evaluate.reuse import Cache
from fairdd_core.evaluate.train import TrainingSet
from fairdd_core.events import Checkpoint, ClassesSeen, Distilled, Event, Loaded, Phase
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from fairdd_core.rng import torch_stream
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import check_data


@dataclass
class Progress:
    """The results of an earlier attempt at the same run; a stage skips what is here.

    Attributes:
        checkpoint: of the distillation.
        distilled: arm -> finished training images, float32 (C·IPC·factor², 3, H, W).
        external: arm -> images in units of [0, 1], float32 (N, 3, H, W), and labels, int64 (N,), of the sets
            that were made elsewhere.
        counts: arm or baseline (see ``config.spec.evaluation.series``) -> network -> counts (G, C, C).
        folder: with the snapshots of this and earlier attempts; None where they are not kept.
        data: digest of the data that the earlier attempts have loaded; "" where that is unknown.
    """

    checkpoint: Checkpoint | None = None
    distilled: dict[str, torch.Tensor] = field(default_factory=dict)
    external: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    counts: dict[str, dict[int, np.ndarray]] = field(default_factory=dict)
    folder: RunFolder | None = None
    data: str = ""


def run_pipeline(
    spec: RunSpec, data_dir: Path, resume: Progress | None = None, cache: Cache | None = None
) -> Iterator[Event]:
    """Load, distil, evaluate the arms and the baselines, and embed.

    On the CPU of one machine, with the same number of threads, the same spec gives the same bytes, resumed or
    not.

    Args:
        spec: what to do.
        data_dir: folder of the data sets.
        resume: the results of an earlier attempt.
        cache: with results of earlier runs; by default, everything is computed.

    Raises:
        UserError: settings that this data or machine does not support, or other data than before.
        Diverged: the matching loss is no longer a number.
    """
    progress = resume or Progress()
    device = resolve_device(spec.device)
    yield Phase("data", 0, 1, f"loading {spec.data.dataset}")
    split = load(spec.data, spec.seed, data_dir)
    check_data(progress.data, split.content, spec.data.dataset)
    train, test = split.train, split.test
    if spec.evaluation.baseline_networks:
        random_subset(train, spec.distill.ipc, spec.seed)  # if it raises, then now rather than at the end
    norm = train.normalisation
    names = (train.class_names, train.group_names, train.group_colors)
    yield Loaded(*names, norm.mean_C, norm.std_C, test.y_N, test.a_N, split.content)
    yield Phase("data", 1, 1)
    finished: dict[str, Tensors] = {}
    for event in _distilled(spec, split, device, progress):
        if isinstance(event, Distilled):
            finished[event.arm] = (event.x_NCHW, event.y_N)
        yield event
    evaluator = Evaluator(split, spec.evaluation, spec.seed, device, cache)
    if any(INTERVENTIONS[arm.intervention].after for arm in spec.distill.arms):
        yield Phase("evaluate", 0, 1, "assigning every synthetic image to the group that it resembles")
    sets = {arm.name: evaluator.training_set(arm, *finished[arm.name]) for arm in spec.distill.arms}
    yield from evaluator.reused()
    yield from evaluate_arms(evaluator, sets, progress.counts)
    yield from evaluate_baselines(evaluator, spec.distill.ipc, progress.counts)
    yield from _classes_seen(spec, evaluator, finished)
    yield Phase("embed", 0, 2, "training the network whose features are shown")
    net = _feature_network(spec, evaluator, sets)
    yield from evaluator.reused()
    external = {arm.name: finished[arm.name][0] for arm in spec.distill.arms if arm.external}
    history = partial(earlier_images, spec, train, progress.folder, external)
    shown = EmbeddingInput(split, finished, spec.distill.arms, spec.distill.iterations, history)
    yield from embed(net, shown, spec.embedding, spec.seed, device)


def earlier_images(
    spec: RunSpec,
    train: GroupedDataset,
    folder: RunFolder | None,
    external: Mapping[str, torch.Tensor] | None = None,
) -> Iterator[tuple[int, dict[str, torch.Tensor]]]:
    """Read the training images of every snapshot but the last one, normalised (see ``embed.trajectory``).

    Those of ``external`` arms are the same at all iterations.
    """
    logged = [] if folder is None else folder.snapshot_iterations()
    before = [iteration for iteration in logged if iteration < spec.distill.iterations]
    size = len(spec.distill.arms) * train.num_classes * spec.distill.ipc * spec.distill.factor**2
    kept = min(len(before), max(MAX_PLACED // size, 1))  # of a longer history, some evenly spread
    for position in np.unique(np.linspace(0, len(before) - 1, kept).astype(int)):
        assert folder is not None
        images = folder.snapshot(before[position], external=False)
        pixels = {arm: x_CIKHW.reshape(-1, *x_CIKHW.shape[2:]) for arm, x_CIKHW in images.items()}
        normal = {arm: torch.from_numpy(train.normalisation.apply(x)) for arm, x in pixels.items()}
        own = {arm: unfold(x, spec.distill.factor) for arm, x in normal.items()}
        yield before[position], {**own, **(external or {})}


def _distilled(spec: RunSpec, split: Split, device: torch.device, progress: Progress) -> Iterator[Event]:
    names = [arm.name for arm in spec.distill.distilled]
    if not all(name in progress.distilled for name in names):
        own = spec.distill.model_copy(update={"arms": spec.distill.distilled})
        yield from distill(split.train, own, spec.seed, device, progress.checkpoint)
    else:
        labels_N = synthetic_labels(split.train.num_classes, spec.distill)
        yield from (Distilled(name, progress.distilled[name], labels_N) for name in names)
    for arm in spec.distill.arms:
        if arm.external:
            yield _external(arm, split.train, progress)


def _external(arm: ArmSpec, train: GroupedDataset, progress: Progress) -> Distilled:
    """Return a set that was made elsewhere, normalised as the training set is.

    Raises:
        UserError: when it is not with the run, or does not fit the data.
    """
    if arm.name not in progress.external:
        hint = "Add its file again: fairdd judge FILE."
        raise UserError("distill.arms.digest", f"the images of {arm.name} with the run", "none", hint)
    x_NCHW, y_N = progress.external[arm.name]
    classes, side = train.num_classes, train.x_NCHW.shape[-1]
    if x_NCHW.shape[1:] != (3, side, side) or not np.array_equal(np.unique(y_N), np.arange(classes)):
        expected = f"images of {side}×{side} pixels of each of {classes} classes"
        got = f"{arm.name}: {x_NCHW.shape[-1]}×{x_NCHW.shape[-2]} pixels, {len(np.unique(y_N))} classes"
        raise UserError("distill.arms.digest", expected, got, "Choose the data set that it was made for.")
    normal_NCHW = torch.from_numpy(train.normalisation.from_levels(x_NCHW))
    return Distilled(arm.name, normal_NCHW, torch.from_numpy(y_N))


def _classes_seen(
    spec: RunSpec, evaluator: Evaluator, finished: Mapping[str, Tensors]
) -> Iterator[ClassesSeen]:
    """Show external sets to a network trained on the real data, where the run has one anyway."""
    if spec.evaluation.baseline_networks or spec.embedding.features == "real":
        for arm in spec.distill.arms:
            if arm.external:
                yield evaluator.classes_seen(arm.name, *finished[arm.name])


def _feature_network(spec: RunSpec, evaluator: Evaluator, sets: dict[str, TrainingSet]) -> Net:
    """Return the network whose features are shown."""
    features = spec.embedding.features
    if features == "real":
        return evaluator.full_network(0)
    if features == "random":
        stream = torch_stream(spec.seed, "embed", "network")
        net = make_network(spec.evaluation.network, *evaluator.shape, stream, evaluator.device)
        return net.requires_grad_(False).eval()
    return evaluator.train(sets[features], 0)
