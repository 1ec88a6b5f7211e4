"""How long a run takes: its work, and the measured speed of a device."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from fairdd_core.config.spec.distill import ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.grouped import Split
from fairdd_core.distill.interventions import INTERVENTIONS, image_spec

BATCH = 256
"""Images with which matching networks are trained at once."""
WINDOWS = 8
"""Windows of updates (see ``evaluate.convergence``) until a network on all real images has converged, as many
as on Colored Digits. The limit on the updates often comes first."""
WINDOW = 100
TESTED_TOGETHER = 500
"""Images in a pass of the test."""
POOL = 64
"""Real images of every cell among which neighbours are searched."""
MAX_PLACED = 20_000
"""The most earlier synthetic images that the maps show."""
MULTIPLES = {"dm": (1.0, 1.0), "cafe": (1.1, 1.9), "dc": (4.5, 2.4), "idc": (3.6, 2.5), "mtt": (16.0, 35.0)}
"""Backbone -> time of an update of the synthetic images, and of a pass of the real ones, as multiples of
Distribution Matching with the same images. Measured with their short recipes on a CPU, 16×16, width 32."""
ARCHITECTURES = {
    "convnet": 1.0,
    "convnet-bn": 0.9,
    "alexnet": 2.5,
    "vgg11": 1.8,
    "resnet18": 6.0,
    "mlp": 0.03,
}
"""Architecture -> time of a pass as a multiple of the ConvNet's of the same width. Measured on a CPU at 32×32
and width 64."""


@dataclass(frozen=True)
class DataSize:
    """What the time of a run depends on in its data.

    Attributes:
        side: of the images in pixels.
        classes: C.
        cells: (class, group) pairs that have training images.
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


