"""How to distil."""

from typing import Literal

from pydantic import Field

from fairdd_core.config.spec.base import Settings
from fairdd_core.config.spec.data import DSA_STRATEGY, Strategy
from fairdd_core.config.spec.net import NetSpec

MAX_ARMS = 8


class ArmSpec(Settings):
    """One arm: a fairness method under comparison. Arms of a run differ in nothing else.

    A controlled comparison changes nothing but the alignment; ``matching`` and ``warm_steps`` are for
    recipes that were published with other differences.

    Attributes:
        name: what plots and tables call it; unique within a run.
        alignment: a name in ``ALIGNMENTS``.
        discrepancy: a name in ``DISCREPANCIES``: the barycenter's distance where the alignment has one.
        matching: the arm's own distance from synthetic signals to targets; empty for the run's.
        warm_steps: updates on the arm's synthetic images that its matching network gets before it is used.
        intervention: a name in ``INTERVENTIONS``: what the arm does for fairness outside the alignment.
    """

    name: str = Field(pattern=r"^[\w:+@.\- ]{1,80}$")
    alignment: str
    discrepancy: str = "squared-l2"
    matching: str = ""
    warm_steps: int = Field(0, ge=0, le=10_000)
    intervention: str = "none"


class ScheduleSpec(Settings):
    """Where the networks and the real statistics of each iteration come from.

    Attributes:
        kind: ``bank`` draws from K (network, augmentation) pairs whose statistics are computed once;
            ``fresh`` makes a new pair for every iteration, as Distribution Matching was published; ``inner``
            keeps a network for ``outer`` iterations and trains it on the arm's synthetic images in between,
            as Dataset Condensation was published.
        pairs: K, the size of the bank (unused by the other kinds).
        sampling: ``per-cell`` takes up to ``samples`` real images of every (class, group) cell and weights
            cells by their true counts; ``per-class`` takes ``samples`` random images of
            every class, as found.
        samples: real images per cell or per class.
        experts: networks trained on the real data as found; a pair then takes one of them at a random
            moment of its training. 0 for networks as initialised.
        expert_steps: updates of an expert; expert_lr: their step size.
        outer: iterations with the same network; inner: its updates between two of them (kind ``inner``).
    """

    kind: Literal["bank", "fresh", "inner"] = "bank"
    pairs: int = Field(50, ge=1, le=5000)
    sampling: Literal["per-cell", "per-class"] = "per-cell"
    samples: int = Field(64, ge=1, le=4096)
    experts: int = Field(0, ge=0, le=1000)
    expert_steps: int = Field(100, ge=1, le=100_000)
    expert_lr: float = Field(0.01, gt=0)
    outer: int = Field(10, ge=1, le=1000)
    inner: int = Field(50, ge=0, le=10_000)


class TrajectorySpec(Settings):
    """What trajectory matching needs beside the schedule.

    Attributes:
        expert_steps: full-batch updates behind a displacement on real images; expert_lr: their step size.
        student_steps: full-batch updates on the synthetic images; student_lr: the start of their learned step
            size; student_lr_lr: step size of its logarithm.
    """

    expert_steps: int = Field(20, ge=1, le=1000)
    expert_lr: float = Field(0.02, gt=0)
    student_steps: int = Field(5, ge=1, le=200)
    student_lr: float = Field(0.08, gt=0)
    student_lr_lr: float = Field(0.01, ge=0)


class DistillSpec(Settings):
    """Everything that decides the synthetic images, given data and a seed.

    Attributes:
        arms: the methods to compare; they share data, initial images, networks and augmentations.
        backbone: a name in ``BACKBONES``.
        matching: a name in ``DISCREPANCIES``: the distance from synthetic signals to targets, for all arms.
        ipc: synthetic images per class.
        iterations: updates of the synthetic images.
        lr: step size of the images; momentum: of the same SGD.
        lr_decay: share of the iterations, at the end, over which the step size falls linearly to zero.
        init: ``real`` starts from real images drawn as found, ``noise`` from Gaussian noise.
        augmentation: DSA operations joined by ``_``; empty for none.
        network: the matching network.
        schedule: see there.
        factor: a synthetic image is a mosaic of factor × factor smaller ones, each enlarged before use
            (IDC's multi-formation); 1 for none.
        discrimination: weight of the term that keeps the classes apart (CAFE).
        trajectory: see there (MTT).
        snapshots: number of logged moments, spread evenly in the logarithm of the iteration.
    """

    arms: tuple[ArmSpec, ...] = Field(min_length=1, max_length=MAX_ARMS)
    backbone: str = "dm"
    matching: str = "squared-l2"
    ipc: int = Field(10, ge=1, le=200)
    iterations: int = Field(1000, ge=1, le=100_000)
    lr: float = Field(1.0, gt=0)
    momentum: float = Field(0.5, ge=0, lt=1)
    lr_decay: float = Field(0.0, ge=0, le=1)
    init: Literal["real", "noise"] = "real"
    augmentation: Strategy = DSA_STRATEGY
    network: NetSpec = NetSpec()
    schedule: ScheduleSpec = ScheduleSpec()
    factor: int = Field(1, ge=1, le=4)
    discrimination: float = Field(0.1, ge=0)
    trajectory: TrajectorySpec = TrajectorySpec()
    snapshots: int = Field(24, ge=2, le=200)
