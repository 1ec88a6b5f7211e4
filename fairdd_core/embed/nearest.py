"""Nearest real images of synthetic ones, and nearest synthetic images of test images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.embed.points import FeatureSpace, embed_rows
from fairdd_core.events import Nearest

RANKS = 3
"""Neighbours that are kept, R."""
_QUERIES = 512


def nearest_rows(
    queries_QD: torch.Tensor, pool_PD: torch.Tensor, ranks: int = RANKS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest rows of a pool by Euclidean distance, nearest first.

    Args:
        queries_QD: points whose neighbours are returned.
        pool_PD: candidates; there may be fewer than ``ranks``, or none.
        ranks: R, neighbours of each.

    Returns:
        Rows of the pool, int32 (Q, R), -1 where it has too few, and the distances, float32 (Q, R), then NaN.
    """
    rows_QR = np.full((len(queries_QD), ranks), -1, np.int32)
    distance_QR = np.full((len(queries_QD), ranks), np.nan, np.float32)
    found = min(ranks, len(pool_PD))
    for start in range(0, len(queries_QD), _QUERIES) if found else ():
        block = slice(start, start + _QUERIES)
        rows_QF = torch.cdist(queries_QD[block], pool_PD).topk(found, dim=1, largest=False).indices
        # cdist uses inner products, which leave a distance of a thousandth between copies.
        distance_QF = (queries_QD[block, None] - pool_PD[rows_QF]).norm(dim=-1)
        rows_QR[block, :found], distance_QR[block, :found] = rows_QF.numpy(), distance_QF.numpy()
    return rows_QR, distance_QR


def neighbours(space: FeatureSpace, test: GroupedDataset, device: torch.device) -> Iterator[Nearest]:
    """Yield both kinds of neighbours of every arm in the feature space of the maps.

    Args:
        space: its pool of real images is searched, cell by cell.
        test: the test images.
        device: where the network is.
    """
    train = space.train
    test_ND = embed_rows(space.net, test, np.arange(len(test)), train.normalisation, device)
    groups = train.num_groups
    y_P, column_P = train.y_N[space.pool_P], train.column_N[space.pool_P]
    cells = {
        (c, g): np.flatnonzero((y_P == c) & (column_P == g))
        for c in range(train.num_classes)
        for g in range(groups)
    }
    searched_CG = np.array([len(rows) for rows in cells.values()], np.int32).reshape(-1, groups)
    for arm, (features_MD, y_M) in space.synthetic.items():
        real_MGR = np.full((len(y_M), groups, RANKS), -1, np.int32)
        distance_MGR = np.full(real_MGR.shape, np.nan, np.float32)
        for (c, g), rows_P in cells.items():
            of_class = np.flatnonzero(y_M.numpy() == c)
            found, distances = nearest_rows(features_MD[of_class], space.pool_PD[rows_P])
            rows = np.append(space.pool_P[rows_P], -1)[found]  # -1 picks the last, which stands for none
            real_MGR[of_class, g], distance_MGR[of_class, g] = rows, distances
        yield Nearest(arm, searched_CG, real_MGR, distance_MGR, *nearest_rows(test_ND, features_MD))
