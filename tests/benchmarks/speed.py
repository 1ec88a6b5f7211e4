"""What the library takes, as ratios to a plain implementation of the published loop, in one run.

    python -m tests.benchmarks.speed [--rows distil,arms,quick] [--width 128] [--updates 3] [--device auto]

``distil``: an update of one method beside one of the plain loop at equal work, and COBRA beside vanilla for
Distribution Matching and the gradient backbones. ``arms``: four methods beside one. ``quick``: a quick pair
from a cold workspace, then with one more method. Nothing is asserted: run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from fairdd_core.config.presets import arms_named
from fairdd_core.config.spec.distill import DistillSpec, ScheduleSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.device import describe_device, keep_freed_memory, resolve_device
from fairdd_core.distill.loop import distill
from fairdd_core.events import Phase
from tests.benchmarks.plain_loop import METHODS, plain_distill

CLASSES, GROUPS, SIDE, IPC, REAL = 10, 10, 32, 10, 256
ROUNDS = 3
"""Measurements of every entry, in turn, so that a change of the machine's pace meets all of them."""


def toy_data() -> GroupedDataset:
    """Return random images: 256 of every class, nine tenths of them in one group."""
    rng, n = np.random.default_rng(0), CLASSES * REAL
    y_N = np.arange(n) % CLASSES
    a_N = np.where(rng.random(n) < 0.9, y_N, rng.integers(0, GROUPS, n))
    x_NCHW = rng.integers(0, 256, (n, 3, SIDE, SIDE), dtype=np.uint8)
    return GroupedDataset(x_NCHW, y_N, a_N, tuple(map(str, range(CLASSES))), tuple(map(str, range(GROUPS))))


def settings(width: int, updates: int, *methods: str, backbone: str = "dm") -> DistillSpec:
    """Return the published settings for some methods; only the number of updates is small."""
    return DistillSpec(
        arms=arms_named(*methods),
        backbone=backbone,
        ipc=IPC,
        iterations=updates,
        lr=1.0,
        init="real",
        network=NetSpec(width=width, depth=3),
        schedule=ScheduleSpec(kind="fresh", sampling="per-class", samples=REAL),
        snapshots=2,
    )


def seconds_per_update(updates: Iterator[object]) -> float:
    """Return the median seconds between updates, of which the first warms up."""
    marks = [time.perf_counter() for _ in updates]
    return statistics.median(np.diff(marks))


def in_turn(entries: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Return the least seconds of every entry over ``ROUNDS`` rounds."""
    least = dict.fromkeys(entries, float("inf"))
    for _ in range(ROUNDS):
        for name, measure in entries.items():
            least[name] = min(least[name], measure())
    return least


def ours(spec: DistillSpec, data: GroupedDataset, device: torch.device) -> Callable[[], float]:
    """Return the measurement of our loop, all methods of ``spec`` together."""
    return lambda: seconds_per_update(e for e in distill(data, spec, 0, device) if isinstance(e, Phase))


def plain(spec: DistillSpec, method: str, data: GroupedDataset, device: torch.device) -> Callable[[], float]:
    """Return the measurement of the plain loop."""
    return lambda: seconds_per_update(plain_distill(data, spec, method, 0, device))


def distil_rows(width: int, updates: int, device: torch.device) -> Iterator[str]:
    """Yield one method beside the plain loop, and COBRA beside vanilla."""
    data = toy_data()
    entries = {f"plain {m}": plain(settings(width, updates, m), m, data, device) for m in METHODS}
    entries |= {f"ours {m}": ours(settings(width, updates, m), data, device) for m in METHODS}
    found = in_turn(entries)
    for method in METHODS:
        one, other = found[f"plain {method}"], found[f"ours {method}"]
        yield f"{method:8} plain {one:.2f} s an update, ours {other:.2f} s: {one / other:.2f} × faster"
    for backbone in ("dm", "dc", "idc"):
        pair = {
            m: ours(settings(width, updates, m, backbone=backbone), data, device)
            for m in ("vanilla", "cobra")
        }
        found = in_turn(pair)
        yield f"{backbone:8} COBRA {found['cobra'] / found['vanilla']:.2f} × vanilla (target 1.10)"


def arms_rows(width: int, updates: int, device: torch.device) -> Iterator[str]:
    """Yield four methods beside one, with fresh networks."""
    data, four = toy_data(), ("vanilla", "uniform", "fairdd", "cobra")
    for backbone in ("dm", "dc"):
        found = in_turn(
            {
                "one": ours(settings(width, updates, "cobra", backbone=backbone), data, device),
                "four": ours(settings(width, updates, *four, backbone=backbone), data, device),
            }
        )
        yield f"{backbone:8} four methods {found['four'] / found['one']:.2f} × one (target 1.3)"


def quick_rows() -> Iterator[str]:
    """Yield the seconds of a quick pair in a cold workspace, then with FairDD added."""
    with tempfile.TemporaryDirectory() as folder:
        for arms in ("vanilla,cobra", "vanilla,cobra,fairdd"):
            command = [sys.executable, "-m", "fairdd_core", "run", "--preset", "quick", "--arms", arms]
            started = time.perf_counter()
            environment = {**os.environ, "FAIRDD_HOME": str(Path(folder) / "home")}
            subprocess.run(command, check=True, env=environment, capture_output=True)
            yield f"quick    {arms}: {time.perf_counter() - started:.1f} s from the command to all results"


def main() -> None:
    """Print the rows that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", default="distil,arms,quick")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--updates", type=int, default=3)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    keep_freed_memory()
    device = resolve_device(args.device)
    print(f"torch {torch.__version__}, {describe_device(device)}, {platform.machine()}, width {args.width}")
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "distil": lambda: distil_rows(args.width, args.updates, device),
        "arms": lambda: arms_rows(args.width, args.updates, device),
        "quick": quick_rows,
    }
    for name in args.rows.split(","):
        for row in parts[name]():
            print(row, flush=True)


if __name__ == "__main__":
    main()
