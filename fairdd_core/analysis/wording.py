"""What readers are told about gaps: the noise floor, and why an interval is missing; for all screens."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairdd_core.analysis.intervals import MIN_IMAGES

NOISE_FLOOR = (
    "Even a classifier that treats all groups alike shows a gap, because each recall is measured on a "
    "limited number of images. The **noise floor** is the size of that chance gap; only the excess above it "
    "is evidence of bias."
)
HOW_DEALT = (
    "It is computed by dealing the predictions to the groups at random: mean and standard deviation of the "
    "gaps that result."
)
FLOOR_MARK = "The grey band is the noise floor ± 1 standard deviation, the tick its mean."
FLOOR_ON_BAR = (
    "In brackets is its noise floor; the tick on a bar shows where chance alone would put the worst group, "
    "seen from the best."
)
NO_INTERVAL = f"fewer than {MIN_IMAGES} test images behind a rate"
_NOT_KEPT = (
    "This run has no noise floor: its test shows every picture in every group, and it did not keep the "
    "prediction for each picture."
)
_UNDEFINED = "No gap is defined here, so there is no noise floor."


def plain(text: str) -> str:
    """Return a text without its Markdown emphasis."""
    return text.replace("**", "")


def no_floor_text(gaps: pd.Series) -> str:
    """Return why none of some gaps has a noise floor.

    Args:
        gaps: their values; NaN where a gap is undefined.
    """
    return _NOT_KEPT if gaps.notna().any() else _UNDEFINED


def chance_text(gap: float, floor: float) -> str:
    """Return the gap that chance alone gives, as the end of ``9.1 pt, chance alone 7.1``.

    Args:
        gap: in [0, 1].
        floor: mean of its noise floor; NaN is unknown and returns nothing.
    """
    if np.isnan(floor) or np.isnan(gap):
        return ""
    if gap <= floor:
        return f"no more than chance: {100 * floor:.1f}"
    return f"chance alone {100 * floor:.1f}"


def differences_text(table: pd.DataFrame) -> str:
    """Return what the intervals of a table of differences cover, as sentences in Markdown.

    Args:
        table: from ``difference_table``, at least one row.
    """
    most, least = int(table["networks"].max()), int(table["networks"].min())
    if most == 1:
        over = "test images"
    elif least == 1:
        over = "test images and, where both sides have several, test networks"
    else:
        over = "test images and test networks"
    text = (
        f"Bars are 95 % intervals of the difference over {over}; where one includes zero, the difference may "
        "be chance. "
    )
    if most == 1:
        text += "With one test network per side, they say nothing about other networks. "
    text += "They do not cover the variance across seeds."
    text += (
        " Noise enlarges gaps, so the interval of a difference of gaps adds up those of both, and is wide."
    )
    paired = table[table["paired"].astype(bool)]
    if paired.empty:
        return text
    if paired["by_image"].all():
        text += (
            " **Paired**: both sides are tested on the same images, which are drawn together for accuracies."
        )
    else:
        text += (
            " **Paired** by network only: the predictions for each image were not kept, so images are "
            "resampled for each side, and intervals are wider than need be."
        )
    if most > 1:
        text += " A tick is one pair of networks, which start from the same weights."
    if table["low"].isna().any():
        text += f" No interval: {NO_INTERVAL}."
    return text
