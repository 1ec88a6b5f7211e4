"""Every published recipe moves its images: by more than 10 grey levels within its own length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fairdd_core.config.presets import preset_named
from fairdd_core.config.published import RECIPES, kind_of
from fairdd_core.config.recipes import with_values
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.data.registry import load
from fairdd_core.distill.loop import distill
from fairdd_core.events import Snapshot

GREY_LEVELS = 10
FEW = {"distill.schedule.samples": 16, "distill.schedule.experts": 0}
"""Real images. Networks and steps are the recipe's: narrower networks have shorter gradients."""


def three_digits() -> GroupedDataset:
    train = load(DataSpec(dataset="colored-digits-fg", groups=2), 0, Path()).train
    kept = train.y_N < 3
    return GroupedDataset(
        train.x_NCHW[kept], train.y_N[kept], train.a_N[kept], train.class_names[:3], train.group_names
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_published_recipe_moves_its_images(name: str) -> None:
    """Stops as soon as every arm has gone far enough, which must be within the recipe's iterations."""
    spec = with_values(preset_named(f"{kind_of(name)}-{name}"), FEW).distill
    spec = spec.model_copy(update={"snapshots": 200})
    first: dict[str, np.ndarray] = {}
    moved: dict[str, float] = {}
    for event in distill(three_digits(), spec, 0, torch.device("cpu")):
        if not isinstance(event, Snapshot):
            continue
        shown = event.images_CIKHW.astype(float)
        start = first.setdefault(event.arm, shown)
        moved[event.arm] = max(moved.get(event.arm, 0), float(np.abs(shown - start).mean()))
        if event.iteration and min(moved.values()) > GREY_LEVELS:
            break
    assert min(moved.values()) > GREY_LEVELS, moved
