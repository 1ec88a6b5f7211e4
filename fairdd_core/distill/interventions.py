"""What an arm may do for fairness outside the alignment. Adding one is a function and an entry here."""

from __future__ import annotations

from dataclasses import dataclass

from fairdd_core.cards import Card
from fairdd_core.config.spec.distill import ArmSpec

NONE = "none"


@dataclass(frozen=True)
class InterventionCard(Card):
    """An intervention under a name.

    Attributes:
        before: whether the code prepares a matching network: ``(net, training set, generator, device)
            -> net``.
        after: whether the code weighs the synthetic images in the training of the evaluation networks:
            ``(evaluator, images, labels) -> weights``.
    """

    before: bool = False
    after: bool = False


INTERVENTIONS: dict[str, InterventionCard] = {
    NONE: InterventionCard("None", "Nothing but the alignment.", ""),
    "fair-training": InterventionCard(
        "Fair training",
        "Weighs the synthetic images so that the groups they resemble count the same in training.",
        "fairdd_core.evaluate.fair_training:group_balanced",
        after=True,
    ),
    "fair-extractor": InterventionCard(
        "Fair extractor",
        "Matches under networks trained on all groups alike, with the groups' means drawn together.",
        "fairdd_core.nets.fair:fair_network",
        before=True,
    ),
}


def until_images(arm: ArmSpec) -> ArmSpec:
    """Return what decides an arm's images: neither its name nor what happens to them afterwards.

    Arms for which this is the same have the same images, which are made once.
    """
    after = INTERVENTIONS[arm.intervention].after
    return arm.model_copy(update={"name": "-", "intervention": NONE if after else arm.intervention})