@dataclass(frozen=True)
class Work:
    """The work of a pass of one image through a ConvNet, in millions.

    Attributes:
        values: outputs of the convolutions, which norms, ReLU and pooling read and write.
        multiplications: of the convolutions.
    """

    values: float
    multiplications: float

    @classmethod
    def of(cls, network: NetSpec, side: int) -> Work:
        """Return the work of a network on images of a side, scaled to its architecture."""
        values, multiplications, channels = 0.0, 0.0, 3
        for _ in range(network.depth):
            values += network.width * side * side
            multiplications += 9 * channels * network.width * side * side
            channels, side = network.width, max(1, side // 2)
        scale = 1e-6 * ARCHITECTURES.get(network.name, 1.0)
        return cls(values * scale, multiplications * scale)


class PassSpeed(BaseModel):
    """The seconds of a pass of some images: ``fixed + images · (values · V + multiplications · M)``.

    Attributes:
        fixed: seconds of any pass.
        values, multiplications: seconds of a million; see ``Work``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    fixed: float = Field(ge=0, allow_inf_nan=False)
    values: float = Field(ge=0, allow_inf_nan=False)
    multiplications: float = Field(ge=0, allow_inf_nan=False)

    def seconds(self, work: Work, images: float, batch: float = float("inf")) -> float:
        """Return the seconds of a pass of ``images`` in batches of at most ``batch``."""
        batches = max(1, -(-images // batch))
        each = self.values * work.values + self.multiplications * work.multiplications
        return batches * self.fixed + images * each


class DeviceSpeed(BaseModel):
    """What was measured on one device, in seconds.

    Attributes:
        device: its description.
        busy: whether other work slowed it down meanwhile.
        start: until a new process can begin.
        match: an update of the synthetic images.
        part: of that, the augmentation of one class, whose images share it.
        real: a pass of the real images of a pair.
        train: an update of a network.
        test: a pass of test images.
        umap_start: until UMAP can begin.
        umap_fit, umap_place: a thousand points that a map is made of, and that are placed into it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    device: str
    busy: bool = False
    start: float = Field(ge=0, allow_inf_nan=False)
    match: PassSpeed
    part: float = Field(ge=0, allow_inf_nan=False)
    real: PassSpeed
    train: PassSpeed
    test: PassSpeed
    umap_start: float = Field(ge=0, allow_inf_nan=False)
    umap_fit: float = Field(ge=0, allow_inf_nan=False)
    umap_place: float = Field(ge=0, allow_inf_nan=False)


TWO_CORES = DeviceSpeed(
    device="CPU, 2 threads",
    start=4.0,
    match=PassSpeed(fixed=0.0017, values=0.0066, multiplications=0.000016),
    part=0.00007,
    real=PassSpeed(fixed=0.0, values=0.0042, multiplications=0.000005),
    train=PassSpeed(fixed=0.0036, values=0.0057, multiplications=0.000029),
    test=PassSpeed(fixed=0.0, values=0.0031, multiplications=0.000009),
    umap_start=9.0,
    umap_fit=1.3,
    umap_place=0.8,
)
"""Two cores as once measured, for the proportions of runs and of their stages where nothing was measured."""


def stage_seconds(spec: RunSpec, size: DataSize, speed: DeviceSpeed) -> dict[str, float]:
    """Return the expected seconds of each stage of a run that reuses no results, on a quiet device.

    Barycenters that are solved numerically, matching of clouds and the fair extractor take longer than this
    says.

    Args:
        spec: of the run.
        size: of its data.
        speed: of its device.
    """
    return {
        "start": speed.start,
        "distill": _Distilling(spec.distill, size, speed).seconds(),
        "evaluate": sum(evaluation_seconds(spec, size, speed)),
        "embed": _map_seconds(spec, size, speed),
    }


def evaluation_seconds(spec: RunSpec, size: DataSize, speed: DeviceSpeed) -> tuple[float, float]:
    """Return the expected seconds of testing the arms and of the baselines; see ``stage_seconds``."""
    testing = _Testing(spec, size, speed)
    return testing.arms(), testing.baselines()


def run_seconds(spec: RunSpec, size: DataSize, speed: DeviceSpeed) -> float:
    """Return the sum of ``stage_seconds``."""
    return sum(stage_seconds(spec, size, speed).values())


def _parts(distill: DistillSpec) -> int:
    """Return how many training images the synthetic images of a class hold."""
    return distill.ipc * distill.factor**2


@dataclass(frozen=True)
class _Distilling:
    spec: DistillSpec
    size: DataSize
    speed: DeviceSpeed

    @property
    def work(self) -> Work:
        return Work.of(self.spec.network, self.size.side)

    def seconds(self) -> float:
        arms = {image_spec(arm) for arm in self.spec.distilled}  # the same images are made once
        if not arms:
            return 0.0
        own = [arm for arm in arms if self.spec.schedule.kind == "inner" or arm.warm_steps]
        update, real = MULTIPLES.get(self.spec.backbone, (1.0, 1.0))
        iterations = self.spec.iterations
        passes = self._pairs() * (len(own) < len(arms)) + iterations * len(own)
        return (
            iterations * len(arms) * update * self._update()
            + passes * real * self._real()
            + self._experts()
            + sum(self._own_training(arm) for arm in own)
        )

    def _pairs(self) -> int:
        schedule, iterations = self.spec.schedule, self.spec.iterations
        return min(schedule.pairs, iterations) if schedule.kind == "bank" else iterations

    def _update(self) -> float:
        synthetic = self.size.classes * _parts(self.spec)
        return self.size.classes * self.speed.part + self.speed.match.seconds(self.work, synthetic)

    def _real(self) -> float:
        schedule: ScheduleSpec = self.spec.schedule
        units = self.size.classes if schedule.sampling == "per-class" else self.size.cells
        return self.speed.real.seconds(self.work, min(schedule.samples * units, self.size.train))

    def _experts(self) -> float:
        schedule = self.spec.schedule
        return schedule.experts * self._fit(schedule.expert_steps, self.size.train)

    def _own_training(self, arm: ArmSpec) -> float:
        """Return the seconds of training networks on the images of one arm."""
        schedule, synthetic = self.spec.schedule, self.size.classes * _parts(self.spec)
        life, between = (schedule.outer, schedule.inner) if schedule.kind == "inner" else (1, 0)
        lives = -(-self.spec.iterations // life)
        steps = lives * arm.warm_steps + (self.spec.iterations - lives) * between
        return self._fit(steps, synthetic)

    def _fit(self, steps: int, images: int) -> float:
        batches = -(-images // BATCH) if self.spec.schedule.unit == "passes" else 1
        return steps * batches * self.speed.train.seconds(self.work, min(images, BATCH))


@dataclass(frozen=True)
class _Testing:
    spec: RunSpec
    size: DataSize
    speed: DeviceSpeed

    def arms(self) -> float:
        evaluation, distill = self.spec.evaluation, self.spec.distill
        images, arms = self.size.classes * _parts(distill), len(distill.arms)
        return sum(
            arms * evaluation.networks * (self._training(name, images) + self._tested(name))
            for name in evaluation.architectures
        )

    def baselines(self) -> float:
        """Return the seconds of the baselines, and of the network whose features are shown."""
        evaluation, distill, embedding = self.spec.evaluation, self.spec.distill, self.spec.embedding
        subset = self.size.classes * distill.ipc
        total = sum(
            evaluation.baseline_networks
            * (self._training(name, subset) + self._full_data(name) + 2 * self._tested(name))
            for name in evaluation.architectures
        )
        weighted = any(INTERVENTIONS[arm.intervention].after for arm in distill.arms)
        if not evaluation.baseline_networks and (weighted or embedding.features == "real"):
            total += self._full_data("")
        if embedding.features in {arm.name for arm in distill.arms}:
            total += self._training("", self.size.classes * _parts(distill))
        return total

    def _tested(self, name: str) -> float:
        return self.speed.test.seconds(self._work(name), self.size.test, TESTED_TOGETHER)

    def _work(self, name: str) -> Work:
        return Work.of(self.spec.evaluation.architecture(name), self.size.side)

    def _training(self, name: str, images: int) -> float:
        evaluation = self.spec.evaluation
        epoch = self.speed.train.seconds(self._work(name), images, evaluation.batch_size)
        return evaluation.epochs * epoch

    def _full_data(self, name: str) -> float:
        evaluation, train = self.spec.evaluation, self.size.train
        window = max(WINDOW, -(-train // evaluation.batch_size))
        updates = min(evaluation.full_data_steps, WINDOWS * window)
        return updates * self.speed.train.seconds(self._work(name), min(evaluation.batch_size, train))


def _map_seconds(spec: RunSpec, size: DataSize, speed: DeviceSpeed) -> float:
    embedding: EmbeddingSpec = spec.embedding
    arms, synthetic = len(spec.distill.arms), size.classes * _parts(spec.distill)
    earlier = arms * synthetic * spec.distill.snapshots
    placed = max(arms * synthetic, min(earlier, MAX_PLACED))
    shown = min(embedding.samples_per_cell * size.cells, size.train)
    pool = min(max(POOL, embedding.samples_per_cell) * size.cells, size.train)
    work = Work.of(spec.evaluation.network, size.side)
    seen = size.test + pool + arms * synthetic + placed
    seconds = speed.test.seconds(work, seen, TESTED_TOGETHER)
    if embedding.umap:
        made = shown + arms * synthetic
        seconds += speed.umap_start + (speed.umap_fit * made + speed.umap_place * placed) / 1000
    return seconds
