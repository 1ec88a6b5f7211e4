"""The playground's scene: the groups of one class as point clouds in the plane, and where methods aim."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from fairdd_core.analysis.theorem import Verdict, vanilla_target, verdict_of
from fairdd_core.config.spec.data import lowest_skew
from fairdd_core.distill.discrepancies import solvers
from fairdd_core.errors import UserError

NAMES = ("A", "B", "C", "D", "E")
CENTRE = np.array([3.0, 2.0])
"""Away from the origin, because cosine and Huber's distance depend on where that is."""
RADIUS = 1.5
"""Of the circle on which the groups lie at full separation."""
DOTS = 300
"""Drawn for a whole class."""
_ANGLE = np.deg2rad(20)
"""Of the last group, which can be moved out; no group then lies along an axis."""

DISTANCES: dict[str, solvers.Solver] = {
    "squared-l2": solvers.mean,
    "l1": solvers.weighted_median,
    "l2": solvers.geometric_median,
    "linf": solvers.box_center,
    "cosine": solvers.mean_direction,
    "huber": solvers.huber_center,
    "smallest-ball": solvers.ball_center,
}
"""The solver of every distance's barycenter, under the names of ``distill.discrepancies.registry``."""

TARGET_NAMES = {
    "squared-l2": "mean",
    "l1": "median",
    "l2": "geometric median",
    "linf": "ℓ∞",
    "cosine": "cosine",
    "huber": "Huber",
    "smallest-ball": "smallest ball",
}
"""Distance -> short name of its barycenter."""

LIMITS: dict[str, tuple[int, int]] = {
    "groups": (2, len(NAMES)),
    "skew": (20, 99),
    "largest": (1, len(NAMES)),
    "separation": (0, 100),
    "far": (100, 400),
    "spread": (0, 100),
}
"""Smallest and largest value of every number in a scene."""


@dataclass(frozen=True)
class Scene:
    """One class. Its numbers are integers, so that an address can carry them.

    Attributes:
        groups: how many there are.
        skew: share of the largest group in per cent; the others share the rest equally.
        largest: which group that is, from 1; the last one can be moved out.
        separation: how far the groups are from their middle, in per cent of the full circle.
        far: how far the last group is out, in per cent of the others' distance.
        spread: width of the clouds, in per cent.
        distance: of the barycenter; a key of ``DISTANCES``.
    """

    groups: int = 3
    skew: int = 90
    largest: int = 1
    separation: int = 100
    far: int = 100
    spread: int = 35
    distance: str = "squared-l2"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the groups."""
        return NAMES[: self.groups]

    @property
    def shares_G(self) -> np.ndarray:
        """π_a; the lowest skew is exactly balanced, although its per cent are rounded."""
        share = 1 / self.groups if self.skew <= lowest_skew(self.groups) else self.skew / 100
        shares_G = np.full(self.groups, (1 - share) / (self.groups - 1))
        shares_G[self.largest - 1] = share
        return shares_G

    @property
    def signals_GD(self) -> np.ndarray:
        """Φ_a: the centres of the clouds, (G, 2)."""
        angle_G = _ANGLE + 2 * np.pi * np.arange(1, self.groups + 1) / self.groups
        out_G = np.full(self.groups, RADIUS * self.separation / 100)
        out_G[-1] *= self.far / 100
        towards_GD = np.stack([np.cos(angle_G), np.sin(angle_G)], axis=-1)
        return np.asarray(CENTRE + out_G[:, None] * towards_GD)

    @property
    def vanilla_D(self) -> np.ndarray:
        """Where vanilla distillation aims."""
        return vanilla_target(self.signals_GD, self.shares_G)

    @cached_property
    def target_D(self) -> np.ndarray:
        """The barycenter under the chosen distance."""
        return self.barycenter(self.distance)

    def barycenter(self, distance: str) -> np.ndarray:
        """Return the barycenter of the groups under a distance, (2,), whatever their shares."""
        signals_GD = self.signals_GD
        return DISTANCES[distance](signals_GD, np.full(len(signals_GD), 1 / len(signals_GD)))

    def verdict(self) -> Verdict:
        """Return residuals, bounds and the theorem's condition."""
        return verdict_of(self.signals_GD, self.shares_G, self.target_D)

    def clouds(self) -> list[np.ndarray]:
        """Return the dots of every group, (N_g, 2), as many as its share says but at least one.

        The same dots are drawn whatever the shares, so that clouds grow and thin out but never jump.
        """
        rng = np.random.default_rng(7)
        dots_GND = rng.normal(size=(len(NAMES), DOTS, 2)).clip(-2.5, 2.5) * self.spread / 100
        counts_G = np.maximum(1, np.rint(self.shares_G * DOTS)).astype(int)
        return [
            centre_D + dots_ND[:n]
            for centre_D, dots_ND, n in zip(self.signals_GD, dots_GND, counts_G, strict=False)
        ]


