"""The alignments, and the names of arms. To add an alignment, write a class and enter it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairdd_core.cards import Card
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.interventions import INTERVENTIONS, NONE
from fairdd_core.errors import UserError, lookup

if TYPE_CHECKING:
    from fairdd_core.distill.alignments.base import Alignment

_RULES = "fairdd_core.distill.alignments.rules"

ALL_DISCREPANCIES = {**DISCREPANCIES, **CLOUD_DISCREPANCIES}
DEFAULT_DISTANCE: str = ArmSpec.model_fields["discrepancy"].default


@dataclass(frozen=True)
class AlignmentCard(Card):
    """An alignment under a name.

    Attributes:
        barycenter: whether its target is a barycenter, whose distance can be chosen.
        separate: whether it matches every group separately, so that distances can be averaged or summed.
    """

    barycenter: bool = False
    separate: bool = False


ALIGNMENTS: dict[str, AlignmentCard] = {
    "vanilla": AlignmentCard(
        "Vanilla", "Matches the mean of each class, which its majority group dominates.", f"{_RULES}:Vanilla"
    ),
    "cobra": AlignmentCard(
        "COBRA",
        "Matches the barycenter of the groups, which does not depend on their sizes.",
        f"{_RULES}:Barycenter",
        barycenter=True,
    ),
    "uniform": AlignmentCard(
        "Uniform sampling",
        "Draws every group equally often, then matches the mean.",
        f"{_RULES}:UniformSampling",
    ),
    "reweight": AlignmentCard(
        "Loss reweighting",
        "Weights every real image by the inverse of its group's share, then matches the mean.",
        f"{_RULES}:Reweighting",
    ),
    "fairdd": AlignmentCard(
        "FairDD",
        "Matches every group separately and averages the distances.",
        f"{_RULES}:FairDD",
        separate=True,
    ),
}


def arm_name(alignment: str, discrepancy: str = DEFAULT_DISTANCE, intervention: str = NONE) -> str:
    """Return the name of an arm: its alignment, then its distance and intervention unless default."""
    name = alignment if discrepancy == DEFAULT_DISTANCE else f"{alignment}:{discrepancy}"
    return name if intervention == NONE else f"{name}+{intervention}"


def arm_named(name: str) -> ArmSpec:
    """Return the arm of a name such as ``cobra``, ``cobra:cosine`` or ``vanilla+fair-training``.

    Raises:
        UserError: for names that are not known, and for a distance where there is no barycenter.
    """
    rule, plus, intervention = name.partition("+")
    alignment, colon, discrepancy = rule.partition(":")
    parts = (alignment, discrepancy if colon else DEFAULT_DISTANCE, intervention if plus else NONE)
    arm = ArmSpec(name="unnamed", alignment=alignment, discrepancy=parts[1], intervention=parts[2])
    check_arm(arm)  # first, for unknown parts need not make a possible name
    return arm.model_copy(update={"name": arm_name(*parts)})


def check_arm(arm: ArmSpec) -> None:
    """Refuse an arm that cannot be built, or whose distance or weighting would have no effect.

    Raises:
        UserError: for names that are not known, for a distance where there is no barycenter, and for a sum
            where groups are not matched separately.
    """
    card = lookup(ALIGNMENTS, arm.alignment, "distill.arms.alignment")
    lookup(ALL_DISCREPANCIES, arm.discrepancy, "distill.arms.discrepancy")
    lookup(INTERVENTIONS, arm.intervention, "distill.arms.intervention")
    if arm.weighting == "sum" and not card.separate:
        able = [name for name, other in ALIGNMENTS.items() if other.separate]
        expected = f"mean with {arm.alignment}, which does not match the groups separately"
        raise UserError("distill.arms.weighting", expected, "sum", f"Use {' or '.join(able)}.")
    if arm.discrepancy != DEFAULT_DISTANCE and not card.barycenter:
        able = [arm_name(name, arm.discrepancy) for name, other in ALIGNMENTS.items() if other.barycenter]
        raise UserError(
            "distill.arms.discrepancy",
            f"none with {arm.alignment}, which has no barycenter",
            repr(arm.discrepancy),
            f"Use {arm.alignment} alone, or {' or '.join(able)}.",
        )


def build_alignment(arm: ArmSpec) -> Alignment:
    """Return the alignment of an arm.

    Raises:
        UserError: for a name that is not known.
    """
    discrepancy = lookup(ALL_DISCREPANCIES, arm.discrepancy, "distill.arms.discrepancy").build()
    card = lookup(ALIGNMENTS, arm.alignment, "distill.arms.alignment")
    alignment: Alignment = card.build(discrepancy, arm.weighting == "sum")
    return alignment
