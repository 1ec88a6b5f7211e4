"""The published loop of Distribution Matching, written plainly: the yardstick of ``tests.benchmarks.speed``.

A new network for every update, in fp32; a pass for every class, and for every group of it where a method
looks at groups. It shares only the network and the augmentation with the library.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.data.augmentation import draw_augmentation
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.nets.build import make_network

METHODS = ("vanilla", "fairdd", "cobra")


def plain_distill(
    train: GroupedDataset, spec: DistillSpec, method: str, seed: int, device: torch.device
) -> Iterator[torch.Tensor]:
    """Distil with one method; yield the images after every update, normalised, (C·IPC, 3, H, W).

    Args:
        train: the real data.
        spec: of which the network, the images per class, the step size, the momentum, the augmentation and
            the samples per class of the schedule count.
        method: one of ``METHODS``.
        seed: of the start, the networks, the augmentations and the draws.
        device: where to compute.
    """
    generator, side = torch.Generator().manual_seed(seed), train.x_NCHW.shape[-1]
    y_N, a_N = torch.from_numpy(train.y_N), torch.from_numpy(train.a_N)
    rows_of = [torch.nonzero(y_N == c).flatten() for c in range(train.num_classes)]
    first = torch.cat([rows[torch.randperm(len(rows), generator=generator)[: spec.ipc]] for rows in rows_of])
    x_NCHW = _images(train, first, device).requires_grad_()
    optimiser = torch.optim.SGD([x_NCHW], lr=spec.lr, momentum=spec.momentum)
    for _ in range(spec.iterations):
        net = make_network(spec.network, side, train.num_classes, generator, device).requires_grad_(False)
        loss = torch.zeros((), device=device)
        for c, rows in enumerate(rows_of):
            drawn = rows[torch.randperm(len(rows), generator=generator)[: spec.schedule.samples]]
            augment = draw_augmentation(spec.augmentation, generator)
            own = net.embed(augment(x_NCHW[c * spec.ipc : (c + 1) * spec.ipc])).mean(dim=0)
            with torch.no_grad():
                groups = [drawn] if method == "vanilla" else _split(drawn, a_N[drawn])
                means_GD = torch.stack(
                    [net.embed(augment(_images(train, group, device))).mean(dim=0) for group in groups]
                )
            targets = means_GD if method == "fairdd" else means_GD.mean(dim=0, keepdim=True)
            loss = loss + (targets - own).square().sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield x_NCHW.detach()


def _images(train: GroupedDataset, rows: torch.Tensor, device: torch.device) -> torch.Tensor:
    return normalised(train, rows.numpy(), train.normalisation, device)


def _split(rows: torch.Tensor, a_N: torch.Tensor) -> list[torch.Tensor]:
    return [rows[a_N == group] for group in a_N.unique()]
