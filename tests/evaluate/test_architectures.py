"""Several evaluation networks in one run: run in turn, kept apart, resumed, summarised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fairdd_core.config.checks import check_names
from fairdd_core.config.spec.evaluation import series
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.grouped import Split
from fairdd_core.errors import UserError
from fairdd_core.evaluate.evaluator import Evaluator, evaluate_arms, evaluate_baselines
from fairdd_core.events import Evaluated
from fairdd_core.nets.convnet import ConvNet
from fairdd_core.nets.mlp import MLP
from fairdd_core.runs.engine.execute import load_progress
from fairdd_core.runs.engine.recorder import record
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.summary import summarise
from tests.helpers import ROOT, tiny_distill, tiny_evaluation, toy_dataset

EXAMPLE = ROOT / "assets" / "examples" / "colored-digits-fg"


def evaluator(*others: str) -> Evaluator:
    split = Split(toy_dataset(), toy_dataset(per_cell=(6, 6), seed=1))
    return Evaluator(split, tiny_evaluation(others=others), 0, torch.device("cpu"))


def counted(events: object) -> dict[tuple[str, str, int], np.ndarray]:
    return {
        (e.architecture, e.arm, e.network): e.counts_GCC
        for e in events  # type: ignore[attr-defined]
        if isinstance(e, Evaluated)
    }


def test_the_own_architecture_comes_first_and_is_not_changed_by_the_others() -> None:
    alone, tester = evaluator(), evaluator("mlp")
    rows = np.arange(6)
    sets = {"one": tester.subset(rows), "two": tester.subset(rows)}
    counts = counted(evaluate_arms(tester, sets))
    order = [(kind, arm, k) for kind in ("", "mlp") for k in range(2) for arm in sets]
    assert list(counts) == order
    for key, value in counted(evaluate_arms(alone, sets)).items():
        assert (counts[key] == value).all()
    assert any((counts["", "one", k] != counts["mlp", "one", k]).any() for k in range(2))


def test_an_architecture_is_another_network_of_the_same_size() -> None:
    tester = evaluator("mlp")
    own, other = (tester.train(tester.subset(np.arange(6)), 0, kind) for kind in ("", "mlp"))
    assert isinstance(own, ConvNet)
    assert isinstance(other, MLP)
    assert other.features == tester.spec.network.width


def test_baselines_are_judged_by_every_architecture() -> None:
    counts = counted(evaluate_baselines(evaluator("mlp"), ipc=2))
    baselines = ("random-subset", "full-data")
    assert list(counts) == [(kind, name, 0) for kind in ("", "mlp") for name in baselines]


def test_what_is_done_is_not_done_again() -> None:
    tester = evaluator("mlp")
    sets = {"one": tester.subset(np.arange(6))}
    zeros = np.zeros((2, 3, 3), np.int64)
    done = {"one": {0: zeros, 1: zeros}, "one@mlp": {0: zeros}}
    assert list(counted(evaluate_arms(tester, sets, done))) == [("mlp", "one", 1)]


def test_counts_are_kept_apart_come_back_and_are_summed_up(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    distill = tiny_distill("vanilla")
    folder.create(RunSpec(distill=distill, evaluation=tiny_evaluation(others=("mlp", "vgg11"))))
    perfect = np.stack([np.diag([5, 5])] * 2)
    wrong = perfect[:, ::-1]
    events = [Evaluated("vanilla", k, perfect) for k in range(2)]
    record([*events, Evaluated("vanilla", 0, wrong, "mlp")], folder)
    assert folder.counts()["vanilla"].shape == (2, 2, 2, 2)
    assert (folder.counts("mlp")["vanilla"] == wrong).all()
    assert folder.counts("vgg11") == {}
    progress = load_progress(folder)
    assert {name: list(k) for name, k in progress.counts.items()} == {"vanilla": [0, 1], "vanilla@mlp": [0]}
    document = summarise(folder, "run", "CPU")
    assert document["arms"]["vanilla"]["accuracy"]["mean"] == 1.0
    assert document["others"]["mlp"]["vanilla"]["accuracy"]["mean"] == 0.0
    assert document["others"]["vgg11"] == {}


def test_a_run_from_before_still_opens() -> None:
    folder = RunFolder(EXAMPLE)
    assert folder.spec().evaluation.others == ()
    assert set(folder.counts()) == set(folder.count_series()) >= {"vanilla", "cobra"}


@pytest.mark.parametrize("others", [("convnet",), ("mlp", "mlp")])
def test_the_same_architecture_twice_is_refused(others: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="architectures that differ"):
        tiny_evaluation(others=others)


def test_an_unknown_architecture_or_an_arm_that_looks_like_a_series_is_refused() -> None:
    spec = RunSpec(distill=tiny_distill(), evaluation=tiny_evaluation(others=("lenet",)))
    with pytest.raises(UserError, match="resnet18") as caught:
        check_names(spec)
    assert caught.value.field == "evaluation.others"
    document = spec.model_dump()
    document["distill"]["arms"][0]["name"] = series("vanilla", "mlp")
    with pytest.raises(ValueError, match="names without @"):
        RunSpec.model_validate(document)
