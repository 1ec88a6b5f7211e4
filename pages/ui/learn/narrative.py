"""The lesson's statements, each put together from the numbers of a run, so that they cannot disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairdd_core.plots.theme import arm_label
from pages.ui.learn.facts import Facts

ALMOST = 0.02
"""Shares that differ by less are called about the same."""
CONDITIONS = {
    "skewed": "imbalanced, separated",
    "balanced": "balanced, separated",
    "alike": "imbalanced, alike",
    "balanced-alike": "balanced, alike",
}
"""Run -> its condition."""
BALL = "cobra:smallest-ball"


def points(share: float) -> str:
    """Return a share in percentage points."""
    return f"{100 * share:.1f}"


def signed_points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "−")


def _gap(f: Facts, arm: str) -> str:
    return points(f.metric("deo_mean", arm))


def difference_text(difference: tuple[float, float, float]) -> str:
    """Return a paired difference with its interval: ``−1.2 points, 95 % interval −3.0 to +0.6``."""
    value, low, high = map(signed_points, difference)
    return f"{value} points, 95 % interval {low} to {high}"


def may_be_chance(difference: tuple[float, float, float]) -> bool:
    """Return whether the interval of a difference includes zero."""
    _, low, high = difference
    return low <= 0 <= high


def _chance_gap(f: Facts, arm: str) -> str:
    return points(f.floor("deo_mean", arm)[0])


def first_class(f: Facts) -> tuple[np.ndarray, int]:
    """Return the group sizes of the first class and which group is its largest."""
    n_G = f.sizes_CG()[0]
    return n_G, int(n_G.argmax())


def mean_of_other_groups(f: Facts) -> float:
    """Return the mean number of images of the first class in its other groups."""
    n_G, largest = first_class(f)
    return float(np.delete(n_G, largest).mean())


def bias(f: Facts) -> str:
    """Return how unequal the groups of the first class are."""
    n_G, largest = first_class(f)
    rest = np.delete(n_G, largest)
    color = f.labels.groups[largest]
    return (
        f"**{n_G[largest]} of {n_G.sum()}** training images of the digit {f.labels.classes[0]} are {color}. "
        f"Every other colour has {rest.min()} to {rest.max()}, **{rest.mean():.1f}** on average. So in a "
        f"plain mean over the class, {color} has a weight of **{n_G[largest] / n_G.sum():.0%}**, and the "
        f"other {len(rest)} colours share the rest."
    )


def in_majority_color(f: Facts, arm: str) -> tuple[int, int]:
    """Return how many synthetic images have their class's most frequent colour, and how many there are."""
    color_CI = f.nearest_colors(arm)
    largest_C1 = f.sizes_CG().argmax(axis=1)[:, None]
    return int((color_CI == largest_C1).sum()), color_CI.size


def target_distances(f: Facts, arm: str) -> tuple[float, float]:
    """Return the target's distance to the largest and to the farthest group; means over the classes."""
    to_target_CG = f.to_target_CG(arm)
    return float(to_target_CG[f.largest_CG()].mean()), float(to_target_CG.max(axis=1).mean())


def distilled(f: Facts) -> str:
    """Return the colours of vanilla's images and the position of its target."""
    k, n = in_majority_color(f, "vanilla")
    near, far = target_distances(f, "vanilla")
    return (
        f"**{k} of {n}** synthetic images have the most frequent colour of their digit. Vanilla moves the "
        "images of a digit towards the mean of all its real images, its target. The target is "
        f"**{near:.1f}** from the mean of the most frequent colour, but **{far:.1f}** from the farthest "
        "colour (means over the ten digits)."
    )


def gap(f: Facts) -> str:
    """Return the recalls and the gap of vanilla, and the gap of a network trained on the real images."""
    own, rest = f.recalls("vanilla")
    text = (
        f"In the most frequent colour of each digit **{own:.0%}** are recognised, in all other colours "
        f"**{rest:.0%}**. The mean gap between the best and the worst colour, DEO_A, is "
        f"**{_gap(f, 'vanilla')} points**. With so few test images of a digit, chance alone gives "
        f"{_chance_gap(f, 'vanilla')}, the **noise floor** of this gap: only the excess above it is evidence "
        "of bias."
    )
    if "full-data" in f.counts:
        trained = f.view.folder.trainings().get("full-data", {}).values()
        converged = bool(trained) and all(network["converged"] for network in trained)
        caveat = "" if converged else ", after as few training steps as here"
        text += (
            " Biased data opens a gap without distillation, too: a network trained on all the real images "
            f"has a gap of {_gap(f, 'full-data')} points{caveat}."
        )
    return text


def predicted_by_color(f: Facts, arm: str) -> float:
    """Return the share of digits in another digit's most frequent colour that are predicted as that digit."""
    owner_G = {int(g): c for c, g in enumerate(f.sizes_CG().argmax(axis=1))}
    counts_GCC = f.counts[arm].sum(axis=0)
    cells = [(g, c, owner) for g, owner in owner_G.items() for c in range(len(counts_GCC[g])) if c != owner]
    by_color = sum(int(counts_GCC[g, c, owner]) for g, c, owner in cells)
    return by_color / sum(int(counts_GCC[g, c].sum()) for g, c, _ in cells)


