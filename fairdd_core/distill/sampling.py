"""Which real images a (network, augmentation) pair sees, and what each weighs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.spec import ScheduleSpec
from fairdd_core.errors import UserError


@dataclass(frozen=True)
class RealSample:
    """A draw of real images, ordered by class.

    Attributes:
        index_N: rows of the training set.
        class_sizes: number of drawn images of every class, C of them.
        weights_MN: float32; the first C·G rows give the means of the cells, the next C·G the means of a
            draw with replacement within the cells. Rows of empty cells are 0.
        counts_CG: int64, the size each cell stands for.
    """

    index_N: np.ndarray
    class_sizes: list[int]
    weights_MN: torch.Tensor
    counts_CG: np.ndarray


def draw_real(
    train: GroupedDataset, spec: ScheduleSpec, rng: np.random.Generator, counts_CG: np.ndarray
) -> RealSample:
    """Draw the real images of one pair.

    ``per-cell`` spends the same budget on every cell and weighs cells by their true size afterwards, so no
    minority cell is ever empty; ``per-class`` draws as found, and a cell counts what was drawn of it.

    Raises:
        UserError: when a class has no image at all, which leaves its target undefined.
    """
    if (empty := np.flatnonzero(counts_CG.sum(axis=1) == 0)).size:
        raise UserError("data", "at least one image in every class", f"none in {train.class_names[empty[0]]}")
    pick = _per_cell if spec.sampling == "per-cell" else _per_class
    index_N = pick(train, spec.samples, rng)
    y_N, a_N = train.y_N[index_N], train.a_N[index_N]
    cell_N = y_N * train.num_groups + a_N
    cells = train.num_classes * train.num_groups
    drawn_M = np.bincount(cell_N, minlength=cells)
    mean_N = np.eye(cells, dtype=np.float32)[:, cell_N] / np.maximum(drawn_M, 1)[:, None]
    again_N = _resample(cell_N, drawn_M, spec.samples, rng)
    weights_MN = torch.from_numpy(np.concatenate([mean_N, again_N]).astype(np.float32))
    counts = counts_CG if spec.sampling == "per-cell" else drawn_M.reshape(counts_CG.shape)
    return RealSample(index_N, np.bincount(y_N, minlength=train.num_classes).tolist(), weights_MN, counts)


def _per_cell(train: GroupedDataset, samples: int, rng: np.random.Generator) -> np.ndarray:
    parts = []
    for c in range(train.num_classes):
        for g in range(train.num_groups):
            members = np.flatnonzero((train.y_N == c) & (train.a_N == g))
            parts.append(members if len(members) <= samples else rng.choice(members, samples, replace=False))
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
