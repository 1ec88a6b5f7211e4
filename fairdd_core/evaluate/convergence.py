"""Training on all real images until the loss no longer falls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fairdd_core.evaluate.train import Trainer, TrainingSet
from fairdd_core.nets.base import Net

WINDOW = 100
"""Fewest updates whose losses are averaged."""
LEAST_SHARE, LEAST = 0.05, 0.001
"""By how much the loss must be below its lowest mean so far to be falling: a share of that, and nats."""
TESTED, TESTED_TOGETHER = 2000, 500


@dataclass(frozen=True)
class Training:
    """How a training went.

    Attributes:
        updates: how many it took.
        converged: whether it ended because the loss no longer fell; else at the limit.
        accuracy: share of up to ``TESTED`` training images, spread evenly over the set, that the network
            classifies as labelled, without augmentation.
        curve: (updates, mean loss of the window that ends there); None where it is not finite.
    """

    updates: int
    converged: bool
    accuracy: float
    curve: tuple[tuple[int, float | None], ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Training:
        """Return what ``asdict`` has made a document of."""
        return cls(**{**document, "curve": tuple((updates, loss) for updates, loss in document["curve"])})


def train_to_convergence(
    trainer: Trainer, data: TrainingSet, batch_size: int, limit: int
) -> tuple[Net, Training]:
    """Train until the loss no longer falls, then at a tenth of the step size until it no longer falls.

    The losses are averaged over windows of one pass or ``WINDOW`` updates, whichever is longer. The loss no
    longer falls when the mean of a window is not below the lowest earlier one by 5 % of it, and 0.001.

    Args:
        trainer: of the network.
        data: what it trains on.
        batch_size: of its updates.
        limit: most updates; at half of them, the step size is divided by ten at the latest.
    """
    window = max(WINDOW, -(-len(data.y_N) // batch_size))
    losses: list[torch.Tensor] = []
    curve: list[tuple[int, float | None]] = []
    lowest, slow, step = math.inf, False, 0
    for step in range(1, limit + 1):
        if not slow and step > limit // 2:
            trainer.lower_step_size()
            slow = True
        losses.append(trainer.update())
        if len(losses) < window:
            continue
        mean = float(torch.stack(losses).mean())
        curve.append((step, round(mean, 6) if math.isfinite(mean) else None))
        losses = []
        if lowest - mean < max(LEAST_SHARE * lowest, LEAST):
            if slow:
                return _ended(trainer, data, step, True, curve)
            trainer.lower_step_size()
            slow = True
        lowest = min(lowest, mean)
    return _ended(trainer, data, step, False, curve)


def _ended(
    trainer: Trainer,
    data: TrainingSet,
    updates: int,
    converged: bool,
    curve: list[tuple[int, float | None]],
) -> tuple[Net, Training]:
    net = trainer.finish()
    return net, Training(updates, converged, _accuracy(net, data), tuple(curve))


@torch.no_grad()
def _accuracy(net: Net, data: TrainingSet) -> float:
    n = len(data.y_N)
    rows_N = np.linspace(0, n - 1, min(n, TESTED)).astype(np.int64)
    right = 0
    for start in range(0, len(rows_N), TESTED_TOGETHER):
        rows_B = rows_N[start : start + TESTED_TOGETHER]
        y_B = data.y_N[torch.from_numpy(rows_B).to(data.y_N.device)]
        right += int((net(data.fetch(rows_B)).argmax(dim=1) == y_B).sum())
    return right / len(rows_N)
