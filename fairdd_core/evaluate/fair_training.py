"""Fair downstream training on a synthetic set, which carries no group labels.

Every synthetic image is assigned to the group of its class whose mean embedding is nearest, under evaluation
network 0 trained on all real images (whose representation the maps show too). The groups that occur in a
class then get equal weight. Where all images of a class are assigned to one group, as vanilla distillation
tends to make them, all weights are 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.nets.base import Net
from fairdd_core.rng import numpy_stream

if TYPE_CHECKING:
    from fairdd_core.evaluate.evaluator import Evaluator

SAMPLES_PER_CELL = 64


def group_balanced(evaluator: Evaluator, x_NCHW: torch.Tensor, y_N: torch.Tensor) -> torch.Tensor:
    """Return the weight of every synthetic image, float32 (N,), 1 on average in every class.

    Args:
        evaluator: has the real data and the network.
        x_NCHW: normalised synthetic images.
        y_N: int64 labels.
    """
    net = evaluator.full_network(0)
    rng = numpy_stream(evaluator.seed, "fair-training")
    means = cell_means(net, evaluator.split.train, rng, evaluator.device)
    with torch.no_grad():
        embedded_ND = torch.cat([net.embed(part) for part in x_NCHW.to(evaluator.device).split(500)])
    return balanced_weights(y_N, nearest_groups(embedded_ND.cpu(), y_N, means))


@torch.no_grad()
def cell_means(
    net: Net, train: GroupedDataset, rng: np.random.Generator, device: torch.device
) -> dict[int, dict[int, torch.Tensor]]:
    """Return the mean embedding of every (class, group) cell that has images of known group.

    Args:
        net: whose representation.
        train: the real data.
        rng: picks up to ``SAMPLES_PER_CELL`` images of each cell.
        device: where the network is.

    Returns:
        class -> group -> (D,) on the CPU.
    """
    means: dict[int, dict[int, torch.Tensor]] = {}
    for c, g in np.argwhere(train.counts_CG() > 0).tolist():
        members = np.flatnonzero((train.y_N == c) & (train.column_N == g))
        rows_N = rng.permutation(members)[:SAMPLES_PER_CELL]
        embedded_ND = net.embed(normalised(train, rows_N, train.normalisation, device))
        means.setdefault(c, {})[g] = embedded_ND.mean(dim=0).cpu()
    return means


def nearest_groups(
    embedded_ND: torch.Tensor, y_N: torch.Tensor, means: dict[int, dict[int, torch.Tensor]]
) -> torch.Tensor:
    """Return for every image the group of its class whose mean is nearest, int64 (N,)."""
    a_N = torch.zeros_like(y_N)
    for c, groups in means.items():
        distance_NG = torch.cdist(embedded_ND[y_N == c], torch.stack(list(groups.values())))
        a_N[y_N == c] = torch.tensor(list(groups))[distance_NG.argmin(dim=1)]
    return a_N


def balanced_weights(y_N: torch.Tensor, a_N: torch.Tensor) -> torch.Tensor:
    """Return n_y / (|A_y| · n_{a|y}) for every image, float32 (N,): the groups of a class weigh the same."""
    _, cell_N, sizes_M = torch.unique(torch.stack([y_N, a_N]), dim=1, return_inverse=True, return_counts=True)
    classes_M = torch.zeros(len(sizes_M), dtype=torch.int64).index_put_((cell_N,), y_N)
    groups_C, images_C = torch.bincount(classes_M), torch.bincount(y_N)
    weights_N: torch.Tensor = (images_C[y_N] / (groups_C[y_N] * sizes_M[cell_N])).float()
    return weights_N
