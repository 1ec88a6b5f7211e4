"""Which data, and how biased."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from fairdd_core.config.spec.base import AS_FOUND, Settings, percent, setting
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
TestGroups = Literal["crossed", "dealt", "dealt-per-seed"]
Rendering = Literal["smooth", "published"]


def lowest_skew(groups: int) -> int:
    """Return the balanced share of ``groups`` groups in whole per cent."""
    return round(100 / groups)


def check_skew(skew: float, groups: int) -> None:
    """Refuse a majority share below 1/G, which would make the majority a minority.

    Raises:
        UserError: naming the smallest share that is possible.
    """
    # Sliders and humans round 1/G, so 0.33 for three groups means balanced.
    if skew < 1 / groups - 0.005:
        raise UserError("data.skew", f"at least 1/{groups} = {1 / groups:.3g} with {groups} groups", skew)


class DataSpec(Settings):
    """A data set, its bias controls, and what is known of its groups."""

    dataset: str = setting(
        "colored-digits-fg", max_length=200, title="Data set", name="dataset", place="main", names="datasets"
    )
    """What is distilled. Each has a card with what to know before using it."""
    label: str = setting("", max_length=200, title="Predict", name="label", place="main")
    """The attribute that makes the classes, where there are several; empty for the usual one."""
    group: str = setting("", max_length=200, title="Groups by", name="group", place="main")
    """The attribute that makes the groups, or several crossed, as in race+gender: every combination is a
    group. Empty for the usual one."""
    groups: int = setting(10, ge=2, le=MAX_GROUPS, title="Groups", name="groups", place="main", slider=True)
    """How many protected groups there are, where they are synthetic; a group is then a colour."""
    skew: float | None = setting(
        0.9, gt=0, le=0.99, title="Skew", name="skew", place="main", unit="%", step=0.01, slider=True
    )
    """Share of each class that its largest group has, from 1/G, where all G groups are equally large. `none`
    leaves annotated groups as found."""
    separation: float = setting(
        1.0, ge=0, le=1, title="Separation", name="separation", place="main", step=0.05, slider=True
    )
    """How different the groups look, from 0 (alike, or as found) to 1 (as published, or tinted)."""
    label_noise: float = setting(
        0.0,
        ge=0,
        le=0.5,
        title="Group-label noise",
        option="label-noise",
        param="noise",
        unit="%",
        step=0.05,
        slider=True,
    )
    """Share of the training images whose group label is replaced by another one, drawn at random. The test
    images keep the truth."""
    known_share: float = setting(
        1.0,
        ge=0.05,
        le=1,
        title="Known group labels",
        option="known-share",
        param="known",
        unit="%",
        step=0.05,
        slider=True,
    )
    """Share of the training images whose group is known. The others count for Vanilla, which does not look at
    groups, and for no group's signal."""

    rendering: Rendering = setting("smooth", title="Rendering", name="rendering")
    """Of Colored MNIST. `smooth` keeps the grey levels of the scans, centres them and normalises by the
    statistics of the training set. `published` draws as the papers do: digits of one level, padded at the top
    and left only, normalised with mean and standard deviation 0.5."""
    test_groups: TestGroups = setting("crossed", title="Test groups", name="test-groups")
    """Where groups are synthetic. `crossed` tests every picture in every group, so that groups differ in
    nothing else. `dealt` tests each picture in one group, equally often in each, the same for all seeds: the
    protocol of the papers on Colored MNIST. `dealt-per-seed` deals anew for every seed, as earlier versions
    did."""
    test_images: int = setting(
        20_000, ge=0, le=1_000_000, title="Test images up to", name="test-images", step=1000
    )
    """Where groups are synthetic and there are more, equally many pictures of every class are drawn, the same
    for all seeds. 0 tests all pictures."""

    @property
    def skew_text(self) -> str:
        """The skew for people."""
        return AS_FOUND if self.skew is None else percent(self.skew)

    @model_validator(mode="after")
    def _skew_is_reachable(self) -> Self:
        if self.skew is not None:
            check_skew(self.skew, self.groups)
        return self
