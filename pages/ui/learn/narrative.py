"""The lesson's statements, each put together from a run's numbers, so that it cannot say what they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairdd_core.plots.theme import arm_label
from pages.ui.learn.facts import Facts

ALMOST = 0.02
"""Shares closer than this are called about the same."""
CONDITIONS = {
    "skewed": "imbalanced, separated",
    "balanced": "balanced, separated",
    "alike": "imbalanced, alike",
    "balanced-alike": "balanced, alike",
}
"""Run -> what it is a case of."""


def points(share: float) -> str:
    """Return a share in percentage points."""
    return f"{100 * share:.1f}"


def range_text(bounds: tuple[float, float]) -> str:
    """Return an interval in percentage points."""
    return f"{points(bounds[0])} to {points(bounds[1])}"


def first_class(f: Facts) -> tuple[np.ndarray, int]:
    """Return the group sizes of the first class and which group is its largest."""
    n_G = f.sizes_CG()[0]
    return n_G, int(n_G.argmax())


def rest_mean(f: Facts) -> float:
    """Return how many images of the first class each other group has, on average."""
    n_G, largest = first_class(f)
    return float(np.delete(n_G, largest).mean())


def bias(f: Facts) -> str:
    """Say how unequal the first class is."""
    n_G, largest = first_class(f)
    rest = np.delete(n_G, largest)
    color = f.labels.groups[largest]
    return (
        f"**{n_G[largest]} of {n_G.sum()}** training images of the digit {f.labels.classes[0]} are {color}. "
        f"Every other colour has {rest.min()} to {rest.max()}, **{rest.mean():.1f}** on average. So in a "
        f"plain mean over the class {color} has a weight of **{n_G[largest] / n_G.sum():.0%}**, and the "
        f"other {len(rest)} colours share the rest."
    )


def wearing_largest(f: Facts, arm: str) -> tuple[int, int]:
    """Return how many synthetic images wear their class's most frequent colour, and how many there are."""
    worn_CI = f.colors_worn(arm)
    largest_C1 = f.sizes_CG().argmax(axis=1)[:, None]
    return int((worn_CI == largest_C1).sum()), worn_CI.size


def distances(f: Facts, arm: str) -> tuple[float, float]:
    """Return how far the target is from the largest group and from the farthest; means over the classes."""
    to_target_CG = f.to_target_CG(arm)
    return float(to_target_CG[f.largest_CG()].mean()), float(to_target_CG.max(axis=1).mean())


def distilled(f: Facts) -> str:
    """Say what colours vanilla's images wear, and where it aims."""
    k, n = wearing_largest(f, "vanilla")
    near, far = distances(f, "vanilla")
    return (
        f"**{k} of {n}** synthetic images wear the most frequent colour of their digit. Vanilla draws the "
        f"images of a digit to the mean of all its real images, its target: that is **{near:.1f}** from the "
        f"mean of the most frequent colour, but **{far:.1f}** from the colour that is farthest off (means "
        "over the ten digits)."
    )


def gap(f: Facts) -> str:
    """Say how the groups fare under vanilla, and how much of it is the data's doing."""
    own, rest = f.recalls("vanilla")
    text = (
        f"In the most frequent colour of each digit **{own:.0%}** are recognised, in all other colours "
        f"**{rest:.0%}**. The mean gap between the best and the worst colour, DEO_A, is "
        f"**{points(f.metric('deo_mean', 'vanilla'))} points**."
    )
    if "full-data" in f.counts:
        text += (
            " Biased data opens a gap without distillation, too: a network that learned from all the real "
            f"images has one of {points(f.metric('deo_mean', 'full-data'))} points, with as few training "
            "steps as here."
        )
    return text


def taken_for_color(f: Facts, arm: str) -> float:
    """Return how often a digit in another digit's most frequent colour is taken for that other digit."""
    owner_G = {int(g): c for c, g in enumerate(f.sizes_CG().argmax(axis=1))}
    counts_GCC = f.counts[arm].sum(axis=0)
    cells = [(g, c, owner) for g, owner in owner_G.items() for c in range(len(counts_GCC[g])) if c != owner]
    taken = sum(int(counts_GCC[g, c, owner]) for g, c, owner in cells)
    return taken / sum(int(counts_GCC[g, c].sum()) for g, c, _ in cells)


def outcome_of_alignment(f: Facts) -> str:
    """Return which answer to the question of step 4 the numbers give."""
    change = f.metric("accuracy", "cobra") - f.metric("accuracy", "vanilla")
    return "stays" if abs(change) < ALMOST else "rises" if change > 0 else "falls"


