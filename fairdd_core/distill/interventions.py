"""Interventions: fairness measures outside the alignment. To add one, write a function and enter it here."""

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
    NONE: InterventionCard("None", "No measure besides the alignment.", ""),
    "fair-training": InterventionCard(
        "Fair training",
        "Mitigates imbalance when test networks are trained: synthetic images are weighted so that the "
        "groups they resemble count the same.",
        "fairdd_core.evaluate.fair_training:group_balanced",
        after=True,
    ),
    "fair-extractor": InterventionCard(
        "Fair extractor",
        "Mitigates group differences in the features: matches under networks trained on balanced groups, "
        "with a penalty on the distance of their means.",
        "fairdd_core.nets.fair:fair_network",
        before=True,
    ),
}


def image_spec(arm: ArmSpec) -> ArmSpec:
    """Return the part of an arm that determines its images: without its name and later interventions.

    Arms with equal parts share their images, which are distilled once.
    """
    after = INTERVENTIONS[arm.intervention].after
    return arm.model_copy(update={"name": "-", "intervention": NONE if after else arm.intervention})
