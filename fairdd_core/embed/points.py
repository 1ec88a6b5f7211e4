"""Features of real and synthetic samples: the points of the maps, and distances in feature space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.data.grouped import GroupedDataset, Normalisation
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.alignments.base import GroupStatistics
from fairdd_core.distill.alignments.registry import build_alignment
from fairdd_core.nets.base import Net

BATCH = 500
Tensors = tuple[torch.Tensor, torch.Tensor]
Block = tuple[pd.DataFrame, torch.Tensor]


@dataclass(frozen=True)
class FeatureSpace:
    """Real and synthetic data in the representation of one network.

    Attributes:
        net: the network.
        train: the real data.
        sample_N: rows of the real images that are shown.
        sample_ND: their features.
        pool_P: rows of all real images that were embedded, including the shown ones, ordered by cell.
        pool_PD: their features.
        statistics: group signals over the pool.
        synthetic: arm -> features (C·IPC, D) and labels (C·IPC,).
    """

    net: Net
    train: GroupedDataset
    sample_N: np.ndarray
    sample_ND: torch.Tensor
    pool_P: np.ndarray
    pool_PD: torch.Tensor
    statistics: GroupStatistics
    synthetic: Mapping[str, Tensors]


@torch.no_grad()
def embed_rows(
    net: Net, data: GroupedDataset, rows_N: np.ndarray, norm: Normalisation, device: torch.device
) -> torch.Tensor:
    """Return the features of real images, float32 (N, D) on the CPU."""
    batches = [rows_N[start : start + BATCH] for start in range(0, len(rows_N), BATCH)]
    return torch.cat([net.embed(normalised(data, b, norm, device)).cpu() for b in batches])


@torch.no_grad()
def embed_images(net: Net, x_NCHW: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return the features of normalised images, float32 (N, D) on the CPU."""
    return torch.cat([net.embed(part.to(device)).cpu() for part in x_NCHW.split(BATCH)])


