"""Measuring how fast a device is. It imports torch, so only workers and the command line import it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from fairdd_core.config.cost import REAL_BATCH, DeviceSpeed, Line, NetworkSpeed
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.data.augmentation import Augmentation, augment_parts, draw_augmentation
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.device import describe_device, resolve_device
from fairdd_core.embed.maps import umap_map
from fairdd_core.evaluate.train import TrainingSet, train_network
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from fairdd_core.rng import numpy_stream, torch_stream

SHAPES = ((16, 32, 2), (32, 32, 3), (32, 64, 3), (32, 128, 3), (64, 32, 4), (64, 64, 4), (64, 128, 4))
"""Side, width and depth of what is measured: the networks of the recipes."""
CLASSES = 10
FEW, MANY = 10, 100
"""Synthetic images of the two measurements that a line goes through."""
STEPS = 2
SECONDS = 0.25
"""Of a measurement, at least, unless its first repetition takes longer."""
UMAP_POINTS = 1000


def measure(device_name: str) -> DeviceSpeed:
    """Measure a device; takes about half a minute on a CPU.

    Args:
        device_name: ``cpu`` or ``cuda:n``.
    """
    device = resolve_device(device_name)
    networks = tuple(_network_speed(*shape, device) for shape in SHAPES)
    return DeviceSpeed(device=describe_device(device), networks=networks, umap=_umap_seconds())


def _network_speed(side: int, width: int, depth: int, device: torch.device) -> NetworkSpeed:
    network = NetSpec(width=width, depth=depth)
    data = _noise(side, device)
    return NetworkSpeed(
        side=side,
        width=width,
        depth=depth,
        forward=_forward(network, data, device),
        match=_line(lambda images: _match(network, data, images, device)),
        train=_line(lambda images: _train(network, data, images, device)),
    )


def _noise(side: int, device: torch.device) -> GroupedDataset:
    rng = numpy_stream(0, "calibration")
    y_N = np.arange(REAL_BATCH) % CLASSES
    x_NCHW = rng.integers(0, 256, (REAL_BATCH, 3, side, side), dtype=np.uint8)
    names = tuple(map(str, range(CLASSES)))
    return GroupedDataset(x_NCHW, y_N, np.arange(REAL_BATCH) // CLASSES % 2, names, ("a", "b"))


def _forward(network: NetSpec, data: GroupedDataset, device: torch.device) -> Line:
    """Measure passes of real images; their overhead is that of a whole batch, so there is no fixed part."""
    net, x_NCHW = _net(network, data, device), _images(data, len(data), device)

    @torch.no_grad()
    def run() -> None:
        augmented = augment_parts(x_NCHW, [len(data)], [_augmentation()])
        net.embed(augmented).mean(dim=0).sum().item()

    return Line(fixed=0.0, each=_seconds(run) / len(data))


def _match(network: NetSpec, data: GroupedDataset, images: int, device: torch.device) -> float:
    """Measure an update of synthetic images."""
    net, x_NCHW = _net(network, data, device), _images(data, images, device).requires_grad_()
    sizes = [images // CLASSES] * CLASSES

    def run() -> None:
        augmented = augment_parts(x_NCHW, sizes, [_augmentation() for _ in sizes])
        loss = net.embed(augmented).unflatten(0, (CLASSES, -1)).mean(dim=1).square().sum()
        torch.autograd.grad(loss, x_NCHW)[0].sum().item()

    return _seconds(run)


def _train(network: NetSpec, data: GroupedDataset, images: int, device: torch.device) -> float:
    """Measure an update of a test network."""
    spec = EvaluationSpec(network=network, epochs=STEPS)
    labels = torch.from_numpy(data.y_N[:images])
    train_set = TrainingSet.synthetic(_images(data, images, device), labels, device)
    shape = (data.x_NCHW.shape[-1], CLASSES)
    return _seconds(lambda: train_network(train_set, spec, shape, 0, 0, device)) / STEPS


def _net(network: NetSpec, data: GroupedDataset, device: torch.device) -> Net:
    generator = torch_stream(0, "calibration")
    return make_network(network, data.x_NCHW.shape[-1], CLASSES, generator, device).requires_grad_(False)


def _images(data: GroupedDataset, count: int, device: torch.device) -> torch.Tensor:
    return normalised(data, np.arange(count), data.normalisation, device)


def _augmentation() -> Augmentation:
    return draw_augmentation("scale", torch_stream(0, "calibration"))  # one that costs about the average


def _line(measure_at: Callable[[int], float]) -> Line:
    """Return the line through the seconds of a few and of many synthetic images."""
    few, many = measure_at(FEW), measure_at(MANY)
    each = max((many - few) / (MANY - FEW), many / MANY / 2)  # noise must not make images free
    return Line(fixed=max(0.0, many - each * MANY), each=each)


def _seconds(run: Callable[[], object]) -> float:
    """Return the shortest time of several repetitions: other work on the machine only adds to it."""
    run()
    times, started = [], time.perf_counter()
    while time.perf_counter() - started < SECONDS or len(times) < 2:
        before = time.perf_counter()
        run()
        times.append(time.perf_counter() - before)
    return min(times)


def _umap_seconds() -> float:
    """Return the seconds of a map of a thousand points, compiled before."""
    features_ND = numpy_stream(0, "calibration").normal(size=(UMAP_POINTS, 32)).astype(np.float32)
    nothing_LD, spec = features_ND[:0], EmbeddingSpec()
    umap_map(features_ND[:100], nothing_LD, spec, 0)
    before = time.perf_counter()
    umap_map(features_ND, nothing_LD, spec, 0)
    return time.perf_counter() - before
