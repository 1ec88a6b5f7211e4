"""The distillation backbones. To add one, write a file and enter it here."""

from __future__ import annotations

from dataclasses import dataclass

from fairdd_core.cards import Card

_HERE = "fairdd_core.distill.backbones"


@dataclass(frozen=True)
class BackboneCard(Card):
    """A backbone under a name.

    Attributes:
        clouds: whether a group can be matched as a cloud of features instead of one signal.
        linear: whether signals are linear in the images' weights.
    """

    clouds: bool = False
    linear: bool = True


BACKBONES: dict[str, BackboneCard] = {
    "dm": BackboneCard(
        "Distribution Matching",
        "Matches the mean embedding of every class under random networks.",
        f"{_HERE}.means:DistributionMatching",
        clouds=True,
    ),
    "dc": BackboneCard(
        "Dataset Condensation",
        "Matches the gradient of every class's loss in the weights of a network.",
        f"{_HERE}.gradient:GradientMatching",
    ),
    "idc": BackboneCard(
        "IDC",
        "Matches gradients of networks trained on real data; every image is a mosaic of smaller ones.",
        f"{_HERE}.gradient:GradientMatching",
    ),
    "cafe": BackboneCard(
        "CAFE",
        "Matches the mean features of every layer, with a term that keeps the classes apart.",
        f"{_HERE}.means:CAFE",
    ),
    "mtt": BackboneCard(
        "Trajectory matching",
        "Matches how training on the images moves the parameters to how training on the real data does.",
        f"{_HERE}.trajectory:TrajectoryMatching",
        linear=False,
    ),
}
