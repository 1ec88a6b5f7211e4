"""The alignments. Adding one is a class and an entry here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairdd_core.cards import Card
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.spec import ArmSpec
from fairdd_core.errors import lookup

if TYPE_CHECKING:
    from fairdd_core.distill.alignments.base import Alignment

_RULES = "fairdd_core.distill.alignments.rules"

ALIGNMENTS: dict[str, Card] = {
    "vanilla": Card(
        "Vanilla", "Matches each class as found, so its majority group decides.", f"{_RULES}:Vanilla"
    ),
    "cobra": Card(
        "COBRA",
        "Matches the barycenter of the groups, in which their sizes play no part.",
        f"{_RULES}:Barycenter",
    ),
    "uniform": Card(
        "Uniform sampling",
        "Draws every group equally often, then matches the mean.",
        f"{_RULES}:UniformSampling",
    ),
    "fairdd": Card("FairDD", "Matches every group separately and adds the distances up.", f"{_RULES}:FairDD"),
}


def build_alignment(arm: ArmSpec) -> Alignment:
    """Return the alignment of an arm.

    Raises:
        UserError: for a name that is not known.
    """
    discrepancy = lookup(DISCREPANCIES, arm.discrepancy, "distill.arms.discrepancy").build()
    alignment: Alignment = lookup(ALIGNMENTS, arm.alignment, "distill.arms.alignment").build(discrepancy)
    return alignment
