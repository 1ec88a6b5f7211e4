"""Bringing a specification to another data set: what follows from the data, and nothing else."""

from __future__ import annotations

import math
from typing import Any

from fairdd_core.config.spec.data import DSA_OPERATIONS, DataSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.registry import card_of
from fairdd_core.errors import UserError
from fairdd_core.workspace import Workspace

MAX_DEPTH = 5


def card(dataset: str) -> DatasetCard:
    """Return the card of a data set of this machine.

    Raises:
        UserError: when there is none of this name.
    """
    return card_of(dataset, Workspace.default().data)


def adapt(spec: RunSpec, dataset: str, label: str = "", group: str = "") -> RunSpec:
    """Return ``spec`` for another data set, or for other attributes of it.

    Groups, and for groups that are found also skew and separation, become the usual ones of the data set. The
    networks get a block for every doubling of the image, so that they end in maps as large as before. Images
    are flipped where a mirror image shows the same thing.

    Args:
        spec: to start from.
        dataset: name of the data set.
        label: attribute that is predicted; empty for the usual one.
        group: attributes that make the groups; empty for the usual ones.

    Raises:
        UserError: when there is no such data set, or it has no such attributes.
    """
    if (dataset, label, group) == (spec.data.dataset, spec.data.label, spec.data.group):
        return spec
    new, old = card(dataset), _known(spec.data.dataset)
    usual = new.usual(label, group)
    changes: dict[str, Any] = {"dataset": dataset, "label": label, "group": group, "groups": usual.groups}
    if not (new.synthetic_groups and old and old.synthetic_groups):
        changes |= {"skew": usual.skew, "separation": usual.separation}
    elif not new.group_names:
        changes["groups"] = min(spec.data.groups, new.max_groups)
    document = spec.model_dump(mode="json")
    document["data"] = _within(spec.data.model_copy(update=changes)).model_dump(mode="json")
    doublings = round(math.log2(new.side / old.side)) if old else 0
    for stage in ("distill", "evaluation"):
        network = document[stage]["network"]
        network["depth"] = min(MAX_DEPTH, max(1, network["depth"] + doublings))
        document[stage]["augmentation"] = _flipped(document[stage]["augmentation"], new.mirrored)
    return RunSpec.model_validate(document)


def _known(dataset: str) -> DatasetCard | None:
    try:
        return card(dataset)
    except UserError:
        return None


def _within(data: DataSpec) -> DataSpec:
    """Return ``data`` with a skew that its number of groups allows."""
    balanced = 1 / data.groups
    return data.model_copy(update={"skew": max(data.skew, balanced)}) if data.skew is not None else data


def _flipped(strategy: str, mirrored: bool) -> str:
    """Return an augmentation with or without flips; none at all stays none."""
    names = {name for name in strategy.split("_") if name}
    wanted = names | {"flip"} if mirrored and names else names - {"flip"}
    return "_".join(name for name in DSA_OPERATIONS if name in wanted)
