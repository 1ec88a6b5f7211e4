"""What a run starts from: a preset, brought to a data set and a backbone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairdd_core.config.budget import MAX_DEPTH, SMALL_SIDE
from fairdd_core.config.presets import PRESETS, preset_named
from fairdd_core.config.recipes import PUBLISHED
from fairdd_core.config.settings import changed, get
from fairdd_core.config.spec.data import DSA_OPERATIONS
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.registry import card_of
from fairdd_core.errors import UserError

DEPTHS = ("distill.network.depth", "evaluation.network.depth")
AUGMENTATIONS = ("distill.augmentation", "evaluation.augmentation")
LARGER: dict[str, Any] = {"distill.init": "real", "distill.iterations": 300}
"""In what the quick preset differs for images of more than ``SMALL_SIDE`` pixels, where noise stays noise. On
CIFAR10-S, step sizes of 30 and 100 ended alike from real images, and 300 less accurate."""
CHOICES = {
    "dataset": "data.dataset",
    "label": "data.label",
    "group": "data.group",
    "backbone": "distill.backbone",
    "ipc": "distill.ipc",
}
"""What a start is chosen by beside its preset: name of the setting -> its path."""


def adapt(
    spec: RunSpec, dataset: str, label: str = "", group: str = "", *, data_dir: Path | None = None
) -> RunSpec:
    """Return ``spec`` for another data set, or for other attributes of it.

    Only what follows from the data changes. Groups, and for annotated groups also skew and separation, become
    the usual ones of the data set. The networks get a block for every doubling of the image, so that they end
    in maps as large as before. Images are flipped where a mirror image shows the same thing. The quick preset
    takes the recipe of its size of images, unless that was changed. A published preset keeps its networks and
    its augmentation, as its sources do.

    Args:
        spec: to start from.
        dataset: name of the data set.
        label: attribute that is predicted; empty for the usual one.
        group: attributes that make the groups; empty for the usual ones.
        data_dir: the data folder, which may hold custom data sets; None for the benchmarks only.

    Raises:
        UserError: when there is no such data set, or it has no such attributes.
    """
    if (dataset, label, group) == (spec.data.dataset, spec.data.label, spec.data.group):
        return spec
    new, old = card_of(dataset, data_dir), _known(spec.data.dataset, data_dir)
    usual = new.usual(label, group)
    data: dict[str, Any] = {"dataset": dataset, "label": label, "group": group, "groups": usual.groups}
    if not (new.synthetic_groups and old and old.synthetic_groups):
        data |= {"skew": usual.skew, "separation": usual.separation}
    else:
        if not new.group_names:
            data["groups"] = min(spec.data.groups, new.max_groups)
        data["skew"] = max(spec.data.skew or 0, 1 / data["groups"])
    if spec.data.rendering not in new.renderings:
        data["rendering"] = new.renderings[0]
    if new.published_test == "crossed":
        data["test_groups"] = "crossed"
    if not new.synthetic_groups:
        data["test_images"] = usual.test_images
    values = {f"data.{name}": value for name, value in data.items()}
    if spec.preset == PUBLISHED:
        return changed(spec, values)
    doublings = round(math.log2(new.side / old.side)) if old else 0
    values |= {path: min(MAX_DEPTH, max(1, get(spec, path) + doublings)) for path in DEPTHS}
    values |= {path: _flipped(get(spec, path), new.mirrored) for path in AUGMENTATIONS}
    if old and spec.preset == "quick":
        small, larger = {path: get(PRESETS["quick"](), path) for path in LARGER}, LARGER
        before, after = (larger if card.side > SMALL_SIDE else small for card in (old, new))
        values |= {path: value for path, value in after.items() if get(spec, path) == before[path]}
    return changed(spec, values)


def _known(dataset: str, data_dir: Path | None) -> DatasetCard | None:
    try:
        return card_of(dataset, data_dir)
    except UserError:
        return None


def _flipped(strategy: str, mirrored: bool) -> str:
    """Return an augmentation with or without flips; none at all stays none."""
    names = {name for name in strategy.split("_") if name}
    wanted = names | {"flip"} if mirrored and names else names - {"flip"}
    return "_".join(name for name in DSA_OPERATIONS if name in wanted)


@dataclass(frozen=True)
class Start:
    """A preset with a choice of data and backbone; a run is described by its difference from one.

    Attributes:
        preset: a name in ``PRESETS``.
        dataset, label, group, backbone, ipc: where they are not the preset's own.
    """

    preset: str = next(iter(PRESETS))
    dataset: str = ""
    label: str = ""
    group: str = ""
    backbone: str = ""
    ipc: int = 0

    @property
    def choices(self) -> dict[str, str]:
        """What is not the preset's own, by name."""
        return {name: str(value) for name in CHOICES if (value := getattr(self, name))}

    def spec(self, data_dir: Path | None = None) -> RunSpec:
        """Return the run as it starts.

        Args:
            data_dir: the data folder, which may hold custom data sets; None for the benchmarks only.

        Raises:
            UserError: when there is no such preset, backbone or data set, or it has no such attributes.
        """
        spec = preset_named(self.preset, self.backbone or None, self.ipc, self.dataset)
        return adapt(spec, self.dataset or spec.data.dataset, self.label, self.group, data_dir=data_dir)


def start_of(spec: RunSpec, data_dir: Path | None = None) -> tuple[Start, RunSpec]:
    """Return what a run is best described as a difference from, as a choice and as a run.

    Args:
        spec: any run; of a data set that is not known here, only the preset and the backbone are chosen.
        data_dir: the data folder, which may hold custom data sets; None for the benchmarks only.
    """
    preset = spec.preset if spec.preset in PRESETS else next(iter(PRESETS))
    own, chosen = preset_named(preset), {name: get(spec, path) for name, path in CHOICES.items()}
    start = Start(
        preset, **{name: value for name, value in chosen.items() if value != get(own, CHOICES[name])}
    )
    for possible in (start, replace(start, dataset="", label="", group=""), Start(preset)):
        try:
            return possible, possible.spec(data_dir)
        except UserError:
            continue
    raise AssertionError("a preset needs nothing that may be missing")
