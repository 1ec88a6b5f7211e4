"""How long a run takes: its work, and the measured speed of a device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.grouped import Split
from fairdd_core.distill.interventions import image_spec

REAL_BATCH = 256
"""Real images that pass through a network together."""


@dataclass(frozen=True)
class DataSize:
    """What the time of a run depends on in its data.

    Attributes:
        side: of the images in pixels.
        classes: C.
        cells: (class, group) pairs that have images.
        train, test: number of images.
    """

    side: int
    classes: int
    cells: int
    train: int
    test: int

    @classmethod
    def of(cls, split: Split) -> DataSize:
        """Return the size of a split."""
        train = split.train
        cells = int((train.counts_CG(unknown=True) > 0).sum())
        return cls(train.x_NCHW.shape[-1], train.num_classes, cells, len(train), len(split.test))


class Line(BaseModel):
    """Seconds of a pass of n images: ``fixed + n · each``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    fixed: float = Field(ge=0)
    each: float = Field(gt=0)

    def __call__(self, images: float) -> float:
        """Return the seconds of ``images`` at once."""
        return self.fixed + images * self.each


class NetworkSpeed(BaseModel):
    """The speed of a ConvNet on images of one size.

    Attributes:
        side, width, depth: of the images and of the network.
        forward: a pass without gradients.
        match: a pass and its gradient with respect to the images.
        train: an update of the network on augmented images.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    side: int
    width: int
    depth: int
    forward: Line
    match: Line
    train: Line

    @property
    def multiplications(self) -> float:
        """Of one image in one pass."""
        return multiplications(NetSpec(width=self.width, depth=self.depth), self.side)


class DeviceSpeed(BaseModel):
    """What was measured on one device.

    Attributes:
        device: its description, with what else the speed depends on.
        networks: at least one.
        umap: seconds of a UMAP map of a thousand points.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    device: str
    networks: tuple[NetworkSpeed, ...] = Field(min_length=1)
    umap: float = Field(gt=0)

    def of(self, network: NetSpec, side: int) -> NetworkSpeed:
        """Return the speed of a network: as measured, or scaled from the nearest one by its multiplications."""
        wanted = multiplications(network, side)
        near = min(self.networks, key=lambda known: _ratio(known.multiplications, wanted))
        scale = wanted / near.multiplications
        lines = {
            name: Line(fixed=line.fixed, each=line.each * scale)
            for name in ("forward", "match", "train")
            for line in [getattr(near, name)]
        }
        return NetworkSpeed(side=side, width=network.width, depth=network.depth, **lines)


def _ratio(a: float, b: float) -> float:
    return max(a / b, b / a)


def multiplications(network: NetSpec, side: int) -> float:
    """Return the multiplications of one pass of one image through a ConvNet, at least one."""
    total, channels = 1.0, 3
    for _ in range(network.depth):
        total += 9 * channels * network.width * side * side
        channels, side = network.width, max(1, side // 2)
    return total


def stage_seconds(spec: RunSpec, size: DataSize, speed: DeviceSpeed) -> dict[str, float]:
    """Return the expected seconds of each stage of a run on a quiet device.

    Args:
        spec: with Distribution Matching; other backbones take a multiple of the first stage.
        size: of its data.
        speed: of its device.
    """
    distilling = speed.of(spec.distill.network, size.side)
    testing = speed.of(spec.evaluation.network, size.side)
    return {
        "distill": _distil_seconds(spec, size, distilling),
        "evaluate": _test_seconds(spec, size, testing),
        "embed": _embed_seconds(spec, size, testing, speed.umap),
    }


def _distil_seconds(spec: RunSpec, size: DataSize, speed: NetworkSpeed) -> float:
    distill = spec.distill
    schedule, arms = distill.schedule, len({image_spec(arm) for arm in distill.arms})
    synthetic = size.classes * distill.ipc * distill.factor**2
    units = size.classes if schedule.sampling == "per-class" else size.cells
    real = min(schedule.samples * units, size.train)
    passes = min(schedule.pairs, distill.iterations) if schedule.kind == "bank" else distill.iterations
    return distill.iterations * arms * speed.match(synthetic) + passes * _batches(speed.forward, real, REAL_BATCH)


def _test_seconds(spec: RunSpec, size: DataSize, speed: NetworkSpeed) -> float:
    evaluation, synthetic = spec.evaluation, size.classes * spec.distill.ipc * spec.distill.factor**2
    epoch = _batches(speed.train, synthetic, evaluation.batch_size)
    tested = _batches(speed.forward, size.test, REAL_BATCH)
    network = evaluation.epochs * epoch + tested
    full = evaluation.full_data_steps * speed.train(min(evaluation.batch_size, size.train)) + tested
    arms = len(spec.distill.arms) * evaluation.networks * network
    return len(evaluation.architectures) * (arms + evaluation.baseline_networks * (network + full))


def _embed_seconds(spec: RunSpec, size: DataSize, speed: NetworkSpeed, umap: float) -> float:
    arms, synthetic = len(spec.distill.arms), size.classes * spec.distill.ipc * spec.distill.factor**2
    points = spec.embedding.samples_per_cell * size.cells + arms * synthetic
    seen = size.test + 64 * size.cells + spec.distill.snapshots * arms * synthetic
    return _batches(speed.forward, seen, REAL_BATCH) + (umap * points / 1000 if spec.embedding.umap else 0.0)


def _batches(line: Line, images: float, batch: int) -> float:
    whole, rest = divmod(images, batch)
    return whole * line(batch) + (line(rest) if rest else 0.0)