def outcome_of_alignment(f: Facts) -> str:
    """Return the correct answer to the question of step 4."""
    change = f.metric("accuracy", "cobra") - f.metric("accuracy", "vanilla")
    return "stays" if abs(change) < ALMOST else "rises" if change > 0 else "falls"


def aligned(f: Facts) -> str:
    """Return how alignment changed accuracy and gap."""
    verb = {"rises": "rises", "stays": "stays about the same", "falls": "falls"}[outcome_of_alignment(f)]
    return (
        f"Accuracy {verb}: from **{f.metric('accuracy', 'vanilla'):.1%}** to "
        f"**{f.metric('accuracy', 'cobra'):.1%}**. The mean gap goes from **{_gap(f, 'vanilla')}** to "
        f"**{_gap(f, 'cobra')} points** ({difference_text(f.difference('deo_mean', 'cobra', 'vanilla'))}); "
        f"chance alone gives {_chance_gap(f, 'cobra')}."
    )


def cost(f: Facts) -> str:
    """Return what alignment costs the largest groups, and the residual that is left."""
    (near, far), (near_after, far_after) = target_distances(f, "vanilla"), target_distances(f, "cobra")
    own, own_after = f.recalls("vanilla")[0], f.recalls("cobra")[0]
    return (
        f"The cost: the target moves away from the most frequent colour, from {near:.1f} to "
        f"**{near_after:.1f}**, and the recall of that colour goes from {own:.0%} to **{own_after:.0%}**. "
        f"The farthest colour comes closer, from {far:.1f} to **{far_after:.1f}**. That is not zero: no "
        "point is close to ten different colours at once."
    )


def pixels_apart(f: Facts, one: str, other: str) -> tuple[float, int]:
    """Return the mean and the largest difference of pixel values, of 255, between two arms' final images."""
    apart = np.abs(f.images[one].astype(int) - f.images[other].astype(int))
    return float(apart.mean()), int(apart.max())


def equal_until(f: Facts, one: str, other: str) -> int:
    """Return the last logged iteration up to which two arms' residuals agree to six digits; 0 if none."""
    residual = f.steps.pivot(index="iteration", columns="arm", values="worst_residual")
    equal = ((residual[one] - residual[other]).abs() < 1e-6 * residual[one]).cummin()
    return int(max(equal.index[equal], default=0))


def compare_fairdd(f: Facts) -> str:
    """Return whether FairDD and COBRA coincide here, and why."""
    mean, largest = pixels_apart(f, "cobra", "fairdd")
    until = equal_until(f, "cobra", "fairdd")
    if largest <= 1:
        result = "made **the same images**"
    elif until:
        result = (
            f"are **the same method here**: up to iteration {until}, their logged residuals agree to six "
            f"digits. Then rounding errors grow, and in the end pixels differ by {mean:.1f} of 255 on "
            "average"
        )
    else:
        result = f"made different images: pixels differ by {mean:.1f} of 255 on average"
    return (
        f"**FairDD and COBRA** {result}. Under squared distances, minimising the distances to all groups and "
        "the distance to their mean are the same problem. Under another matching distance, they differ."
    )


def compare_uniform(f: Facts) -> str:
    """Return how far uniform sampling and COBRA agree here."""
    mean, _ = pixels_apart(f, "cobra", "uniform")
    difference = f.difference("deo_mean", "uniform", "cobra")
    return (
        "**Uniform sampling and COBRA** have the same target on average, but made different images: pixels "
        f"differ by {mean:.1f} of 255 on average. Where a colour has one or two images, drawing them again "
        f"and again adds noise. Their gaps are {_gap(f, 'uniform')} and {_gap(f, 'cobra')} points; these "
        f"test images {'cannot' if may_be_chance(difference) else 'can'} tell them apart "
        f"({difference_text(difference)})."
    )


def methods_table(f: Facts) -> pd.DataFrame:
    """Return accuracy, gap, residual and distance from COBRA's images for every method of a run."""
    rows = [
        {
            "method": arm_label(arm),
            "accuracy": f.metric("accuracy", arm),
            "DEO_A": f.metric("deo_mean", arm),
            "largest residual": f.worst_residual(arm),
            "pixels from COBRA's": pixels_apart(f, "cobra", arm)[0],
        }
        for arm in f.view.arms
    ]
    return pd.DataFrame(rows)


def conditions_table(runs: dict[str, Facts]) -> pd.DataFrame:
    """Return a row per condition and arm: its residual, its gap with interval and floor, its accuracy."""
    rows = [
        (
            CONDITIONS[name],
            arm,
            f.worst_residual(arm),
            f.metric("deo_mean", arm),
            *f.interval("deo_mean", arm),
            *f.floor("deo_mean", arm),
            f.metric("accuracy", arm),
        )
        for name, f in runs.items()
        for arm in ("vanilla", "cobra")
    ]
    gap = ["gap", "low", "high", "floor", "floor_std"]
    return pd.DataFrame(rows, columns=["case", "arm", "residual", *gap, "accuracy"])


