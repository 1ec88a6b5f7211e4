"""Evaluation of every arm and of the two baselines in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.evaluation import BASELINES, FULL_DATA, RANDOM_SUBSET, EvaluationSpec, series
from fairdd_core.data.grouped import Split
from fairdd_core.data.tensors import normalised
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.distill.synthetic import random_subset
from fairdd_core.errors import lookup
from fairdd_core.evaluate.convergence import Training, train_to_convergence
from fairdd_core.evaluate.counts import count
from fairdd_core.evaluate.reuse import Cache, Kept, NoCache
from fairdd_core.evaluate.train import Trainer, TrainingSet, predict, train_network
from fairdd_core.events import ClassesSeen, Evaluated, Phase, Reused, ReusedKind, Trained
from fairdd_core.nets.base import Net
from fairdd_core.nets.registry import NETWORKS

Done = Mapping[str, Mapping[int, np.ndarray]]
"""Counts that have been computed: arm (see ``series``) -> network -> counts."""


NOT_OF_A_NETWORK = {
    *("networks", "baseline_networks", "others", "network", "bootstrap"),
    *("epochs", "full_data_steps"),
}
"""Fields of ``EvaluationSpec`` that a network trained on given data does not depend on, or that its key has
under another name: its architecture and its number of updates."""


class Evaluator:
    """Trains and tests evaluation networks on one split.

    Attributes:
        split, spec, seed, device: as given.
        shape: image side and number of classes.
    """

    def __init__(
        self,
        split: Split,
        spec: EvaluationSpec,
        seed: int,
        device: torch.device,
        cache: Cache | None = None,
    ) -> None:
        self.split, self.spec, self.seed, self.device = split, spec, seed, device
        self.shape = (split.train.x_NCHW.shape[-1], split.train.num_classes)
        self._cache = cache or NoCache()
        self._full: dict[tuple[int, str], tuple[Net, Training]] = {}
        self._reused: list[Reused] = []

    def train(self, data: TrainingSet, index: int, architecture: str = "") -> Net:
        """Return evaluation network ``index`` trained on ``data`` for the epochs of the evaluation.

        Args:
            data: what to train on.
            index: k, of the network.
            architecture: one of the evaluation's others; empty for its own.
        """
        return train_network(data, self.spec, self.shape, self.seed, index, self.device, architecture)

    def test(self, net: Net, arm: str, index: int, architecture: str = "") -> Evaluated:
        """Return the predictions for the test set of a network that was trained as ``index`` on ``arm``."""
        predicted_N = predict(net, self.split.test, self.split.train.normalisation, self.device)
        return self._counted(predicted_N, arm, index, architecture)

    def evaluate(
        self, data: TrainingSet, arm: str, index: int, architecture: str = ""
    ) -> Iterator[Reused | Evaluated]:
        """Train network ``index`` on ``data`` and test it, unless an earlier run did.

        Args:
            data: what to train on.
            arm: whose data it is.
            index: k, of the network.
            architecture: one of the evaluation's others; empty for its own.
        """
        training = {**self._training(index, architecture), "epochs": self.spec.epochs}
        depends = self._tested({"result": "answers", **training, "train": data.digest()})
        if kept := self._recall(depends, "test results", series(arm, architecture)):
            yield from self.reused()
            yield self._counted(kept.arrays["predicted"], arm, index, architecture)
            return
        evaluated = self.test(self.train(data, index, architecture), arm, index, architecture)
        self._cache.keep(depends, {"predicted": _answers(evaluated)})
        yield evaluated

    def evaluate_full_data(
        self, index: int, architecture: str = ""
    ) -> Iterator[Trained | Reused | Evaluated]:
        """Train network ``index`` on all real images and test it, unless an earlier run did."""
        name = series(FULL_DATA, architecture)
        depends = self._tested({"result": "full-data answers", **self._full_training(index, architecture)})
        if kept := self._recall(depends, "test results", name):
            yield from self.reused()
            yield _trained(index, architecture, Training.from_json(kept.about))
            yield self._counted(kept.arrays["predicted"], FULL_DATA, index, architecture)
            return
        net, training = self._full_network(index, architecture)
        evaluated = self.test(net, FULL_DATA, index, architecture)
        self._cache.keep(depends, {"predicted": _answers(evaluated)}, asdict(training))
        yield from self.reused()
        yield _trained(index, architecture, training)
        yield evaluated

    def reused(self) -> Iterator[Reused]:
        """Yield what was taken from earlier runs since the last call."""
        news, self._reused = self._reused, []
        yield from news

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

    def classes_seen(self, arm: str, x_NCHW: torch.Tensor, y_N: torch.Tensor) -> ClassesSeen:
        """Return what a network trained on all real images sees in a set."""
        net, classes = self.full_network(0), self.split.train.num_classes
        with torch.no_grad():
            seen = [net(part.to(self.device)).argmax(dim=1).cpu() for part in x_NCHW.split(500)]
        pairs_N = (y_N * classes + torch.cat(seen)).numpy()
        counts_CC = np.bincount(pairs_N, minlength=classes**2).reshape(classes, classes)
        return ClassesSeen(arm, tuple(map(tuple, counts_CC.tolist())))

    def full_network(self, index: int, architecture: str = "") -> Net:
        """Return evaluation network ``index`` trained on all real images to convergence."""
        return self._full_network(index, architecture)[0]

    def _full_network(self, index: int, architecture: str) -> tuple[Net, Training]:
        key = (index, architecture)
        if key not in self._full:
            self._full[key] = self._recalled_network(*key) or self._new_network(*key)
        return self._full[key]

    def _recalled_network(self, index: int, architecture: str) -> tuple[Net, Training] | None:
        depends = {"result": "full-data network", **self._full_training(index, architecture)}
        kept = self._recall(depends, "network", series(FULL_DATA, architecture))
        if kept is None:
            return None
        net = self._trainer(TrainingSet.empty(self.device), index, architecture).finish()
        net.load_state_dict({name: torch.from_numpy(array) for name, array in kept.arrays.items()})
        return net, Training.from_json(kept.about)

    def _new_network(self, index: int, architecture: str) -> tuple[Net, Training]:
        data = TrainingSet.real(self.split.train, self.split.train.normalisation, self.device)
        trainer = self._trainer(data, index, architecture)
        net, training = train_to_convergence(trainer, data, self.spec.batch_size, self.spec.full_data_steps)
        depends = {"result": "full-data network", **self._full_training(index, architecture)}
        weights = {name: tensor.cpu().numpy() for name, tensor in net.state_dict().items()}
        self._cache.keep(depends, weights, asdict(training))
        return net, training

    def _trainer(self, data: TrainingSet, index: int, architecture: str) -> Trainer:
        return Trainer(data, self.spec, self.shape, self.seed, index, self.device, architecture)

    def _recall(self, depends: Mapping[str, Any], kind: ReusedKind, name: str) -> Kept | None:
        kept = self._cache.recall(depends)
        if kept is not None:
            self._reused.append(Reused(kind, name, kept.run))
        return kept

    def _counted(self, predicted_N: np.ndarray, arm: str, index: int, architecture: str) -> Evaluated:
        test = self.split.test
        counts_GCC = count(predicted_N, test.y_N, test.a_N, (test.num_groups, test.num_classes))
        return Evaluated(arm, index, counts_GCC, architecture, predicted_N)

    def _training(self, index: int, architecture: str) -> dict[str, Any]:
        """Return what a trained network depends on beside its data and its number of updates."""
        settings = self.spec.model_dump(mode="json", exclude=NOT_OF_A_NETWORK)
        network = self.spec.architecture(architecture).model_dump(mode="json")
        start = {"seed": self.seed, "index": index, "shape": self.shape}
        return {"evaluation": settings, "network": network, **start}

    def _full_training(self, index: int, architecture: str) -> dict[str, Any]:
        training = self._training(index, architecture)
        train = self.split.train
        return {
            **training,
            "limit": self.spec.full_data_steps,
            "train": f"{train.digest} {train.normalisation}",
        }

    def _tested(self, depends: Mapping[str, Any]) -> dict[str, Any]:
        """Return what answers depend on, given what their network does. Groups change counts, not answers."""
        normalisation = asdict(self.split.train.normalisation)
        return {**depends, "test": self.split.test.digest, "normalisation": normalisation}


def _answers(evaluated: Evaluated) -> np.ndarray:
    assert evaluated.predicted_N is not None
    return evaluated.predicted_N


def _trained(index: int, architecture: str, training: Training) -> Trained:
    return Trained(FULL_DATA, index, architecture, **vars(training))


def evaluate_arms(
    evaluator: Evaluator, sets: Mapping[str, TrainingSet], done: Done | None = None
) -> Iterator[Phase | Reused | Evaluated]:
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
        yield from evaluator.evaluate(sets[arm], arm, k, kind)
    yield Phase("evaluate", len(jobs), len(jobs))


def _title(architecture: str) -> str:
    return NETWORKS[architecture].title if architecture else "network"


def evaluate_baselines(
    evaluator: Evaluator, ipc: int, done: Done | None = None
) -> Iterator[Phase | Trained | Reused | Evaluated]:
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
            yield from evaluator.evaluate(evaluator.subset(rows_N), name, k, kind)
        else:
            yield from evaluator.evaluate_full_data(k, kind)
    yield Phase("baselines", len(jobs), len(jobs))
