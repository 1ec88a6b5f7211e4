"""How long a run will take on this machine, from how long others took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.interventions import until_images
from fairdd_core.runs.storage.summary import STAGE_OF_PHASE, STAGES
from pages.ui.controls.catalogue import catalogue

_ENOUGH = 0.05
"""Share of a run after which its own pace tells something, where nothing else does."""


@dataclass(frozen=True)
class Measured:
    """A finished run: what was asked for, and the seconds of its stages."""

    spec: RunSpec
    seconds: dict[str, float]


class Progress(Protocol):
    """How far a run is: a row of the index will do."""

    @property
    def phase(self) -> str:
        """The phase it is in."""

    @property
    def done(self) -> int:
        """Units of the phase that are done."""

    @property
    def total(self) -> int:
        """Units that the phase has."""


def _image_cost(network: NetSpec, side: int) -> float:
    """Multiplications of one forward pass of one image through a ConvNet, in units of 10⁶."""
    total, channels = 0.0, 3
    for _ in range(network.depth):
        total += 9 * channels * network.width * side * side
        channels, side = network.width, max(1, side // 2)
    # Small layers are bound by memory, not arithmetic; a floor keeps narrow networks from looking free.
    return total / 1e6 + 0.3


def _training(spec: RunSpec, synthetic: int) -> tuple[int, int]:
    """Images that pass through the networks trained to judge the arms, and the baselines."""
    evaluation = spec.evaluation
    arms = len(spec.distill.arms) * evaluation.networks * evaluation.epochs * synthetic
    baseline = evaluation.epochs * synthetic + 256 * evaluation.full_data_steps
    return 3 * arms, 3 * evaluation.baseline_networks * baseline


def work(spec: RunSpec) -> dict[str, float]:
    """Return the work of each stage in arbitrary units, comparable between runs."""
    card = catalogue().get(spec.data.dataset)
    side, classes = (card.side, card.classes) if card else (32, 10)
    arms = len({until_images(arm) for arm in spec.distill.arms})  # the same images are made once
    synthetic = classes * spec.distill.ipc
    cells = classes * spec.data.groups
    schedule, evaluation = spec.distill.schedule, spec.evaluation
    judged = len(evaluation.architectures) * sum(_training(spec, synthetic))
    real = min(schedule.samples * cells, 1300 if side <= 16 else 60_000)
    passes = schedule.pairs if schedule.kind == "bank" else spec.distill.iterations
    distilling = 3 * spec.distill.iterations * arms * synthetic + passes * real
    return {
        "distill": distilling * _image_cost(spec.distill.network, side),
        "evaluate": judged * _image_cost(evaluation.network, side),
        "embed": 1.0 if spec.embedding.umap else 0.3,
    }


def stage_seconds(spec: RunSpec, history: Iterable[Measured]) -> dict[str, float] | None:
    """Predict the seconds of each stage, or None without any history.

    The median over the runs on the same data set where there are any, else over all: a single run may have
    shared the machine with something else.
    """
    runs = list(history)
    if not runs:
        return None
    alike = [run for run in runs if run.spec.data.dataset == spec.data.dataset] or runs
    wanted = work(spec)
    return {
        stage: median(run.seconds.get(stage, 0.0) * wanted[stage] / work(run.spec)[stage] for run in alike)
        for stage in STAGES
    }


def seconds_left(
    spec: RunSpec, stages: Mapping[str, float], now: Progress, elapsed: float | None, trust: float
) -> float | None:
    """Predict how long a running run will still take, or None while its own pace must tell and cannot yet.

    Args:
        spec: of the run.
        stages: how its stages compare; in seconds as far as they are trusted.
        now: how far it is.
        elapsed: seconds it took so far; None when that says nothing, as after a resumption.
        trust: until this share of the run, ``stages`` count for more than its own pace; 0 not to trust them.
    """
    stage = STAGE_OF_PHASE.get(now.phase)
    if stage is None:
        return None
    done = sum(stages[name] for name in STAGES[: STAGES.index(stage)]) + stages[stage] * _share(spec, now)
    total = sum(stages.values())
    if elapsed is not None and done + trust * total > _ENOUGH * total:
        return (total - done) * (elapsed + trust * total) / (done + trust * total)
    return total - done if trust else None


def _share(spec: RunSpec, now: Progress) -> float:
    """Return which share of its stage a run has done; judging the arms and the baselines are one stage."""
    share = now.done / now.total if now.total else 0.0
    if now.phase == "data":
        return 0.0
    if now.phase not in {"evaluate", "baselines"}:
        return share
    card = catalogue().get(spec.data.dataset)
    arms, baselines = _training(spec, (card.classes if card else 10) * spec.distill.ipc)
    done = share * arms if now.phase == "evaluate" else arms + share * baselines
    return done / (arms + baselines)


def duration(seconds: float) -> str:
    """Return a length of time as people say it; rounded, because it is an estimate."""
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 100:
        return "about a minute" if seconds < 75 else "about 1½ minutes"
    if seconds < 3600:
        return f"about {round(seconds / 60)} minutes"
    return f"about {seconds / 3600:.1f} hours"
