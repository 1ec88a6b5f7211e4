"""Which data, and how biased."""

from typing import Self

from pydantic import Field, model_validator

from fairdd_core.data.skew import check_skew
from fairdd_core.settings import Settings


class DataSpec(Settings):
    """A data set and its two bias controls.

    Attributes:
        dataset: a name in ``fairdd_core.data.registry.DATASETS``.
        groups: number of protected groups G.
        skew: share of each class's majority group, from 1/G (balanced) to 0.99.
        separation: how different the groups look, from 0 (alike) to 1 (as published).
    """

    dataset: str = "colored-digits-fg"
    groups: int = Field(10, ge=2, le=10)
    skew: float = Field(0.9, gt=0, le=0.99)
    separation: float = Field(1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _skew_is_reachable(self) -> Self:
        check_skew(self.skew, self.groups)
        return self
