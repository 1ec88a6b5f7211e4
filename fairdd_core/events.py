"""The events that the stages of a run yield, from loading the data to the maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import torch

PhaseName = Literal["data", "distill", "baselines", "evaluate", "embed"]

ReusedKind = Literal["test results", "network"]


@dataclass(frozen=True)
class Phase:
    """A stage has finished ``done`` of ``total`` units; ``note`` describes the current one."""

    name: PhaseName
    done: int
    total: int
    note: str = ""


@dataclass(frozen=True)
class Loaded:
    """The data is loaded; its names are stored with the run, which may outlive the data.

    Attributes:
        class_names, group_names: in index order.
        group_colors: an RGB colour of each group, or empty.
        mean_C, std_C: the normalisation of the training images (see ``data.grouped.Normalisation``).
        test_y_N, test_a_N: class and group of every test image.
        content: digest of the data set (see ``data.grouped.Split``).
    """

    class_names: tuple[str, ...]
    group_names: tuple[str, ...]
    group_colors: tuple[tuple[int, int, int], ...] = ()
    mean_C: tuple[float, ...] = ()
    std_C: tuple[float, ...] = ()
    test_y_N: np.ndarray | None = None
    test_a_N: np.ndarray | None = None
    content: str = ""


@dataclass(frozen=True)
class Step:
    """One update of one arm's images.

    Attributes:
        arm: name of the arm.
        iteration: 1-based.
        loss: the matching loss, before the update.
        worst_residual: max over (class, group) of ‖Φ_{a|y} − Φ_{S_y}‖ under this step's network, relative
            to the mean ‖Φ_{a|y}‖ of the class; 0 means that every group is matched exactly. NaN where
            the groups' signals were not computed because they are costly and the step did not need them.
    """

    arm: str
    iteration: int
    loss: float
    worst_residual: float


@dataclass(frozen=True)
class Diagnosed:
    """Distances of the groups from synthetic signals and targets under one network, after an update.

    Attributes:
        iteration: 1-based.
        cells: see ``diagnose`` and ``with_variances`` in ``fairdd_core.distill.diagnostics``; arms that train
            their own networks have their own events.
    """

    iteration: int
    cells: pd.DataFrame


@dataclass(frozen=True)
class Snapshot:
    """The images of one arm after ``iteration`` updates (0: as initialised), (C, IPC, 3, H, W) uint8."""

    arm: str
    iteration: int
    images_CIKHW: np.ndarray


@dataclass(frozen=True)
class Checkpoint:
    """The state from which the distillation can resume after ``iteration`` updates.

    Attributes:
        iteration: number of updates.
        tensors: ``{arm}/value/{name}`` and ``{arm}/momentum/{name}`` for the images and the other learned
            tensors, float32 on the CPU.
    """

    iteration: int
    tensors: dict[str, torch.Tensor]


@dataclass(frozen=True)
class Distilled:
    """The finished synthetic set of one arm.

    Attributes:
        arm: name of the arm.
        x_NCHW: float32, normalised as the training set is, ordered by class.
        y_N: int64 class indices.
    """

    arm: str
    x_NCHW: torch.Tensor
    y_N: torch.Tensor


@dataclass(frozen=True)
class ClassesSeen:
    """What a network trained on the real data sees in a set that was made elsewhere.

    Attributes:
        arm: name of the arm.
        counts: number of its images by class of the set and class seen, C rows of C.
    """

    arm: str
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Trained:
    """Network ``network`` was trained on all real images (see ``evaluate.convergence``).

    Attributes:
        arm: the baseline.
        network: 0-based index of the evaluation network.
        architecture: one of the evaluation's other architectures; empty for its own.
        updates: how many it took.
        converged: whether training ended because the loss no longer fell; else at the limit.
        accuracy: share of training images that it classifies as labelled, without augmentation.
        curve: (updates, mean loss of the updates since the one before); None where a loss is not finite.
    """

    arm: str
    network: int
    architecture: str
    updates: int
    converged: bool
    accuracy: float
    curve: tuple[tuple[int, float | None], ...]


@dataclass(frozen=True)
class Reused:
    """A result was taken from an earlier run instead of being computed.

    Attributes:
        kind: of result.
        name: of the arm or baseline (see ``config.spec.evaluation.series``).
        run: id of the run that computed it.
    """

    kind: ReusedKind
    name: str
    run: str


@dataclass(frozen=True)
class Evaluated:
    """Network ``network`` trained on ``arm`` was tested.

    Attributes:
        arm: name of an arm or a baseline.
        network: 0-based index of the evaluation network.
        counts_GCC: int64 counts of test images by (group, true class, predicted class).
        architecture: one of the evaluation's other architectures; empty for its own.
        predicted_N: int16 predicted class of each test image, from which the counts are made.
    """

    arm: str
    network: int
    counts_GCC: np.ndarray
    architecture: str = ""
    predicted_N: np.ndarray | None = None


@dataclass(frozen=True)
class Nearest:
    """Neighbours of one arm's images by Euclidean distance in the feature space of the maps.

    Attributes:
        arm: name of the arm.
        searched_CG: int32 number of real training images of each cell that were searched.
        real_MGR: int32 rows of the training set: of each synthetic image and group, the R nearest real images
            of the same class, nearest first; -1 where there are fewer.
        real_distance_MGR: float32 distances to them; NaN where there are fewer.
        synthetic_NR: int32 the R nearest synthetic images of each test image, of whatever class.
        synthetic_distance_NR: float32 distances to them.
    """

    arm: str
    searched_CG: np.ndarray
    real_MGR: np.ndarray
    real_distance_MGR: np.ndarray
    synthetic_NR: np.ndarray
    synthetic_distance_NR: np.ndarray


@dataclass(frozen=True)
class Embedded:
    """The maps are ready: first with PCA only, later with UMAP too.

    Attributes:
        points: one row per point; columns ``kind`` (real, synthetic, group_mean, target or class_mean),
            ``arm`` (empty where the point belongs to none), ``class_id``, ``group_id`` (-1: none), ``index``
            (row in the training set or in the arm's synthetic set, -1: none), ``pca_x``, ``pca_y``,
            ``umap_x``, ``umap_y`` (NaN until computed).
        residuals: one row per (arm, class, group) of the real feature space; columns ``arm``, ``class_id``,
            ``group_id``, ``n``, ``share``, ``to_synthetic`` (‖Φ_{a|y} − Φ_{S_y}‖) and ``to_target``
            (‖Φ_{a|y} − m_y‖; NaN for a set that was made elsewhere and has no target).
        moments: positions of the synthetic images (as pixels of 256 levels) and their class means in the
            same map at earlier iterations; columns ``iteration`` and those of ``points`` without
            ``group_id``. The last iteration is that of ``points``.
    """

    points: pd.DataFrame
    residuals: pd.DataFrame
    moments: pd.DataFrame


Event = (
    Phase
    | Loaded
    | Step
    | Diagnosed
    | Snapshot
    | Checkpoint
    | Distilled
    | ClassesSeen
    | Trained
    | Reused
    | Evaluated
    | Nearest
    | Embedded
)
