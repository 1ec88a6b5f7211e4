"""What arms do outside the alignment, in the loop and through a whole run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill import loop
from fairdd_core.distill.arms import Arm, Problem, update
from fairdd_core.distill.loop import distill
from fairdd_core.events import Checkpoint, Diagnosed, Distilled, Evaluated, Step
from fairdd_core.nets.fair import PENALTY, fair_network
from fairdd_core.runs.engine.pipeline import run_pipeline
from tests.helpers import tiny_distill, tiny_evaluation, toy_dataset

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def three_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train extractors for three steps only."""
    monkeypatch.setattr(fair_network, "__defaults__", (3, PENALTY))


def images(*arms: str) -> dict[str, torch.Tensor]:
    events = distill(toy_dataset(), tiny_distill(*arms), 0, CPU)
    return {e.arm: e.x_NCHW for e in events if isinstance(e, Distilled)}


def test_an_extractor_changes_its_own_arm_only() -> None:
    together = images("vanilla", "vanilla+fair-extractor", "vanilla+fair-training")
    assert torch.equal(together["vanilla"], images("vanilla")["vanilla"])
    assert torch.equal(together["vanilla"], together["vanilla+fair-training"]), "it comes after the images"
    alone = images("vanilla+fair-extractor")["vanilla+fair-extractor"]
    assert torch.equal(together["vanilla+fair-extractor"], alone)
    assert not torch.allclose(together["vanilla"], alone)


@pytest.mark.parametrize("kind", ["bank", "inner"])
def test_arms_that_differ_after_the_images_only_are_distilled_once(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arms, stepped, step = ("vanilla", "cobra", "vanilla+fair-training"), [], update

    def noted(problem: Problem, arm: Arm, *rest: Any) -> Any:
        stepped.append(arm.spec.name)
        return step(problem, arm, *rest)

    monkeypatch.setattr(loop, "update", noted)
    schedule = ScheduleSpec.model_validate({"kind": kind, "pairs": 2, "samples": 8, "outer": 2, "inner": 2})
    spec = tiny_distill(*arms, schedule=schedule)
    events = list(distill(toy_dataset(), spec, 0, CPU))
    assert stepped == ["vanilla", "cobra"] * 4
    assert [e.arm for e in events if isinstance(e, Step)] == [*arms] * 4, "every arm has its own events"
    diagnosed = {arm for e in events if isinstance(e, Diagnosed) for arm in e.cells["arm"]}
    assert diagnosed == set(arms)
    made = {e.arm: e.x_NCHW for e in events if isinstance(e, Distilled)}
    halfway = next(e for e in events if isinstance(e, Checkpoint))
    resumed = {
        e.arm: e.x_NCHW for e in distill(toy_dataset(), spec, 0, CPU, halfway) if isinstance(e, Distilled)
    }
    for arm in arms:
        alone = distill(toy_dataset(), tiny_distill(arm, schedule=schedule), 0, CPU)
        (image,) = [e.x_NCHW for e in alone if isinstance(e, Distilled)]
        assert torch.equal(made[arm], image), "sharing changes nothing"
        assert torch.equal(resumed[arm], image)


def test_arms_with_interventions_go_through_a_whole_run(tmp_path: Path) -> None:
    arms = ("vanilla", "vanilla+fair-training", "cobra+fair-extractor")
    spec = RunSpec(
        data=DataSpec(groups=2, label_noise=0.1, known_share=0.6),
        distill=tiny_distill(*arms, iterations=2),
        evaluation=tiny_evaluation(networks=1, baseline_networks=0, others=("mlp",)),
        embedding=EmbeddingSpec(umap=False, features="vanilla+fair-training"),
        device="cpu",
    )
    events = list(run_pipeline(spec, tmp_path))
    judged = [(e.architecture, e.arm) for e in events if isinstance(e, Evaluated)]
    assert judged == [(kind, arm) for kind in ("", "mlp") for arm in arms]
