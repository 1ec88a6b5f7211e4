"""The statements of the last step: what balance takes away, and what it leaves."""

from __future__ import annotations

import numpy as np

from pages.ui.learn.facts import Facts
from pages.ui.learn.narrative import overlap, points, range_text

BALL = "cobra:smallest-ball"


def same_aim(f: Facts) -> str:
    """Say how close vanilla and COBRA are in the balanced run."""
    residuals = [f.worst_residual(arm) for arm in ("vanilla", "cobra")]
    both = [f.interval("deo_mean", arm) for arm in ("vanilla", "cobra")]
    gaps = [points(f.metric("deo_mean", arm)) for arm in ("vanilla", "cobra")]
    told = "which these test images cannot tell apart" if overlap(*both) else "which differ"
    return (
        f"**Balanced, vanilla aims where COBRA does.** Their largest residuals are {residuals[0]:.2f} and "
        f"{residuals[1]:.2f}, their mean gaps {gaps[0]} and {gaps[1]} points, {told} "
        f"(95 % intervals {range_text(both[0])} and {range_text(both[1])})."
    )


def what_is_left(runs: dict[str, Facts]) -> str:
    """Say what of gap and residual balance leaves, and how much of that is chance."""
    residual = {name: f.worst_residual("vanilla") for name, f in runs.items()}
    gap = {name: points(f.metric("deo_mean", "vanilla")) for name, f in runs.items()}
    data = ""
    if "full-data" in runs["balanced"].counts:
        data = (
            " A network that learned from all the balanced real images has a gap of "
            f"{points(runs['balanced'].metric('deo_mean', 'full-data'))}."
        )
    cell = np.median(runs["balanced"].sizes_CG())
    return (
        f"**Balance is not the whole story.** It takes vanilla's mean gap from {gap['skewed']} to "
        f"**{gap['balanced']} points** and its largest residual from {residual['skewed']:.2f} to "
        f"**{residual['balanced']:.2f}**. Not to nothing, because the colours are still apart. Part of the "
        f"residual is chance, for a colour has some {cell:.0f} images of a digit: with colours that look "
        f"alike it is {residual['balanced-alike']:.2f}. The gap is not chance: the test images are the same "
        f"digits in every colour, and with colours that look alike it is {gap['balanced-alike']} points."
        f"{data}"
    )


def without_separation(f: Facts) -> str:
    """Say what imbalance does when the groups look alike, and what COBRA does then."""
    accuracy = {arm: f.metric("accuracy", arm) for arm in ("vanilla", "cobra")}
    cost = ""
    if accuracy["cobra"] < accuracy["vanilla"]:
        cost = (
            f" COBRA has nothing to mend here, and costs: its accuracy is **{accuracy['cobra']:.1%}**, for a "
            "colour with one or two images still counts as much as one with a hundred."
        )
    return (
        f"**Nor is imbalance alone.** With the same skew but colours that look alike, vanilla's gap is "
        f"**{points(f.metric('deo_mean', 'vanilla'))} points** and its accuracy "
        f"{accuracy['vanilla']:.1%}.{cost} The harm comes from imbalance *times* separation. (Its "
        f"largest residual is still {f.worst_residual('vanilla'):.2f}: a colour with one or two images is "
        "not at the mean of its digit, whatever it looks like.)"
    )


def spread_of_residuals(f: Facts, arm: str) -> tuple[float, float, float]:
    """Return the nearest, mean and farthest group's distance to the target, averaged over the classes."""
    to_target_CG = f.to_target_CG(arm)
    return (
        float(to_target_CG.min(axis=1).mean()),
        float(to_target_CG.mean()),
        float(to_target_CG.max(axis=1).mean()),
    )


def other_middles(f: Facts) -> str:
    """Say what the centre of the smallest ball does for the farthest group, and whether the gap notices."""
    near, mean, far = spread_of_residuals(f, "cobra")
    near_ball, mean_ball, far_ball = spread_of_residuals(f, BALL)
    both = [f.interval("deo_mean", arm) for arm in ("cobra", BALL)]
    gaps = [points(f.metric("deo_mean", arm)) for arm in ("cobra", BALL)]
    if overlap(*both):
        notice = "The gap does not notice"
    else:
        notice = (
            "The gap falls" if f.metric("deo_mean", BALL) < f.metric("deo_mean", "cobra") else "The gap grows"
        )
    return (
        f"**What can be done about it.** In the balanced run the mean of the colours is {near:.1f} from the "
        f"nearest and {far:.1f} from the farthest colour. The centre of the smallest ball around them is "
        f"{near_ball:.1f} and **{far_ball:.1f}** away: the farthest gains, and all together lose (mean "
        f"distance {mean:.1f} before, {mean_ball:.1f} after). {notice}: {gaps[0]} points with the mean, "
        f"{gaps[1]} with the ball (intervals {range_text(both[0])} and {range_text(both[1])})."
    )