def validated(scene: Scene) -> Scene:
    """Return the scene if its values are possible.

    Raises:
        UserError: naming the first value that is not possible.
    """
    for name, (low, high) in LIMITS.items():
        if not low <= getattr(scene, name) <= high:
            raise UserError(name, f"a whole number from {low} to {high}", getattr(scene, name))
    if scene.distance not in DISTANCES:
        raise UserError("distance", "one of " + ", ".join(DISTANCES), repr(scene.distance))
    if scene.largest > scene.groups:
        raise UserError("largest", f"one of the {scene.groups} groups", scene.largest)
    if scene.skew < lowest_skew(scene.groups):
        raise UserError(
            "skew", f"at least {lowest_skew(scene.groups)} with {scene.groups} groups", scene.skew
        )
    return scene


def adapted(scene: Scene) -> Scene:
    """Return the scene with the largest group and the skew moved into what its number of groups allows."""
    return replace(
        scene,
        largest=min(scene.largest, scene.groups),
        skew=max(scene.skew, lowest_skew(scene.groups)),
    )


@dataclass(frozen=True)
class Preset:
    """A scene worth looking at.

    Attributes:
        title: its name on the screen.
        description: what to see in it, one or two sentences.
        scene: the scene.
    """

    title: str
    description: str
    scene: Scene


PRESETS: dict[str, Preset] = {
    "start": Preset(
        "Imbalanced and separated",
        "Vanilla's target sits in the largest cloud, and the small groups are left far away. COBRA's target "
        "does not depend on the shares.",
        Scene(),
    ),
    "balanced": Preset(
        "Balanced but separated",
        "Equal shares make vanilla aim where COBRA does. Yet no residual is zero: no single point can be "
        "close to groups that are far apart.",
        Scene(skew=33),
    ),
    "together": Preset(
        "Imbalanced but together",
        "The shares are as unequal as before, but the groups are close together, so all residuals are small.",
        Scene(separation=8),
    ),
    "far": Preset(
        "One far minority",
        "A small group lies far from the others. Vanilla almost ignores it; the mean of the groups moves a "
        "quarter of the way towards it.",
        Scene(groups=4, skew=70, far=260),
    ),
    "balanced-far": Preset(
        "Balanced, one far",
        "All groups are equally large, and still D has by far the largest residual. Choose the smallest "
        "ball to see how small the largest residual can be.",
        Scene(groups=4, skew=25, far=260),
    ),
    "far-majority": Preset(
        "The far group is the largest",
        "Vanilla favours the group that is farthest out, so leaving it makes the worst residual larger. This "
        "is the case that the condition of Theorem 4.1 rules out.",
        Scene(groups=4, skew=40, largest=4, far=260),
    ),
}


def scene_residuals(scene: Scene) -> pd.DataFrame:
    """Return a row per group: ``group, share, x, y, vanilla, cobra, bound``."""
    verdict = scene.verdict()
    signals_GD = scene.signals_GD
    return pd.DataFrame(
        {
            "group": list(scene.names),
            "share": scene.shares_G,
            "x": signals_GD[:, 0],
            "y": signals_GD[:, 1],
            "vanilla": verdict.vanilla_G,
            "cobra": verdict.aligned_G,
            "bound": verdict.bound_G,
        }
    )


def scene_targets(scene: Scene) -> pd.DataFrame:
    """Return a row per target: ``target, x, y, largest residual``; vanilla, then every barycenter."""
    points = {"vanilla": scene.vanilla_D} | {TARGET_NAMES[name]: scene.barycenter(name) for name in DISTANCES}
    signals_GD = scene.signals_GD
    return pd.DataFrame(
        [
            (name, *point_D, float(np.linalg.norm(signals_GD - point_D, axis=1).max()))
            for name, point_D in points.items()
        ],
        columns=["target", "x", "y", "largest residual"],
    )
