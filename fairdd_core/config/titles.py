"""What a run is called where nobody has named it, the same in the browser and on the command line."""

from __future__ import annotations

from pathlib import Path

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import cards
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.units import counted


def title_of(spec: RunSpec, data_dir: Path) -> str:
    """Return a short description of a run, for lists and headings.

    Args:
        spec: of the run.
        data_dir: the data folder, which may hold custom data sets.
    """
    return f"{dataset_title(spec, data_dir)} · {settings_text(spec)}"


def dataset_title(spec: RunSpec, data_dir: Path) -> str:
    """Return the name of a run's data set for people."""
    card = cards(data_dir).get(spec.data.dataset)
    return card.title if card else spec.data.dataset


def settings_text(spec: RunSpec) -> str:
    """Return the settings that decide most, in one line."""
    data, distill = spec.data, spec.distill
    length = f"{counted(distill.ipc, 'image')} per class · {counted(distill.iterations, 'iteration')}"
    return (
        f"{data.groups} groups · {_backbone(spec)}skew {data.skew_text} · separation {data.separation:g} · "
        f"{length} · seed {spec.seed}"
    )


def brief(spec: RunSpec) -> str:
    """Return the settings by which runs of a list differ most often, in few words."""
    return (
        f"{_backbone(spec)}skew {spec.data.skew_text}, separation {spec.data.separation:g}, "
        f"{counted(spec.distill.iterations, 'iteration')}, seed {spec.seed}"
    )


def _backbone(spec: RunSpec) -> str:
    """Name the distillation method where it is not the usual one."""
    name = spec.distill.backbone
    if name == DistillSpec.model_fields["backbone"].default:
        return ""
    card = BACKBONES.get(name)
    return f"{card.title if card else name} · "
