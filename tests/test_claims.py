"""The method's claims on the embedded data, with fixed seeds and wide margins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.presets import arms_named, quick
from fairdd_core.data.registry import load
from fairdd_core.distill.loop import distill
from fairdd_core.evaluate.evaluator import Evaluator, evaluate_arms
from fairdd_core.events import Distilled, Evaluated

CPU = torch.device("cpu")
Counts = dict[str, np.ndarray]


def evaluated(*arms: str, groups: int = 10, skew: float = 0.9, separation: float = 1.0) -> Counts:
    """Distil and evaluate a shortened quick run; return counts (1, G, C, C) of every arm."""
    preset = quick()
    bias = {"groups": groups, "skew": skew, "separation": separation}
    split = load(preset.data.model_copy(update=bias), 0, Path())
    settings = preset.distill.model_copy(update={"arms": arms_named(*arms), "iterations": 250})
    tester = Evaluator(split, preset.evaluation.model_copy(update={"networks": 1, "epochs": 200}), 0, CPU)
    events = distill(split.train, settings, 0, CPU)
    sets = {e.arm: tester.synthetic(e.x_NCHW, e.y_N) for e in events if isinstance(e, Distilled)}
    return {e.arm: e.counts_GCC[None] for e in evaluate_arms(tester, sets) if isinstance(e, Evaluated)}


def test_under_bias_alignment_closes_the_gap_and_saves_accuracy() -> None:
    counts = evaluated("vanilla", "cobra")
    assert METRICS["deo_mean"].of(counts["cobra"])[0] < METRICS["deo_mean"].of(counts["vanilla"])[0] - 0.4
    assert METRICS["accuracy"].of(counts["cobra"])[0] > METRICS["accuracy"].of(counts["vanilla"])[0] + 0.3


def test_without_separation_imbalance_does_no_harm() -> None:
    counts = evaluated("vanilla", "cobra", separation=0.0)
    vanilla, cobra = (METRICS["accuracy"].of(counts[arm])[0] for arm in ("vanilla", "cobra"))
    assert vanilla == pytest.approx(cobra, abs=0.04)
    assert vanilla > 0.85
    gaps = {arm: METRICS["deo_mean"].of(table)[0] for arm, table in counts.items()}
    assert gaps == {"vanilla": 0, "cobra": 0}, "the copies of a test picture are the same"


def test_without_imbalance_the_methods_agree() -> None:
    counts = evaluated("vanilla", "uniform", "cobra", skew=0.1)
    for name in ("accuracy", "deo_mean"):
        assert np.ptp([METRICS[name].of(table)[0] for table in counts.values()]) < 0.06


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_quick_preset_keeps_its_promise(seed: int) -> None:
    spec = quick().model_copy(update={"seed": seed, "device": "cpu"})
    evaluation = spec.evaluation.model_copy(update={"baseline_networks": 0})
    split = load(spec.data, seed, Path())
    tester = Evaluator(split, evaluation, seed, CPU)
    events = distill(split.train, spec.distill, seed, CPU)
    sets = {e.arm: tester.synthetic(e.x_NCHW, e.y_N) for e in events if isinstance(e, Distilled)}
    counts: dict[str, list[np.ndarray]] = {arm: [] for arm in sets}
    for event in evaluate_arms(tester, sets):
        if isinstance(event, Evaluated):
            counts[event.arm].append(event.counts_GCC)
    vanilla, cobra = (np.stack(counts[arm]) for arm in ("vanilla", "cobra"))
    assert METRICS["accuracy"].of(cobra).mean() >= 0.85
    assert METRICS["deo_mean"].of(cobra).mean() <= METRICS["deo_mean"].of(vanilla).mean() - 0.5