def rows_per_cell(train: GroupedDataset, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Return up to ``limit`` rows of every (class, group) cell, drawn at random, ordered by cell.

    The images of unknown group are a cell of their class too, of which ``limit`` times G are drawn.
    """
    cell_N = train.y_N * train.columns + train.column_N
    shuffled = rng.permutation(len(train))
    ordered = shuffled[np.argsort(cell_N[shuffled], kind="stable")]
    rank = pd.Series(cell_N[ordered]).groupby(cell_N[ordered]).cumcount().to_numpy()
    unknown = train.column_N[ordered] == train.num_groups
    return np.asarray(ordered[rank < np.where(unknown, limit * train.num_groups, limit)])


@torch.no_grad()
def feature_space(
    net: Net,
    train: GroupedDataset,
    synthetic: Mapping[str, Tensors],
    samples_per_cell: int,
    mean_samples_per_cell: int,
    rng: np.random.Generator,
    device: torch.device,
) -> FeatureSpace:
    """Embed the real and the synthetic images of a map.

    Args:
        net: whose representation.
        train: the real data.
        synthetic: arm -> normalised images and labels.
        samples_per_cell: real images shown of each cell.
        mean_samples_per_cell: real images that each group mean is taken over.
        rng: picks them.
        device: where the network is.
    """
    rows_N = rows_per_cell(train, max(mean_samples_per_cell, samples_per_cell), rng)
    features_ND = embed_rows(net, train, rows_N, train.normalisation, device)
    cell_N = train.y_N[rows_N] * train.columns + train.column_N[rows_N]
    rank = pd.Series(cell_N).groupby(cell_N).cumcount().to_numpy()
    shown = np.flatnonzero(rank < samples_per_cell)
    counts_CG = torch.from_numpy(train.counts_CG(unknown=True))
    sums = torch.zeros(counts_CG.numel(), features_ND.shape[1]).index_add_(
        0, torch.from_numpy(cell_N), features_ND
    )
    used = torch.from_numpy(np.bincount(cell_N, minlength=counts_CG.numel()))
    means_CGD = (sums / used.clamp(min=1)[:, None]).reshape(*counts_CG.shape, -1)
    # Nothing is resampled: the map shows the target of uniform sampling in expectation, not of one draw.
    statistics = GroupStatistics(means_CGD, means_CGD, counts_CG, train.num_groups)
    embedded = {arm: (embed_images(net, x, device), y) for arm, (x, y) in synthetic.items()}
    shown_ND = features_ND[torch.from_numpy(shown)]
    return FeatureSpace(net, train, rows_N[shown], shown_ND, rows_N, features_ND, statistics, embedded)


def class_means(synthetic: Tensors, classes: int) -> torch.Tensor:
    """Return the mean feature of every class of a synthetic set, (C, D)."""
    features_ND, y_N = synthetic
    return torch.stack([features_ND[y_N == c].mean(dim=0) for c in range(classes)])


def target_points(arm: ArmSpec, statistics: GroupStatistics) -> torch.Tensor:
    """Return the weighted mean of an arm's targets in every class, (C, D)."""
    return build_alignment(arm).targets(statistics).mean_CD


def point_table(space: FeatureSpace, arms: tuple[ArmSpec, ...]) -> tuple[pd.DataFrame, np.ndarray]:
    """Return one row per point of the map (see ``Embedded.points``) and the features, float32 (P, D)."""
    train, classes = space.train, np.arange(space.train.num_classes)
    present = np.argwhere(space.statistics.present_CG.numpy() > 0)
    column_N = train.column_N[space.sample_N]
    group_N = np.where(column_N < train.num_groups, column_N, -1)
    blocks = [
        block("real", "", train.y_N[space.sample_N], group_N, space.sample_N, space.sample_ND),
        block(
            "group_mean", "", present[:, 0], present[:, 1], -1, space.statistics.means_CGD[tuple(present.T)]
        ),
    ]
    for arm in arms:
        features_ND, y_N = space.synthetic[arm.name]
        means_CD = class_means(space.synthetic[arm.name], len(classes))
        blocks += [
            block("synthetic", arm.name, y_N.numpy(), -1, np.arange(len(y_N)), features_ND),
            block("class_mean", arm.name, classes, -1, -1, means_CD),
        ]
        if not arm.external:
            targets_CD = target_points(arm, space.statistics)
            blocks.insert(-1, block("target", arm.name, classes, -1, -1, targets_CD))
    return stack(blocks)


def stack(blocks: Sequence[Block]) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the rows of all blocks and their features, float32 (P, D)."""
    tables, features = zip(*blocks, strict=True)
    return pd.concat(tables, ignore_index=True), torch.cat(features).numpy()


def block(
    kind: str,
    arm: str,
    class_id: np.ndarray,
    group_id: np.ndarray | int,
    index: np.ndarray | int,
    features_ND: torch.Tensor,
) -> Block:
    """Return the rows of some points of one kind, with their features."""
    columns = {"kind": kind, "arm": arm, "class_id": class_id, "group_id": group_id, "index": index}
    return pd.DataFrame(columns), features_ND


def group_distances(space: FeatureSpace, arms: tuple[ArmSpec, ...]) -> pd.DataFrame:
    """Return the distance of every group from each arm's class mean and target (``Embedded.residuals``)."""
    statistics = space.statistics
    class_N, group_N = np.nonzero(statistics.present_CG.numpy() > 0)
    tables = []
    for arm in arms:
        means_CD = class_means(space.synthetic[arm.name], space.train.num_classes)
        targets_CD = torch.full_like(means_CD, torch.nan) if arm.external else target_points(arm, statistics)
        columns = {
            "n": statistics.counts_CG,
            "share": statistics.share_CG,
            "to_synthetic": (statistics.means_CGD - means_CD[:, None]).norm(dim=-1),
            "to_target": (statistics.means_CGD - targets_CD[:, None]).norm(dim=-1),
        }
        values = {name: values_CG.numpy()[class_N, group_N] for name, values_CG in columns.items()}
        tables.append(pd.DataFrame({"arm": arm.name, "class_id": class_N, "group_id": group_N} | values))
    floats = dict.fromkeys(("share", "to_synthetic", "to_target"), float)
    return pd.concat(tables, ignore_index=True).astype(floats)
