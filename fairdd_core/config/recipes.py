"""What a backbone changes in a run: its distance, its networks, its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.errors import lookup

Recipe = Mapping[str, Any]
"""Fields of ``DistillSpec`` by name; a mapping changes the fields of a part of it."""

SHORT: dict[str, Recipe] = {
    "dm": {},
    "dc": {"matching": "cosine", "iterations": 200, "lr": 10.0, "schedule": {"pairs": 30, "samples": 16}},
    "idc": {
        "matching": "cosine",
        "iterations": 200,
        "lr": 10.0,
        "factor": 2,
        "schedule": {"pairs": 30, "samples": 16, "experts": 3, "expert_steps": 60},
    },
    "cafe": {"iterations": 300, "lr": 3000.0, "schedule": {"pairs": 30, "samples": 16}},
    "mtt": {
        "iterations": 100,
        "lr": 100.0,
        "schedule": {"pairs": 20, "samples": 8, "experts": 3, "expert_steps": 60},
    },
}
"""For a run of minutes: tuned on Colored Digits, and the same for all arms."""

PUBLISHED: dict[str, Recipe] = {
    "dm": {"iterations": 2600, "lr": 1.0, "schedule": {"kind": "fresh", "samples": 600}},
    "dc": {
        "matching": "cosine",
        "iterations": 10_000,
        "lr": 0.1,
        "schedule": {"kind": "inner", "outer": 10, "inner": 50, "samples": 256},
    },
    "idc": {
        "matching": "l1",
        "iterations": 10_000,
        "lr": 0.005,
        "factor": 2,
        "schedule": {"kind": "fresh", "samples": 64, "experts": 5, "expert_steps": 1000},
    },
    "cafe": {"iterations": 2000, "lr": 0.1, "schedule": {"kind": "fresh", "samples": 256}},
    "mtt": {
        "iterations": 5000,
        "lr": 100.0,
        "schedule": {"kind": "fresh", "samples": 256, "experts": 20, "expert_steps": 5000},
    },
}
"""As the papers describe them, as far as they do."""


RECIPE_FIELDS = {
    path
    for recipe in (*SHORT.values(), *PUBLISHED.values())
    for field, value in recipe.items()
    for path in (
        [f"distill.{field}.{part}" for part in value] if isinstance(value, Mapping) else [f"distill.{field}"]
    )
}
"""Paths of the settings that some recipe changes."""


def with_backbone(spec: RunSpec, backbone: str, recipes: Mapping[str, Recipe] = SHORT) -> RunSpec:
    """Return a run with another backbone and what its recipe changes; the arms and the data stay.

    Args:
        spec: made for Distribution Matching.
        backbone: a name in ``BACKBONES``; one without a recipe keeps the run's settings.
        recipes: ``SHORT`` or ``PUBLISHED``.

    Raises:
        UserError: for a name that is not known.
    """
    lookup(BACKBONES, backbone, "distill.backbone")
    document = spec.model_dump(mode="json")
    distill = document["distill"]
    distill["backbone"] = backbone
    for field, value in recipes.get(backbone, {}).items():
        distill[field] = {**distill[field], **value} if isinstance(value, Mapping) else value
    return RunSpec.model_validate(document)
