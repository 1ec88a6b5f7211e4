"""The complete, frozen description of a run."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from fairdd_core.config.spec.base import Settings
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import BASELINES, SERIES_SIGN, EvaluationSpec
from fairdd_core.device import DEVICE_PATTERN
from fairdd_core.errors import UserError

SPEC_VERSION = 1
RESERVED = frozenset({"real", "random", *BASELINES})
"""Names that mean something else than an arm in results and maps."""


class RunSpec(Settings):
    """Everything that decides a run's result on a given machine.

    Attributes:
        version: of this format.
        preset: the preset it grew from, for display only.
        data, distill, evaluation, embedding: the four stages.
        seed: the one seed; every random stream is a named child of it.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    version: int = Field(SPEC_VERSION, ge=1, le=SPEC_VERSION)
    preset: str = "custom"
    data: DataSpec = DataSpec()
    distill: DistillSpec
    evaluation: EvaluationSpec = EvaluationSpec()
    embedding: EmbeddingSpec = EmbeddingSpec()
    seed: int = Field(0, ge=0, lt=2**31)
    device: str = Field("auto", pattern=DEVICE_PATTERN)

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        arms = [arm.name for arm in self.distill.arms]
        if len(set(arms)) != len(arms):
            raise UserError("distill.arms", "arms with different names", ", ".join(arms))
        if reserved := RESERVED.intersection(arms):
            raise UserError("distill.arms", f"names other than {', '.join(sorted(RESERVED))}", min(reserved))
        if marked := [arm for arm in arms if SERIES_SIGN in arm]:
            raise UserError("distill.arms", f"names without {SERIES_SIGN}", marked[0])
        if self.embedding.features not in {"real", "random", *arms}:
            expected = "real, random or the name of an arm"
            raise UserError("embedding.features", expected, repr(self.embedding.features))
        return self
