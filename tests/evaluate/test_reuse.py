"""Reused answers are those that would be computed, and whatever they depend on is in their key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.evaluate.evaluator import Evaluator, evaluate_arms, evaluate_baselines
from fairdd_core.evaluate.reuse import Kept
from fairdd_core.evaluate.train import TrainingSet
from fairdd_core.events import Evaluated, Event, Reused, Trained
from fairdd_core.runs.storage.cache import key_of
from tests.helpers import tiny_evaluation, toy_dataset

CPU = torch.device("cpu")
SPLIT = Split(toy_dataset(), toy_dataset(per_cell=(6, 6), seed=1))
CHANGES: dict[str, Any] = {
    "networks": 3,
    "epochs": 3,
    "lr": 0.05,
    "momentum": 0.5,
    "weight_decay": 0.1,
    "batch_size": 7,
    "augmentation": "flip",
    "network": {"width": 4, "depth": 2},
    "others": ("mlp",),
    "baseline_networks": 2,
    "full_data_steps": 9,
    "bootstrap": 200,
}
"""Another value of every field."""
BESIDE = {"networks", "others", "baseline_networks", "bootstrap"}
"""Fields that say how many results there are or what is made of them, not what one is."""


class Dictionary:
    """A cache in memory."""

    def __init__(self) -> None:
        self.entries: dict[str, Kept] = {}

    def recall(self, depends: Mapping[str, Any]) -> Kept | None:
        return self.entries.get(key_of(depends))

    def keep(
        self,
        depends: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.entries[key_of(depends)] = Kept(dict(arrays), dict(about or {}), "earlier")


def evaluator(cache: Dictionary | None, split: Split = SPLIT, seed: int = 0, **changes: object) -> Evaluator:
    return Evaluator(split, tiny_evaluation(**changes), seed, CPU, cache)


def events(tester: Evaluator) -> Iterator[Event]:
    sets = {"arm": tester.subset(np.arange(6)), "other": tester.subset(np.arange(6, 12))}
    yield from evaluate_arms(tester, sets)
    yield from evaluate_baselines(tester, 2)


def answers(tester: Evaluator) -> dict[tuple[str, int, str], bytes]:
    tested = (event for event in events(tester) if isinstance(event, Evaluated))
    return {(e.arm, e.network, e.architecture): e.predicted_N.tobytes() for e in tested}  # type: ignore[union-attr]


def test_the_second_run_computes_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Dictionary()
    first, second = list(events(evaluator(cache))), evaluator(cache)
    monkeypatch.setattr("fairdd_core.evaluate.train.Trainer.update", None)
    again = list(events(second))
    reused = [event for event in again if isinstance(event, Reused)]
    assert {event.name for event in reused} == {"arm", "other", "random-subset", "full-data"}
    assert {event.run for event in reused} == {"earlier"}
    assert not [event for event in first if isinstance(event, Reused)]
    trained = [[event for event in all_ if isinstance(event, Trained)] for all_ in (first, again)]
    assert trained[0] == trained[1] != []
    monkeypatch.undo()
    assert answers(evaluator(cache)) == answers(evaluator(None))


def test_a_network_of_an_earlier_run_is_the_same_network() -> None:
    cache = Dictionary()
    one, two = (evaluator(cache).full_network(0).state_dict() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.values(), two.values(), strict=True))
    second = evaluator(cache)
    second.full_network(0)
    assert [event.kind for event in second.reused()] == ["network"]
    assert list(second.reused()) == []


@pytest.mark.parametrize("field", EvaluationSpec.model_fields)
def test_a_changed_setting_changes_the_key_or_nothing_else(field: str) -> None:
    cache = Dictionary()
    before = answers(evaluator(cache))
    known = set(cache.entries)
    changed = {field: CHANGES[field]}  # a new field needs a value here
    after = answers(evaluator(cache, **changed))
    assert after == answers(evaluator(None, **changed)), "reused is recomputed"
    if field in BESIDE:
        assert known <= set(cache.entries)
        assert all(after[key] == before[key] for key in before)
    elif field == "full_data_steps":
        assert len(set(cache.entries) - known) == 2, "the network and its answers"
    elif field == "epochs":
        assert len(set(cache.entries) - known) == len(before) - 1, "all but the full data's"
    else:
        assert len(set(cache.entries) - known) == len(known), "everything"


def with_train(**changes: Any) -> Split:
    return replace(SPLIT, train=replace(SPLIT.train, **changes))


def pixel(dataset: GroupedDataset) -> np.ndarray:
    x_NCHW = np.array(dataset.x_NCHW)
    x_NCHW[0, 0, 0, 0] ^= 1
    return x_NCHW


def test_one_pixel_of_the_data_or_another_seed_changes_every_key_that_sees_it() -> None:
    cache = Dictionary()
    list(events(evaluator(cache)))
    n = len(cache.entries)
    list(events(evaluator(cache, seed=1)))
    assert len(cache.entries) == 2 * n
    list(events(evaluator(cache, with_train(x_NCHW=pixel(SPLIT.train)))))
    assert len(cache.entries) == 3 * n, "the normalisation changes, and with it everything"
    list(events(evaluator(cache, replace(SPLIT, test=replace(SPLIT.test, x_NCHW=pixel(SPLIT.test))))))
    assert len(cache.entries) == 4 * n - 1, "the network stays"
    y_N = np.array(SPLIT.train.y_N)
    y_N[[0, -1]] = y_N[[-1, 0]]
    list(evaluator(cache, with_train(y_N=y_N)).evaluate_full_data(0))
    assert len(cache.entries) == 4 * n + 1


def test_groups_change_counts_and_need_no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Dictionary()
    list(evaluator(cache).evaluate_full_data(0))
    swapped = replace(SPLIT, test=replace(SPLIT.test, a_N=1 - SPLIT.test.a_N))
    expected = [e for e in evaluator(None, swapped).evaluate_full_data(0) if isinstance(e, Evaluated)]
    monkeypatch.setattr("fairdd_core.evaluate.train.Trainer.update", None)
    found = [e for e in evaluator(cache, swapped).evaluate_full_data(0) if isinstance(e, Evaluated)]
    assert np.array_equal(found[0].counts_GCC, expected[0].counts_GCC)


def test_the_digest_of_a_set_is_that_of_all_it_trains_with() -> None:
    x_NCHW, y_N = torch.rand(4, 3, 8, 8), torch.tensor([0, 0, 1, 1])
    weights_N = torch.tensor([1.0, 1.0, 1.0, 1.0])
    sets = [
        TrainingSet.synthetic(x_NCHW, y_N, CPU),
        TrainingSet.synthetic(x_NCHW, y_N, CPU, weights_N),
        TrainingSet.synthetic(x_NCHW, y_N.flip(0), CPU),
        TrainingSet.synthetic(x_NCHW.flip(0), y_N, CPU),
    ]
    assert len({data.digest() for data in sets}) == len(sets)
    assert sets[0].digest() == TrainingSet.synthetic(x_NCHW.clone(), y_N.clone(), CPU).digest()
