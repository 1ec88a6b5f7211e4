"""Evaluation of every arm and of the two baselines in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.evaluation import BASELINES, RANDOM_SUBSET, EvaluationSpec, series
from fairdd_core.data.grouped import Split
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.distill.synthetic import random_subset
from fairdd_core.errors import lookup
from fairdd_core.evaluate.counts import count
from fairdd_core.evaluate.train import TrainingSet, predict, train_network
from fairdd_core.events import Evaluated, Phase
from fairdd_core.nets.base import Net
from fairdd_core.nets.registry import NETWORKS

Done = Mapping[str, Mapping[int, np.ndarray]]
"""Counts that have been computed: arm (see ``series``) -> network -> counts."""


class Evaluator:
    """Trains and tests evaluation networks on one split.

    Attributes:
        split, spec, seed, device: as given.
        shape: image side and number of classes.
    """

    def __init__(self, split: Split, spec: EvaluationSpec, seed: int, device: torch.device) -> None:
        self.split, self.spec, self.seed, self.device = split, spec, seed, device
        self.shape = (split.train.x_NCHW.shape[-1], split.train.num_classes)
        self._full_networks: dict[tuple[int, str], Net] = {}

    def train(self, data: TrainingSet, index: int, steps: int | None = None, architecture: str = "") -> Net:
        """Return evaluation network ``index`` trained on ``data``.

        Args:
            data: what to train on.
            index: k, of the network.
            steps: updates; by default the epochs of the evaluation.
            architecture: one of the evaluation's others; empty for its own.
        """
        return train_network(data, self.spec, self.shape, self.seed, index, self.device, steps, architecture)

    def test(self, net: Net, arm: str, index: int, architecture: str = "") -> Evaluated:
        """Return the predictions for the test set of a network that was trained as ``index`` on ``arm``."""
        test = self.split.test
        predicted_N = predict(net, test, self.split.train.normalisation, self.device)
        counts_GCC = count(predicted_N, test.y_N, test.a_N, (test.num_groups, test.num_classes))
        return Evaluated(arm, index, counts_GCC, architecture, predicted_N)

    def synthetic(self, x_NCHW: torch.Tensor, y_N: torch.Tensor) -> TrainingSet:
        """Return a synthetic set as training data."""
        return TrainingSet.synthetic(x_NCHW, y_N, self.device)

    def training_set(self, arm: ArmSpec, x_NCHW: torch.Tensor, y_N: torch.Tensor) -> TrainingSet:
        """Return an arm's synthetic set as training data, weighted if the arm has such an intervention."""
        card = lookup(INTERVENTIONS, arm.intervention, "distill.arms.intervention")
        weights_N = card.build(self, x_NCHW, y_N) if card.after else None
        return TrainingSet.synthetic(x_NCHW, y_N, self.device, weights_N)

    def subset(self, rows_N: np.ndarray) -> TrainingSet:
        """Return some real images as training data."""
        train = self.split.train
        x_NCHW = normalised(train, rows_N, train.normalisation, self.device)
        return self.synthetic(x_NCHW, torch.from_numpy(train.y_N[rows_N]))

    def full_network(self, index: int, architecture: str = "") -> Net:
        """Return evaluation network ``index`` trained on all real images; cached for the maps."""
        key = (index, architecture)
        if key not in self._full_networks:
            data = TrainingSet.real(self.split.train, self.split.train.normalisation, self.device)
            self._full_networks[key] = self.train(data, index, self.spec.full_data_steps, architecture)
        return self._full_networks[key]


def evaluate_arms(
    evaluator: Evaluator, sets: Mapping[str, TrainingSet], done: Done | None = None
) -> Iterator[Phase | Evaluated]:
    """Train K networks of every architecture on every set.

    All arms have one network before any has two; the other architectures come last.
    """
    done = done or {}
    networks, architectures = evaluator.spec.networks, evaluator.spec.architectures
    jobs = [(kind, k, arm) for kind in architectures for k in range(networks) for arm in sets]
    for position, (kind, k, arm) in enumerate(jobs):
        if k in done.get(series(arm, kind), {}):
            continue
        note = f"{arm}, {_title(kind)} {k + 1} of {networks}"
        yield Phase("evaluate", position, len(jobs), note)
        net = evaluator.train(sets[arm], k, architecture=kind)
        yield evaluator.test(net, arm, k, kind)
    yield Phase("evaluate", len(jobs), len(jobs))


def _title(architecture: str) -> str:
    return NETWORKS[architecture].title if architecture else "network"


def evaluate_baselines(
    evaluator: Evaluator, ipc: int, done: Done | None = None
) -> Iterator[Phase | Evaluated]:
    """Evaluate a random real subset of the size of the synthetic set, and all real images."""
    done = done or {}
    networks, architectures = evaluator.spec.baseline_networks, evaluator.spec.architectures
    jobs = [(kind, name, k) for kind in architectures for name in BASELINES for k in range(networks)]
    for position, (kind, name, k) in enumerate(jobs):
        if k in done.get(series(name, kind), {}):
            continue
        yield Phase("baselines", position, len(jobs), f"{name}, {_title(kind)} {k + 1}")
        if name == RANDOM_SUBSET:
            rows_N = random_subset(evaluator.split.train, ipc, evaluator.seed)
            net = evaluator.train(evaluator.subset(rows_N), k, architecture=kind)
        else:
            net = evaluator.full_network(k, kind)
        yield evaluator.test(net, name, k, kind)
    yield Phase("baselines", len(jobs), len(jobs))