def aligned(f: Facts) -> str:
    """Say what alignment did to accuracy and gap."""
    verb = {"rises": "rises", "stays": "stays about the same", "falls": "falls"}[outcome_of_alignment(f)]
    return (
        f"Accuracy {verb}: from **{f.metric('accuracy', 'vanilla'):.1%}** to "
        f"**{f.metric('accuracy', 'cobra'):.1%}**. The mean gap goes from "
        f"**{points(f.metric('deo_mean', 'vanilla'))}** to **{points(f.metric('deo_mean', 'cobra'))} "
        f"points** (95 % interval {range_text(f.interval('deo_mean', 'cobra'))})."
    )


def price(f: Facts) -> str:
    """Say what alignment costs, and what it leaves."""
    (near, far), (near_after, far_after) = distances(f, "vanilla"), distances(f, "cobra")
    own, own_after = f.recalls("vanilla")[0], f.recalls("cobra")[0]
    return (
        f"The price: the target moves away from the most frequent colour, from {near:.1f} to "
        f"**{near_after:.1f}**, and its recall goes from {own:.0%} to **{own_after:.0%}**. The farthest "
        f"colour comes closer, from {far:.1f} to **{far_after:.1f}**, which is not zero: nobody can be close "
        "to ten different colours at once."
    )


def pixels_apart(f: Facts, one: str, other: str) -> tuple[float, int]:
    """Return the mean and the largest difference of pixel values, of 255, between two arms' final images."""
    apart = np.abs(f.images[one].astype(int) - f.images[other].astype(int))
    return float(apart.mean()), int(apart.max())


def overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Return whether two intervals have a point in common."""
    return a[0] <= b[1] and b[0] <= a[1]


def equal_until(f: Facts, one: str, other: str) -> int:
    """Return the last logged iteration up to which two arms' residuals are equal; 0 if none."""
    residual = f.steps.pivot(index="iteration", columns="arm", values="worst_residual")
    equal = (residual[one] == residual[other]).cummin()
    return int(max(equal.index[equal], default=0))


def coincide_fairdd(f: Facts) -> str:
    """Say how far FairDD and COBRA are the same here, and why."""
    mean, largest = pixels_apart(f, "cobra", "fairdd")
    until = equal_until(f, "cobra", "fairdd")
    if largest <= 1:
        seen = "made **the same images**"
    elif until:
        seen = (
            f"are **the same method here**: up to iteration {until} their logged residuals agree to the last "
            f"digit. Then rounding errors grow, and in the end pixels differ by {mean:.1f} of 255 on average"
        )
    else:
        seen = f"made other images: pixels differ by {mean:.1f} of 255 on average"
    return (
        f"**FairDD and COBRA** {seen}. Under squared distances, to be close to every group and to be close "
        "to their mean is the same wish. Under another matching distance the two part."
    )


def coincide_uniform(f: Facts) -> str:
    """Say how far uniform sampling and COBRA agree here."""
    mean, _ = pixels_apart(f, "cobra", "uniform")
    gaps = {arm: points(f.metric("deo_mean", arm)) for arm in ("cobra", "uniform")}
    both = [f.interval("deo_mean", arm) for arm in ("cobra", "uniform")]
    told = "cannot be told apart" if overlap(*both) else "can be told apart"
    return (
        "**Uniform sampling and COBRA** have the same aim on average, but made other images: pixels differ "
        f"by {mean:.1f} of 255 on average. Where a colour has one or two images, drawing them again and "
        f"again adds noise. Their gaps are {gaps['uniform']} and {gaps['cobra']} points; with these test "
        f"images they {told} (intervals {range_text(both[1])} and {range_text(both[0])})."
    )


def methods_table(f: Facts) -> pd.DataFrame:
    """Return accuracy and gap of the methods that are said to coincide."""
    return pd.DataFrame(
        [
            (
                arm_label(arm),
                f.metric("accuracy", arm),
                f.metric("deo_mean", arm),
                f.worst_residual(arm),
                pixels_apart(f, "cobra", arm)[0],
            )
            for arm in f.view.arms
        ],
        columns=["method", "accuracy", "DEO_A", "largest residual", "pixels from COBRA's"],
    )


def conditions_table(runs: dict[str, Facts]) -> pd.DataFrame:
    """Return a row per condition and arm: ``case, arm, residual, gap, low, high, accuracy``."""
    rows = [
        (
            CONDITIONS[name],
            arm,
            f.worst_residual(arm),
            f.metric("deo_mean", arm),
            *f.interval("deo_mean", arm),
            f.metric("accuracy", arm),
        )
        for name, f in runs.items()
        for arm in ("vanilla", "cobra")
    ]
    return pd.DataFrame(rows, columns=["case", "arm", "residual", "gap", "low", "high", "accuracy"])


def outcome_of_balance(runs: dict[str, Facts]) -> str:
    """Return which answer to the question of step 5 the numbers give."""
    before, after = (runs[name].metric("deo_mean", "vanilla") for name in ("skewed", "balanced"))
    if after > 0.9 * before:
        return "everything"
    left, chance = (runs[name].worst_residual("vanilla") for name in ("balanced", "balanced-alike"))
    return "residuals" if left > 1.1 * chance else "nothing"
