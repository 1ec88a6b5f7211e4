"""The alignments. Adding one is a class and an entry here.

The cards are read by the dashboard, which must not wait for torch, so the rules are imported when built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairdd_core.distill.spec import ArmSpec
from fairdd_core.errors import lookup

if TYPE_CHECKING:
    from fairdd_core.distill.alignments.base import Alignment


@dataclass(frozen=True)
class AlignmentCard:
    """An alignment, and what to tell people about it.

    Attributes:
        title: short name.
        summary: one plain sentence.
        build: makes the alignment from an arm's settings.
    """

    title: str
    summary: str
    build: Callable[[ArmSpec], Alignment]


def _vanilla(arm: ArmSpec) -> Alignment:
    from fairdd_core.distill.alignments.rules import Vanilla

    return Vanilla()


def _barycenter(arm: ArmSpec) -> Alignment:
    from fairdd_core.distill.alignments.rules import Barycenter
    from fairdd_core.distill.discrepancies.registry import DISCREPANCIES

    return Barycenter(lookup(DISCREPANCIES, arm.discrepancy, "arm.discrepancy")())


def _uniform(arm: ArmSpec) -> Alignment:
    from fairdd_core.distill.alignments.rules import UniformSampling

    return UniformSampling()


def _fairdd(arm: ArmSpec) -> Alignment:
    from fairdd_core.distill.alignments.rules import FairDD

    return FairDD()


ALIGNMENTS: dict[str, AlignmentCard] = {
    "vanilla": AlignmentCard(
        "Vanilla", "Matches each class as found, so its majority group decides.", _vanilla
    ),
    "cobra": AlignmentCard(
        "COBRA", "Matches the barycenter of the groups, in which their sizes play no part.", _barycenter
    ),
    "uniform": AlignmentCard(
        "Uniform sampling", "Draws every group equally often, then matches the mean.", _uniform
    ),
    "fairdd": AlignmentCard("FairDD", "Matches every group separately and adds the distances up.", _fairdd),
}
