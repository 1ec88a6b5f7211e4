"""What the target bank gains over fresh networks, in time and in quality.

    python -m tests.benchmarks.target_bank

Distils Colored Digits once per schedule with everything else the same, judges the COBRA arm with three
networks, and prints seconds as a ratio to the first row. Nothing is asserted.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.presets import quick
from fairdd_core.config.spec.distill import DistillSpec, ScheduleSpec
from fairdd_core.data.registry import load
from fairdd_core.device import keep_freed_memory, resolve_device
from fairdd_core.distill.loop import distill
from fairdd_core.evaluate.evaluator import Evaluator
from fairdd_core.events import Distilled

SCHEDULES = {
    "fresh networks, 64 random real images per class": ScheduleSpec(
        kind="fresh", sampling="per-class", samples=64
    ),
    "fresh networks, up to 64 real images per cell": ScheduleSpec(kind="fresh", samples=64),
    "bank of 50 pairs, up to 64 real images per cell": ScheduleSpec(kind="bank", pairs=50, samples=64),
}
DATASETS = ("colored-digits-fg", "colored-digits-bg")
SEED = 0


def measure(dataset: str, schedule: ScheduleSpec) -> tuple[float, float, float]:
    """Return seconds of distillation, accuracy and DEO_A of the COBRA arm."""
    spec = quick()
    device = resolve_device("cpu")
    split = load(spec.data.model_copy(update={"dataset": dataset}), SEED, Path())
    settings: DistillSpec = spec.distill.model_copy(update={"schedule": schedule})
    started = time.perf_counter()
    sets = {e.arm: e for e in distill(split.train, settings, SEED, device) if isinstance(e, Distilled)}
    seconds = time.perf_counter() - started
    judge = Evaluator(split, spec.evaluation, SEED, device)
    data = judge.synthetic(sets["cobra"].x_NCHW, sets["cobra"].y_N)
    counts = np.stack([judge.test(judge.train(data, k), "bank", k).counts_GCC for k in range(3)])
    return seconds, float(METRICS["accuracy"].of(counts).mean()), float(METRICS["deo_mean"].of(counts).mean())


def main() -> None:
    """Print one row per data set and schedule."""
    keep_freed_memory()
    for dataset in DATASETS:
        first = 0.0
        for name, schedule in SCHEDULES.items():
            seconds, accuracy, gap = measure(dataset, schedule)
            first = first or seconds
            cost = f"{seconds:6.1f} s ({seconds / first:.2f})"
            print(f"{dataset}  {name:<50} {cost}  accuracy {accuracy:.3f}  DEO_A {gap:.3f}")


if __name__ == "__main__":
    main()
