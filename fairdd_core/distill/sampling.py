"""Sampling the real images of a (network, augmentation) pair, and their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from fairdd_core.config.spec.distill import ScheduleSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.allocation import equal_repeats, stratified_sizes
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
        variances_2CG: of both means of every cell, where that of one image in its cell is 1.
    """

    index_N: np.ndarray
    class_sizes: list[int]
    weights_MN: torch.Tensor
    counts_CG: np.ndarray
    groups: int
    variances_2CG: np.ndarray


def draw_real(
    train: GroupedDataset, spec: ScheduleSpec, rng: np.random.Generator, counts_CG: np.ndarray
) -> RealSample:
    """Draw the real images of one pair.

    ``stratified`` and ``per-cell`` spend the same budget on every class and weigh cells by their true size
    afterwards, so no minority cell is ever empty. ``stratified`` gives more to larger cells, so that targets
    under shares and under equal weights have about the same variance; ``per-cell`` divides it evenly, which
    gives equal weights the smaller one. ``per-class`` draws regardless of group, and a cell counts its drawn
    images; then equal weights have the larger variance.

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
    index_N = _PICKS[spec.sampling](train, spec.samples, rng, counts_CG)
    y_N = train.y_N[index_N]
    cell_N = y_N * train.columns + train.column_N[index_N]
    cells = train.num_classes * train.columns
    drawn_M = np.bincount(cell_N, minlength=cells)
    mean_N = np.eye(cells, dtype=np.float32)[:, cell_N] / np.maximum(drawn_M, 1)[:, None]
    drawn_CG = drawn_M.reshape(counts_CG.shape)
    if spec.sampling == "stratified":
        again_N = _resample_whole(cell_N, drawn_CG, counts_CG, train.num_groups, spec.samples, rng)
    else:
        again_N = _resample(cell_N, drawn_M, spec.samples, rng)
    weights_MN = np.concatenate([mean_N, again_N]).astype(np.float32)
    counts = drawn_CG if spec.sampling == "per-class" else counts_CG
    sizes_C = np.bincount(y_N, minlength=train.num_classes)
    return RealSample(
        index_N,
        sizes_C.tolist(),
        torch.from_numpy(weights_MN),
        counts,
        train.num_groups,
        _variances(weights_MN, counts_CG),
    )


def _variances(weights_MN: np.ndarray, counts_CG: np.ndarray) -> np.ndarray:
    """Return the variances of means within the cells, (2, C, G); 0 for empty cells and whole ones.

    A mean whose weights fall on images of a cell at random has Σ w² − 1/N times the variance of one image.
    """
    squares_2CG = np.square(weights_MN, dtype=float).sum(axis=1).reshape(2, *counts_CG.shape)
    return np.where(squares_2CG > 0, squares_2CG - 1 / counts_CG.clip(min=1), 0.0).clip(min=0.0)


def _stratified(
    train: GroupedDataset, samples: int, rng: np.random.Generator, counts_CG: np.ndarray
) -> np.ndarray:
    # As many as per cell: the images of unknown group have the budget of all groups.
    budget = samples * train.num_groups * (2 if train.has_unknown else 1)
    parts, column_N = [], train.column_N
    for c, counts_G in enumerate(counts_CG):
        sizes_G = stratified_sizes(tuple(counts_G.tolist()), train.num_groups, budget)
        for g, size in enumerate(sizes_G):
            members = np.flatnonzero((train.y_N == c) & (column_N == g))
            parts.append(members if len(members) <= size else rng.choice(members, size, replace=False))
    return np.concatenate(parts)


def _per_cell(
    train: GroupedDataset, samples: int, rng: np.random.Generator, counts_CG: np.ndarray
) -> np.ndarray:
    parts, column_N = [], train.column_N
    for c in range(train.num_classes):
        for g in range(train.columns):
            members = np.flatnonzero((train.y_N == c) & (column_N == g))
            # The images of unknown group stand in for those of all groups, and get the budget of all.
            budget = samples if g < train.num_groups else samples * train.num_groups
            parts.append(members if len(members) <= budget else rng.choice(members, budget, replace=False))
    return np.concatenate(parts)


def _per_class(
    train: GroupedDataset, samples: int, rng: np.random.Generator, counts_CG: np.ndarray
) -> np.ndarray:
    members_C = [np.flatnonzero(train.y_N == c) for c in range(train.num_classes)]
    return np.concatenate([rng.choice(m, min(samples, len(m)), replace=False) for m in members_C])


_PICKS = {"stratified": _stratified, "per-cell": _per_cell, "per-class": _per_class}


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


def _resample_whole(
    cell_N: np.ndarray,
    drawn_CG: np.ndarray,
    counts_CG: np.ndarray,
    groups: int,
    samples: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return weights (M, N) of a draw of every group equally often, with replacement from the whole cell.

    The drawn images stand for the different ones among those; where there are too few of them, they repeat.
    """
    weights_MN = np.zeros((drawn_CG.size, len(cell_N)), np.float32)
    for c, (drawn_G, counts_G) in enumerate(zip(drawn_CG, counts_CG, strict=True)):
        repeats = equal_repeats(counts_G, drawn_G, groups, samples)
        for g in np.flatnonzero(drawn_G):
            cell = c * len(drawn_G) + g
            members = rng.permutation(np.flatnonzero(cell_N == cell))
            _, place_R = np.unique(rng.integers(counts_G[g], size=repeats), return_inverse=True)
            spare_R = rng.integers(len(members), size=repeats)
            place_R = np.where(place_R < len(members), place_R, spare_R)
            np.add.at(weights_MN[cell], members[place_R], np.float32(1 / repeats))
    return weights_MN
