"""The distillation backbones. Adding one is a file and an entry here."""

from __future__ import annotations

from dataclasses import dataclass

from fairdd_core.cards import Card

_HERE = "fairdd_core.distill.backbones"


@dataclass(frozen=True)
class BackboneCard(Card):
    """A backbone under a name.

    Attributes:
        clouds: whether a group can be a cloud of features instead of one signal.
        linear: whether signals are linear in the images' weights, as those of most are.
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
        "Matches the direction in which every class would push the weights of a network.",
        f"{_HERE}.gradient:GradientMatching",
    ),
    "idc": BackboneCard(
        "IDC",
        "Matches gradients of networks trained on real data; every image is a mosaic of smaller ones.",
        f"{_HERE}.gradient:GradientMatching",
    ),
    "cafe": BackboneCard(
        "CAFE",
        "Matches the mean features of every layer, and keeps the classes apart.",
        f"{_HERE}.means:CAFE",
    ),
    "mtt": BackboneCard(
        "Trajectory matching",
        "Makes a network trained on the images move as one trained on the real data does.",
        f"{_HERE}.trajectory:TrajectoryMatching",
        linear=False,
    ),
}
