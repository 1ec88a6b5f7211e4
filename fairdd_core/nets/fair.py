"""A fair feature extractor: trained on balanced groups, with a penalty on the distance of their means."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.errors import UserError
from fairdd_core.nets.base import Net

STEPS, PER_CELL, PENALTY, LR, MOMENTUM = 60, 2, 1.0, 0.01, 0.9


def fair_network(
    net: Net,
    train: GroupedDataset,
    rng: np.random.Generator,
    device: torch.device,
    steps: int = STEPS,
    penalty: float = PENALTY,
) -> Net:
    """Train a network on real data to separate the classes, but not the groups within a class.

    Every step draws the same number of images of every (class, group) cell, with replacement, so all groups
    of a class count the same. The loss is the cross entropy plus ``penalty`` times the group spread
    (``group_spread``). Images of unknown group are not used.

    Args:
        net: trained in place.
        train: the real data.
        rng: of the drawn images.
        device: of the network.
        steps: SGD updates.
        penalty: weight of the spread; with 0 the only measure is group-balanced sampling.

    Returns:
        The same network, frozen.

    Raises:
        UserError: when no class has two known groups.
    """
    cells_M2 = np.argwhere(train.counts_CG() > 0)
    if np.bincount(cells_M2[:, 0]).max() < 2:
        raise UserError("data", "a class with images of two known groups", "none")
    members = [np.flatnonzero((train.y_N == c) & (train.column_N == g)) for c, g in cells_M2]
    y_M = torch.from_numpy(cells_M2[:, 0]).to(device)
    y_N, share_M = y_M.repeat_interleave(PER_CELL), cell_shares(y_M)
    net.requires_grad_(True)
    optimiser = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
    for _ in range(steps):
        rows_N = np.concatenate([rng.choice(cell, PER_CELL) for cell in members])
        embedded_ND = net.embed(normalised(train, rows_N, train.normalisation, device))
        loss_N = F.cross_entropy(net.head(embedded_ND), y_N, reduction="none")
        loss = loss_N.reshape(len(y_M), -1).mean(dim=1) @ share_M
        loss = loss + penalty * group_spread(embedded_ND.reshape(len(y_M), PER_CELL, -1), y_M)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.requires_grad_(False)


def cell_shares(y_M: torch.Tensor) -> torch.Tensor:
    """Return 1 / (C · |A_y|) for every cell, (M,): classes count the same, and groups within a class too."""
    groups_C = torch.bincount(y_M)
    return 1 / (groups_C[y_M] * (groups_C > 0).sum())


def group_spread(embedded_MBD: torch.Tensor, y_M: torch.Tensor) -> torch.Tensor:
    """Return how far the groups' means are from the mean of their class, relative to the embeddings' length.

    Σ_cells share · ‖mean of the cell − uniform mean of its class's cells‖² ÷ Σ_cells share · mean ‖h‖²: a
    network cannot lower it by shrinking its representation.

    Args:
        embedded_MBD: B embeddings of each of M cells.
        y_M: int64 class of every cell.

    Returns:
        A scalar of at least 0.
    """
    means_MD, share_M = embedded_MBD.mean(dim=1), cell_shares(y_M)
    groups_C = torch.bincount(y_M).clamp(min=1)
    sums_CD = torch.zeros(len(groups_C), means_MD.shape[1], device=means_MD.device)
    centres_CD = sums_CD.index_add(0, y_M, means_MD) / groups_C[:, None]
    apart = (means_MD - centres_CD[y_M]).square().sum(dim=-1) @ share_M
    return apart / (embedded_MBD.square().sum(dim=-1).mean(dim=1) @ share_M)
