"""Sampling the real images of a (network, augmentation) pair, and their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from fairdd_core.config.spec.distill import ScheduleSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.errors import UserError


@dataclass(frozen=True)
class RealSample:
    """A draw of real images, ordered by class.

    Where some groups are unknown, G here is one more than the number of groups: the last column holds the
    images of unknown group, which count towards the class but are no group (``groups``).

    Attributes:
        index_N: rows of the training set.
        class_sizes: number of drawn images of every class, C of them.
        weights_MN: float32; the first C·G rows give the means of the cells, the next C·G the means of a
            draw with replacement within the cells. Rows of empty cells are 0.
        counts_CG: int64, the number of images that each cell stands for.
        groups: number of columns that are groups.
    """

    index_N: np.ndarray
    class_sizes: list[int]
    weights_MN: torch.Tensor
    counts_CG: np.ndarray
    groups: int


def draw_real(
    train: GroupedDataset, spec: ScheduleSpec, rng: np.random.Generator, counts_CG: np.ndarray
) -> RealSample:
    """Draw the real images of one pair.

    ``per-cell`` spends the same budget on every cell and weighs cells by their true size afterwards, so no
    minority cell is ever empty; ``per-class`` draws regardless of group, and a cell counts its drawn images.

    Args:
        train: the training set.
        spec: how many, and how.
        rng: of the draws.
        counts_CG: ``train.counts_CG(unknown=True)``, passed so that it is computed once.

    Raises:
        UserError: when a class has no image at all, which leaves its target undefined.
    """
    if (empty := np.flatnonzero(counts_CG.sum(axis=1) == 0)).size:
        raise UserError("data", "at least one image in every class", f"none in {train.class_names[empty[0]]}")
    pick = _per_cell if spec.sampling == "per-cell" else _per_class
    index_N = pick(train, spec.samples, rng)
    y_N = train.y_N[index_N]
    cell_N = y_N * train.columns + train.column_N[index_N]
    cells = train.num_classes * train.columns
    drawn_M = np.bincount(cell_N, minlength=cells)
    mean_N = np.eye(cells, dtype=np.float32)[:, cell_N] / np.maximum(drawn_M, 1)[:, None]
    again_N = _resample(cell_N, drawn_M, spec.samples, rng)
    weights_MN = torch.from_numpy(np.concatenate([mean_N, again_N]).astype(np.float32))
    counts = counts_CG if spec.sampling == "per-cell" else drawn_M.reshape(counts_CG.shape)
    sizes_C = np.bincount(y_N, minlength=train.num_classes)
    return RealSample(index_N, sizes_C.tolist(), weights_MN, counts, train.num_groups)


def _per_cell(train: GroupedDataset, samples: int, rng: np.random.Generator) -> np.ndarray:
    parts, column_N = [], train.column_N
    for c in range(train.num_classes):
        for g in range(train.columns):
            members = np.flatnonzero((train.y_N == c) & (column_N == g))
            # The images of unknown group stand in for those of all groups, and get the budget of all.
            budget = samples if g < train.num_groups else samples * train.num_groups
            parts.append(members if len(members) <= budget else rng.choice(members, budget, replace=False))
    return np.concatenate(parts)


def _per_class(train: GroupedDataset, samples: int, rng: np.random.Generator) -> np.ndarray:
    members_C = [np.flatnonzero(train.y_N == c) for c in range(train.num_classes)]
    return np.concatenate([rng.choice(m, min(samples, len(m)), replace=False) for m in members_C])


def _resample(cell_N: np.ndarray, drawn_M: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Return weights (M, N) of a draw of every group equally often, with replacement.

    A cell that fills its budget without repetition is such a draw already; drawing from it again would add
    variance that sampling the whole cell does not have.
    """
    weights_MN = np.zeros((len(drawn_M), len(cell_N)), np.float32)
    budget = min(samples, int(drawn_M.max()))
    for cell in np.flatnonzero(drawn_M):
        members = np.flatnonzero(cell_N == cell)
        if len(members) >= budget:
            weights_MN[cell, members] = 1 / len(members)
            continue
        weights_MN[cell, members] = rng.multinomial(budget, np.full(len(members), 1 / len(members))) / budget
    return weights_MN
