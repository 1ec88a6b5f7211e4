"""Which data, and how biased."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from fairdd_core.config.spec.base import Settings
from fairdd_core.errors import UserError

DSA_OPERATIONS = ("color", "crop", "cutout", "flip", "scale", "rotate")
DSA_STRATEGY = "color_crop_cutout_flip_scale_rotate"
MAX_GROUPS = 64
"""Of any data set; each card has its own limit."""


def _known_operations(strategy: str) -> str:
    unknown = [name for name in strategy.split("_") if name and name not in DSA_OPERATIONS]
    if unknown:
        raise ValueError(f"operations among {', '.join(DSA_OPERATIONS)}, joined by _")
    return strategy


Strategy = Annotated[str, AfterValidator(_known_operations)]
"""DSA operations joined by ``_``; empty for none."""


def check_skew(skew: float, groups: int) -> None:
    """Refuse a majority share below 1/G, which would make the majority a minority.

    Raises:
        UserError: naming the smallest share that is possible.
    """
    # Sliders and humans round 1/G, so 0.33 for three groups means balanced.
    if skew < 1 / groups - 0.005:
        raise UserError("data.skew", f"at least 1/{groups} = {1 / groups:.3g} with {groups} groups", skew)


class DataSpec(Settings):
    """A data set, its two bias controls, and what is known of its groups.

    Attributes:
        dataset: a name in ``fairdd_core.data.registry.DATASETS``.
        groups: number of protected groups G.
        skew: share of each class's majority group, from 1/G (balanced) to 0.99; None leaves groups that are
            found in the data as they are.
        separation: how different the groups look, from 0 (alike, or as found) to 1 (as published, or with a
            plain tint each).
        label: attribute that is predicted, where the data set has several; empty for the usual one.
        group: attribute that makes the groups, or several joined by ``+``; empty for the usual one.
        label_noise: share of the training images whose group label is replaced by another one.
        known_share: share of the training images whose group label is known.
    """

    dataset: str = "colored-digits-fg"
    groups: int = Field(10, ge=2, le=MAX_GROUPS)
    skew: float | None = Field(0.9, gt=0, le=0.99)
    separation: float = Field(1.0, ge=0, le=1)
    label: str = Field("", max_length=200)
    group: str = Field("", max_length=200)
    label_noise: float = Field(0.0, ge=0, le=0.5)
    known_share: float = Field(1.0, ge=0.05, le=1)

    @property
    def skew_text(self) -> str:
        """The skew in words."""
        return "as found" if self.skew is None else f"{self.skew:.0%}"

    @model_validator(mode="after")
    def _skew_is_reachable(self) -> Self:
        if self.skew is not None:
            check_skew(self.skew, self.groups)
        return self
