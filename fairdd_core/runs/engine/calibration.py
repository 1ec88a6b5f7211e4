"""The process that measures how fast a device is, with the code that runs use.

It imports torch, so nothing but its own process imports it; ``speed`` starts it and reads what it writes.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import nnls

from fairdd_core.config.cost import DeviceSpeed, PassSpeed, Work
from fairdd_core.config.presets import arms_named
from fairdd_core.config.spec.distill import DistillSpec, ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.device import describe_device, keep_freed_memory, resolve_device
from fairdd_core.distill.loop import distill
from fairdd_core.embed.maps import umap_map
from fairdd_core.evaluate.train import Trainer, TrainingSet, predict
from fairdd_core.events import Phase
from fairdd_core.nets.build import make_network
from fairdd_core.rng import numpy_stream, torch_stream
from fairdd_core.runs.engine import process, speed
from fairdd_core.workspace import Workspace

Clock = Callable[[], float]
SHAPES = (
    (16, NetSpec(width=32, depth=2)),
    (32, NetSpec(width=32, depth=3)),
    (32, NetSpec(width=128, depth=3)),
)
"""Image side and network of what is measured; others follow from their work."""
CLASSES, FEW_CLASSES, GROUPS, PER_CELL = 10, 2, 2, 12
IPC = (1, 10)
BATCHES = (10, 130)
TESTED = 480
PAIRS, LAPS, REPEATS = 2, 2, 2
"""The shortest of several laps counts: other work on the machine only adds to it."""
POINTS = 500
ALONE = 0.8
"""Least seconds of a core that a process gets for every second on a machine that does nothing else."""


@dataclass(frozen=True)
class _Sample:
    """A measured pass: the work of its network for an image, the number of images, and its seconds."""

    work: Work
    images: int
    seconds: float


def measure(device_name: str, clock: Clock = time.perf_counter) -> DeviceSpeed:
    """Measure a device; takes some 20 seconds on two cores.

    Args:
        device_name: ``cpu`` or ``cuda:n``.
        clock: in seconds.
    """
    start = time.process_time()  # what this process has needed so far, most of it for imports
    began = time.perf_counter()
    bench = _Bench(resolve_device(device_name), clock)
    device = describe_device(bench.device)
    bench.distil(*SHAPES[0], CLASSES, 1)  # the first time is longer
    part = bench.part()
    match, real = [], []
    for side, network in SHAPES:
        for ipc in IPC:
            update, pair = bench.distil(side, network, CLASSES, ipc)
            match.append(_Sample(Work.of(network, side), CLASSES * ipc, update - CLASSES * part))
            real.append(_Sample(Work.of(network, side), CLASSES * GROUPS * PER_CELL, pair))
    train = [bench.training(side, network, images) for side, network in SHAPES for images in BATCHES]
    test = [bench.testing(side, network) for side, network in SHAPES]
    umap_start, umap_fit, umap_place = _umap(clock)
    share = (time.process_time() - start) / (time.perf_counter() - began)
    return DeviceSpeed(
        device=device,
        busy=share < ALONE,
        start=start,
        match=_pass_speed(match),
        part=part,
        real=_pass_speed(real),
        train=_pass_speed(train),
        test=_pass_speed(test),
        umap_start=umap_start,
        umap_fit=umap_fit,
        umap_place=umap_place,
    )


def _pass_speed(samples: Sequence[_Sample]) -> PassSpeed:
    """Return the speed that fits samples best in relative terms, with no negative part."""
    rows = [[1.0, s.images * s.work.values, s.images * s.work.multiplications] for s in samples]
    seconds = np.array([sample.seconds for sample in samples]).clip(min=1e-9)
    (fixed, values, multiplications), _ = nnls(np.array(rows) / seconds[:, None], np.ones(len(samples)))
    return PassSpeed(fixed=float(fixed), values=float(values), multiplications=float(multiplications))


class _Bench:
    """Measures passes on a device with images of noise."""

    def __init__(self, device: torch.device, clock: Clock) -> None:
        self.device, self.clock = device, clock

    def part(self) -> float:
        """Return the seconds that one more class takes, given as many images in all."""
        side, network = SHAPES[0]
        many, _ = self.distil(side, network, CLASSES, 1)
        few, _ = self.distil(side, network, FEW_CLASSES, CLASSES // FEW_CLASSES)
        return max(0.0, many - few) / (CLASSES - FEW_CLASSES)

    def distil(self, side: int, network: NetSpec, classes: int, ipc: int) -> tuple[float, float]:
        """Return the seconds of an update under a pair that is known, and of making one known."""
        spec = DistillSpec(
            arms=arms_named("cobra"),
            ipc=ipc,
            iterations=PAIRS * (1 + LAPS) + 1,  # the last one is logged, which takes longer
            lr=1e-6,
            network=network,
            schedule=ScheduleSpec(pairs=PAIRS, samples=PER_CELL, sampling="stratified"),
            snapshots=2,
        )
        ends = [self.clock()]
        for event in distill(_noise(side, classes), spec, 0, self.device):
            if isinstance(event, Phase):
                ends.append(self.clock())
        seconds = np.diff(ends)
        update = float(seconds[PAIRS:-1].reshape(LAPS, PAIRS).mean(axis=1).min())
        return update, max(0.0, float(seconds[1:PAIRS].min()) - update)

    def training(self, side: int, network: NetSpec, images: int) -> _Sample:
        """Measure an update of a network."""
        x_NCHW = torch.randn(images, 3, side, side, generator=torch_stream(0, "calibration"))
        data = TrainingSet.synthetic(x_NCHW, torch.arange(images) % CLASSES, self.device)
        trainer = Trainer(data, EvaluationSpec(network=network), (side, CLASSES), 0, 0, self.device)
        updates = 6 if images < 50 else 1

        def update() -> None:
            losses = [trainer.update() for _ in range(updates)]
            float(losses[-1])  # waits for a GPU

        return _Sample(Work.of(network, side), images, self._shortest(update) / updates)

    def testing(self, side: int, network: NetSpec) -> _Sample:
        """Measure the test of a network."""
        data = _noise(side, CLASSES)
        stream = torch_stream(0, "calibration")
        net = make_network(network, side, CLASSES, stream, self.device).requires_grad_(False).eval()
        tested = self._shortest(lambda: predict(net, data, data.normalisation, self.device))
        return _Sample(Work.of(network, side), len(data), tested)

    def _shortest(self, run: Callable[[], object]) -> float:
        run()
        times = []
        for _ in range(REPEATS):
            before = self.clock()
            run()
            times.append(self.clock() - before)
        return min(times)


def _noise(side: int, classes: int) -> GroupedDataset:
    index_N = np.arange(TESTED)
    x_NCHW = numpy_stream(0, "calibration").integers(0, 256, (TESTED, 3, side, side), dtype=np.uint8)
    names = tuple(map(str, range(classes)))
    return GroupedDataset(x_NCHW, index_N % classes, index_N // classes % GROUPS, names, ("a", "b"))


def _umap(clock: Clock) -> tuple[float, float, float]:
    """Return the seconds until UMAP can begin, and those of a thousand points to map and to place."""
    features_ND = numpy_stream(0, "calibration").normal(size=(POINTS, 64)).astype(np.float32)
    spec, times = EmbeddingSpec(), [clock()]
    for mapped, placed in ((POINTS // 4, 10), (POINTS, 10), (POINTS, POINTS)):
        umap_map(features_ND[:mapped], features_ND[:placed], spec, 0)
        times.append(clock())
    first, fit, both = np.diff(times)
    return max(0.0, first - fit / 4), 1000 / POINTS * fit, 1000 / POINTS * max(0.0, both - fit)


def main(root: Path, device: str) -> int:
    """Measure a device and write its speed into the workspace at ``root``."""
    process.lower_priority()
    keep_freed_memory()
    speed.write(Workspace(root), device, measure(device))
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