def outcome_of_balance(runs: dict[str, Facts]) -> str:
    """Return the correct answer to the question of step 5."""
    before, after = (runs[name].metric("deo_mean", "vanilla") for name in ("skewed", "balanced"))
    if after > 0.9 * before:
        return "everything"
    left, chance = (runs[name].worst_residual("vanilla") for name in ("balanced", "balanced-alike"))
    return "residuals" if left > 1.1 * chance else "nothing"


def same_target(f: Facts) -> str:
    """Return how close vanilla and COBRA are in the balanced run."""
    difference = f.difference("deo_mean", "cobra", "vanilla")
    verdict = "which these test images cannot tell apart" if may_be_chance(difference) else "which differ"
    return (
        "**Balanced, vanilla has almost the same target as COBRA.** Their largest residuals are "
        f"{f.worst_residual('vanilla'):.2f} and {f.worst_residual('cobra'):.2f}, their mean gaps "
        f"{_gap(f, 'vanilla')} and {_gap(f, 'cobra')} points, {verdict} "
        f"({difference_text(difference)})."
    )


def left_after_balancing(runs: dict[str, Facts]) -> str:
    """Return the gap and the residual that balancing leaves, and how much of them is chance."""
    residual = {name: f.worst_residual("vanilla") for name, f in runs.items()}
    gaps = {name: _gap(f, "vanilla") for name, f in runs.items()}
    full_data = ""
    if "full-data" in runs["balanced"].counts:
        full_data = (
            " A network trained on all the balanced real images has a gap of "
            f"{_gap(runs['balanced'], 'full-data')}."
        )
    cell, balanced = np.median(runs["balanced"].sizes_CG()), runs["balanced"]
    excess = balanced.metric("deo_mean", "vanilla") - balanced.floor("deo_mean", "vanilla")[0]
    return (
        f"**Balancing is not the whole story.** It takes vanilla's mean gap from {gaps['skewed']} to "
        f"**{gaps['balanced']} points** and its largest residual from {residual['skewed']:.2f} to "
        f"**{residual['balanced']:.2f}**. Not to zero, because the colours are still separated. Part of the "
        f"residual is chance, since a colour has about {cell:.0f} images of a digit: with colours that look "
        f"alike it is {residual['balanced-alike']:.2f}. Of the gap, chance alone would give "
        f"{_chance_gap(runs['balanced'], 'vanilla')} points, so about {points(excess)} are evidence of bias."
        f"{full_data}"
    )


def without_separation(f: Facts) -> str:
    """Return what imbalance does when the groups look alike, and what COBRA does then."""
    accuracy = {arm: f.metric("accuracy", arm) for arm in ("vanilla", "cobra")}
    difference = f.difference("accuracy", "cobra", "vanilla")
    loss = ""
    if accuracy["cobra"] < accuracy["vanilla"]:
        loss = (
            " COBRA has nothing to mitigate here, and costs accuracy: it reaches "
            f"**{accuracy['cobra']:.1%}** ({difference_text(difference)}), because a colour with one or two "
            "images still counts as much as one with a hundred."
        )
    return (
        "**Nor is imbalance alone.** With the same skew but colours that look alike, the test shows the same "
        "picture in every colour, so every gap is 0 **by construction**, even that of an untrained network. "
        f"Judge by accuracy: vanilla reaches **{accuracy['vanilla']:.1%}**.{loss} The harm comes from "
        f"imbalance *times* separation. (Its largest residual is still {f.worst_residual('vanilla'):.2f}: "
        "the mean of a colour with one or two images is not the mean of its digit, even if the colours look "
        "alike.)"
    )


def target_spread(f: Facts, arm: str) -> tuple[float, float, float]:
    """Return the nearest, mean and farthest group's distance to the target; means over the classes."""
    to_target_CG = f.to_target_CG(arm)
    return (
        float(to_target_CG.min(axis=1).mean()),
        float(to_target_CG.mean()),
        float(to_target_CG.max(axis=1).mean()),
    )


def other_centers(f: Facts) -> str:
    """Return what the centre of the smallest ball does to the farthest group and to the gap."""
    near, mean, far = target_spread(f, "cobra")
    near_ball, mean_ball, far_ball = target_spread(f, BALL)
    difference = f.difference("deo_mean", BALL, "cobra")
    effect = "falls" if difference[0] < 0 else "grows"
    if may_be_chance(difference):
        effect = "does not change noticeably"
    return (
        f"**What can be done about it.** In the balanced run, the mean of the colours is {near:.1f} from the "
        f"nearest and {far:.1f} from the farthest colour. The centre of the smallest ball around them is "
        f"{near_ball:.1f} and **{far_ball:.1f}** away: the farthest colour gains, and the mean distance goes "
        f"from {mean:.1f} to {mean_ball:.1f}. The gap {effect}: {_gap(f, 'cobra')} points with the mean, "
        f"{_gap(f, BALL)} with the ball ({difference_text(difference)})."
    )
