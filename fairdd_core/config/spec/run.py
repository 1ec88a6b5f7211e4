"""The complete, frozen description of a run."""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from fairdd_core.config.spec.base import Settings, setting
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import BASELINES, SERIES_SIGN, EvaluationSpec
from fairdd_core.device import DEVICE_PATTERN
from fairdd_core.errors import UserError

SPEC_VERSION = 2
"""Version 1 had no ``data.test_groups``."""
DEALT_IN_VERSION_1 = ("colored-mnist-", "colored-fashion-")
"""Beginnings of the data sets that version 1 tested with one colour per image, dealt by the run's seed."""
RESERVED = frozenset({"real", "random", *BASELINES})
"""Names that mean something else than an arm in results and maps."""


class RunSpec(Settings):
    """Everything that decides a run's result on a given machine."""

    version: int = setting(SPEC_VERSION, ge=1, le=SPEC_VERSION, title="Version of the format")
    preset: str = setting("custom", max_length=200, title="Preset", param="origin", place="")
    """The preset that the run started from, for display only."""
    data: DataSpec = DataSpec()
    distill: DistillSpec
    evaluation: EvaluationSpec = EvaluationSpec()
    embedding: EmbeddingSpec = EmbeddingSpec()
    seed: int = setting(0, ge=0, le=2**31 - 1, title="Seed", name="seed", place="main")
    """Every random choice follows from it: the same seed gives the same run."""
    device: str = setting("auto", pattern=DEVICE_PATTERN, title="Device", name="device")
    """auto, cpu, cuda or cuda:N. Auto takes the GPU when there is one, else the processor."""

    @model_validator(mode="before")
    @classmethod
    def _of_version_1(cls, document: Any) -> Any:
        """Return a specification of version 1 as one of today that means the same."""
        if not isinstance(document, dict) or document.get("version") != 1:
            return document
        data = document.get("data")
        if isinstance(data, dict) and str(data.get("dataset")).startswith(DEALT_IN_VERSION_1):
            data = {"test_groups": "dealt-per-seed", **data}
            return document | {"version": SPEC_VERSION, "data": data}
        return document | {"version": SPEC_VERSION}

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
