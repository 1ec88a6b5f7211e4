"""The networks under which signals are matched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.data.augmentation import augment_parts, draw_augmentation
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.interventions import INTERVENTIONS, NONE
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from fairdd_core.rng import numpy_stream, torch_stream

BATCH = 256
CHECKPOINTS = 20  # saved along an expert's trajectory, besides the start; of passes, after every one
PREPARED = 4  # networks that an intervention trains; all pairs share them, because training is slow

State = dict[str, torch.Tensor]


class MatchingNetworks:
    """Returns network ``k`` as a function of the seed: as initialised, or an expert at a random checkpoint.

    An expert is trained once on the real data, with its imbalance, and the checkpoints of its trajectory
    serve all pairs that start from it. An intervention may prepare the networks instead.

    Attributes:
        train_set, spec, seed, device: as given.
        intervention: a name in ``INTERVENTIONS``.
    """

    def __init__(
        self,
        train_set: GroupedDataset,
        spec: DistillSpec,
        seed: int,
        device: torch.device,
        intervention: str = NONE,
    ) -> None:
        self.train_set, self.spec, self.seed, self.device = train_set, spec, seed, device
        self.intervention = INTERVENTIONS[intervention]
        self._trajectory = lru_cache(maxsize=None)(self._expert)
        self._prepared = lru_cache(maxsize=None)(self._prepare)

    def __call__(self, k: int) -> Net:
        """Return network ``k``, frozen."""
        if self.intervention.before:
            return deepcopy(self._prepared(k % PREPARED))
        experts = self.spec.schedule.experts
        if not experts:
            return self._initial(k)
        trajectory = self._trajectory(k % experts)
        checkpoint = int(numpy_stream(self.seed, k, "moment").integers(len(trajectory)))
        net = self._initial(k % experts)
        net.load_state_dict(trajectory[checkpoint])
        return net

    def train(self, net: Net, x_NCHW: torch.Tensor, y_N: torch.Tensor, steps: int, k: int) -> None:
        """Train a network on synthetic images with the seed of iteration ``k``.

        Args:
            net: to train.
            x_NCHW: normalised images.
            y_N: their labels.
            steps: updates or passes, as the schedule counts them.
            k: iteration.
        """
        self._fit(net, lambda rows: x_NCHW[rows], y_N, steps, ("own", k))

    def _initial(self, k: int) -> Net:
        side, classes = self.train_set.x_NCHW.shape[-1], self.train_set.num_classes
        stream = torch_stream(self.seed, k, "network")
        return make_network(self.spec.network, side, classes, stream, self.device).requires_grad_(False)

    def _prepare(self, k: int) -> Net:
        rng = numpy_stream(self.seed, k, "intervention")
        net: Net = self.intervention.build(self._initial(k), self.train_set, rng, self.device)
        return net

    def _expert(self, e: int) -> list[State]:
        """Return an expert's parameters at its checkpoints, the first as initialised.

        The momentum of its optimiser starts anew at each.
        """
        net, train = self._initial(e), self.train_set
        labels_N = torch.from_numpy(train.y_N).to(self.device)
        trajectory = [_copy(net)]
        schedule = self.spec.schedule
        intervals = schedule.expert_steps if schedule.unit == "passes" else CHECKPOINTS
        spaced = np.rint(np.linspace(0, schedule.expert_steps, intervals + 1)).astype(int)
        for checkpoint, steps in enumerate(np.diff(spaced)):
            fetch = lambda rows: normalised(train, rows.cpu().numpy(), train.normalisation, self.device)  # noqa: E731
            self._fit(net, fetch, labels_N, int(steps), ("expert", e, checkpoint))
            trajectory.append(_copy(net))
        return trajectory

    def _fit(
        self,
        net: Net,
        fetch: Callable[[torch.Tensor], torch.Tensor],
        y_N: torch.Tensor,
        steps: int,
        stream: tuple[str | int, ...],
    ) -> None:
        """Take SGD steps on random batches or in shuffled passes, each batch under one augmentation."""
        if not steps:
            return
        generator = torch_stream(self.seed, *stream, "fit")
        net.requires_grad_(True)
        schedule = self.spec.schedule
        optimiser = torch.optim.SGD(
            net.parameters(),
            lr=schedule.expert_lr,
            momentum=schedule.expert_momentum,
            weight_decay=schedule.expert_decay,
        )
        for batch in _batches(len(y_N), steps, schedule.unit == "passes", generator):
            rows = batch.to(y_N.device)
            augment = draw_augmentation(self.spec.augmentation, generator)
            loss = F.cross_entropy(net(augment_parts(fetch(rows), [len(rows)], [augment])), y_N[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        net.requires_grad_(False)


def _batches(n: int, steps: int, passes: bool, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Yield the rows of every batch: drawn with replacement, or ``steps`` shuffled passes over all rows."""
    for _ in range(steps):
        if passes:
            yield from torch.randperm(n, generator=generator).split(BATCH)
        else:
            yield torch.randint(n, (min(BATCH, n),), generator=generator)


def _copy(net: Net) -> State:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}
