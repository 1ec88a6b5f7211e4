"""What a backbone changes in a run: its distance, its networks, its steps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from fairdd_core.config.published import RECIPES
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.errors import lookup

PUBLISHED = "published"
"""The preset whose recipes are the published ones."""
IPC_EXAMPLES = (1, 10, 50, 100)
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
        "schedule": {"pairs": 20, "samples": 2, "experts": 3, "expert_steps": 60},
    },
}
"""For a run of minutes: tuned on Colored Digits, and the same for all arms.

MTT trains on every image step by step, so it gets only 20 of a class. Where the small groups have one or two
images each, that leaves vanilla's target noisier than COBRA's.
"""


def recipe_fields(preset: str) -> frozenset[str]:
    """Return the paths of the settings that a backbone's recipe changes under a preset."""
    if preset == PUBLISHED:
        return frozenset(path for recipe in RECIPES.values() for path in recipe.fields(10, ""))
    return frozenset(
        f"distill.{field}.{part}" if part else f"distill.{field}"
        for recipe in SHORT.values()
        for field, value in recipe.items()
        for part in (value if isinstance(value, Mapping) else [""])
    )


def fields_by_ipc(preset: str, name: str) -> frozenset[str]:
    """Return the paths of the settings that follow from the images per class.

    Args:
        preset: a preset; only the published one has any.
        name: of its recipe.
    """
    if preset != PUBLISHED or name not in RECIPES:
        return frozenset()
    by_ipc = [RECIPES[name].fields(ipc, "") for ipc in IPC_EXAMPLES]
    return frozenset(path for path, value in by_ipc[0].items() if any(f[path] != value for f in by_ipc))


def with_values(spec: RunSpec, values: Mapping[str, Any]) -> RunSpec:
    """Return a run with other values, by the dotted paths of their fields.

    Raises:
        ValidationError: for a value that a field cannot have.
    """
    document = spec.model_dump()
    for path, value in values.items():
        *parents, last = path.split(".")
        reduce(dict.__getitem__, parents, document)[last] = value
    return RunSpec.model_validate(document)


def with_backbone(spec: RunSpec, backbone: str) -> RunSpec:
    """Return a run with another backbone and what its short recipe changes; the arms and the data stay.

    Args:
        spec: made for Distribution Matching.
        backbone: a name in ``BACKBONES``; one without a recipe keeps the run's settings.

    Raises:
        UserError: for a name that is not known.
    """
    lookup(BACKBONES, backbone, "distill.backbone")
    document = spec.model_dump(mode="json")
    distill = document["distill"]
    distill["backbone"] = backbone
    for field, value in SHORT.get(backbone, {}).items():
        distill[field] = {**distill[field], **value} if isinstance(value, Mapping) else value
    return RunSpec.model_validate(document)
