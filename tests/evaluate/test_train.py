"""Evaluation networks: same start for every arm, sensible counts, learning that works."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.spec.evaluation import BASELINES, EvaluationSpec
from fairdd_core.data.grouped import Split
from fairdd_core.evaluate.evaluator import Evaluator, evaluate_arms, evaluate_baselines
from fairdd_core.events import Evaluated
from tests.helpers import tiny_evaluation, toy_dataset

CPU = torch.device("cpu")


def evaluator(**changes: object) -> Evaluator:
    split = Split(toy_dataset(), toy_dataset(per_cell=(6, 6), seed=1))
    return Evaluator(split, tiny_evaluation(**changes), 0, CPU)


def counted(events: object) -> dict[tuple[str, int], np.ndarray]:
    return {(e.arm, e.network): e.counts_GCC for e in events if isinstance(e, Evaluated)}  # type: ignore[attr-defined]


def test_counts_hold_every_test_image_once() -> None:
    tester = evaluator()
    counts_GCC = tester.test(tester.full_network(0), "full-data", 0).counts_GCC
    assert counts_GCC.shape == (2, 3, 3)
    assert (counts_GCC.sum(axis=-1) == 6).all()


def test_a_network_learns_what_can_be_learned() -> None:
    tester = evaluator(full_data_steps=150, augmentation="", lr=0.05)
    accuracy = METRICS["accuracy"].of(tester.test(tester.full_network(0), "full-data", 0).counts_GCC[None])[0]
    assert accuracy > 0.8


def test_every_arm_is_judged_by_the_same_networks_in_the_same_order() -> None:
    tester = evaluator()
    rows = np.arange(6)
    sets = {"one": tester.subset(rows), "two": tester.subset(rows)}
    counts = counted(evaluate_arms(tester, sets))
    assert list(counts) == [("one", 0), ("two", 0), ("one", 1), ("two", 1)]
    for k in range(2):
        assert (counts["one", k] == counts["two", k]).all(), "same data, same network, same counts"


def test_networks_differ_from_each_other() -> None:
    tester = evaluator()
    first, second = (tester.train(tester.subset(np.arange(6)), k).state_dict() for k in range(2))
    assert not torch.equal(first["head.weight"], second["head.weight"])


def test_what_is_done_is_not_done_again() -> None:
    tester = evaluator()
    sets = {"one": tester.subset(np.arange(6))}
    done = {"one": {0: np.zeros((2, 3, 3), np.int64)}}
    assert list(counted(evaluate_arms(tester, sets, done))) == [("one", 1)]


def test_baselines_are_a_random_subset_and_the_full_data() -> None:
    counts = counted(evaluate_baselines(evaluator(), ipc=2))
    assert list(counts) == [(name, 0) for name in BASELINES]
    assert counted(evaluate_baselines(evaluator(baseline_networks=0), ipc=2)) == {}


@pytest.mark.parametrize("strategy", ["", "flip_crop"])
def test_training_is_reproducible(strategy: str) -> None:
    weights = [evaluator(augmentation=strategy).full_network(0).state_dict() for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(weights[0].values(), weights[1].values(), strict=True))


def test_an_unknown_augmentation_is_refused() -> None:
    with pytest.raises(ValueError, match="operations among color"):
        EvaluationSpec(augmentation="blur")
