"""Vanilla against COBRA under every backbone, over seeds: the table of the README.

    python -m tests.benchmarks.backbones [--seeds 3] [--backbones dm,dc] [--networks 1]

Prints a Markdown row for every backbone: means and standard deviations over the seeds of accuracy, DEO_M and
DEO_A in per cent, and the mean seconds of distilling both arms together.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.presets import preset_named
from fairdd_core.data.registry import load
from fairdd_core.device import keep_freed_memory, resolve_device
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.loop import distill
from fairdd_core.evaluate.evaluator import Evaluator, evaluate_arms
from fairdd_core.events import Distilled, Evaluated

SHOWN = ("accuracy", "deo_max", "deo_mean")


def one_run(backbone: str, seed: int, networks: int) -> tuple[float, dict[str, list[float]]]:
    """Return the seconds of the distillation, and every arm's mean metrics."""
    spec = preset_named(f"controlled-{backbone}")
    split, device = load(spec.data, seed, Path("data")), resolve_device(spec.device)
    started = time.perf_counter()
    finished = [e for e in distill(split.train, spec.distill, seed, device) if isinstance(e, Distilled)]
    seconds = time.perf_counter() - started
    evaluator = Evaluator(split, spec.evaluation.model_copy(update={"networks": networks}), seed, device)
    sets = {event.arm: evaluator.synthetic(event.x_NCHW, event.y_N) for event in finished}
    counts: dict[str, list[np.ndarray]] = {}
    for event in evaluate_arms(evaluator, sets):
        if isinstance(event, Evaluated):
            counts.setdefault(event.arm, []).append(event.counts_GCC)
    stacked = {arm: np.stack(found) for arm, found in counts.items()}
    return seconds, {a: [float(METRICS[m].of(c).mean()) for m in SHOWN] for a, c in stacked.items()}


def rows(backbones: list[str], seeds: int, networks: int) -> Iterator[str]:
    """Yield the table, a row as soon as it is known."""
    yield "| backbone | arm | accuracy | DEO_M | DEO_A | seconds |"
    yield "|---|---|---|---|---|---|"
    for backbone in backbones:
        runs = [one_run(backbone, seed, networks) for seed in range(seeds)]
        seconds = np.mean([s for s, _ in runs])
        for arm in runs[0][1]:
            values = 100 * np.array([found[arm] for _, found in runs])
            cells = [
                f"{m:.1f} ± {s:.1f}"
                for m, s in zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)
            ]
            yield f"| {backbone} | {arm} | {' | '.join(cells)} | {seconds:.0f} |"


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="at least 2")
    parser.add_argument("--backbones", default=",".join(BACKBONES))
    parser.add_argument("--networks", type=int, default=1, help="evaluation networks for each seed")
    args = parser.parse_args()
    keep_freed_memory()
    for line in rows(args.backbones.split(","), args.seeds, args.networks):
        print(line, flush=True)
    print(f"\ntorch {torch.__version__}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
