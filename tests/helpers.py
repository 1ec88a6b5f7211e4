"""Small things that several test modules need."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairdd_core.config.cost import TWO_CORES, DeviceSpeed
from fairdd_core.config.presets import arms_named
from fairdd_core.config.spec.distill import DistillSpec, ScheduleSpec, TrajectorySpec
from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.registry import content_of
from fairdd_core.runs.storage.cache import code_version

ROOT = Path(__file__).resolve().parents[1]
TINY_NET = NetSpec(width=8, depth=2)


def toy_dataset(
    classes: int = 3, groups: int = 2, per_cell: tuple[int, ...] = (12, 3), side: int = 8, seed: int = 0
) -> GroupedDataset:
    """Return random images: ``per_cell[g]`` of group g in every class, brighter in later classes."""
    rng = np.random.default_rng(seed)
    y_N = np.concatenate([np.full(n, c) for c in range(classes) for n in per_cell])
    a_N = np.concatenate([np.full(n, g) for _ in range(classes) for g, n in enumerate(per_cell)])
    x_NCHW = rng.integers(0, 128, (len(y_N), 3, side, side)) + 30 * y_N[:, None, None, None]
    x_NCHW[np.arange(len(y_N)), a_N % 3] += 40
    return GroupedDataset(
        np.clip(x_NCHW, 0, 255).astype(np.uint8),
        y_N,
        a_N,
        tuple(f"class {c}" for c in range(classes)),
        tuple(f"group {g}" for g in range(groups)),
    )


def tiny_distill(*alignments: str, **changes: object) -> DistillSpec:
    """Return a specification that takes well under a second."""
    values: dict[str, object] = {
        "arms": arms_named(*(alignments or ("vanilla", "cobra"))),
        "ipc": 2,
        "iterations": 4,
        "network": TINY_NET,
        "schedule": ScheduleSpec(pairs=2, samples=8),
        "trajectory": TrajectorySpec(expert_steps=3, student_steps=2),
        "snapshots": 3,
        **changes,
    }
    return DistillSpec.model_validate(values)


def tiny_evaluation(**changes: object) -> EvaluationSpec:
    """Return an evaluation that takes well under a second."""
    values: dict[str, object] = {
        "networks": 2,
        "epochs": 2,
        "network": TINY_NET,
        "full_data_steps": 2,
        "bootstrap": 100,
        **changes,
    }
    return EvaluationSpec.model_validate(values)


def mnist_folder() -> Path:
    """Return the folder that holds MNIST/raw, or skip and say what is missing."""
    folder = Path(os.environ.get("FAIRDD_DATA", ""))
    if (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").exists():
        return folder
    pytest.skip("needs the real MNIST files: set FAIRDD_DATA to the folder that holds MNIST/raw")


def device_speed(factor: float = 1.0) -> DeviceSpeed:
    """Return the speed of two cores, or of a device that takes ``factor`` times as long."""

    def slower(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: slower(part) for name, part in value.items()}
        return value * factor if type(value) is float else value

    return DeviceSpeed.model_validate(slower(TWO_CORES.model_dump()))


def made(dataset: str = "colored-digits-fg", data_dir: Path = Path()) -> dict[str, object]:
    """Return the part of a result that says by which code and of which data it is: today's."""
    return {"attempts": [{"code": code_version()}], "data": content_of(dataset, data_dir)}
