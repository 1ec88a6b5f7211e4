"""What a change of target does to every group: residuals, their bound, and the condition of Theorem 4.1.

COBRA (ICML 2026, arXiv 2605.00185). All of it holds in any number of dimensions and for any target, so the
same functions judge two-dimensional clouds and the signals of a real run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SAME = 1e-6
"""Lengths this small, relative to the spread of the signals, are 0."""


@dataclass(frozen=True)
class Verdict:
    """Two targets of one class held against each other. Lengths are in the units of the signals.

    Attributes:
        vanilla_G: ‖Δ_a‖ to the count-weighted mean.
        aligned_G: ‖Δ_a‖ to the other target.
        bound_G: Σ_a' π_a' ‖Φ_a − Φ_a'‖, imbalance times separation, which ``vanilla_G`` never exceeds.
        worst: a†, the group with the largest residual to the other target.
        tied: how many groups are as badly off as a†, itself included.
        inner: ⟨Δ_a†, s⟩ with s = the vanilla target minus the other one. Of groups that are equally
            badly off, the one with the smallest product, because the theorem needs only one of them.
        shift: ‖s‖.
        tolerance: what counts as 0 here.
    """

    vanilla_G: np.ndarray
    aligned_G: np.ndarray
    bound_G: np.ndarray
    worst: int
    tied: int
    inner: float
    shift: float
    tolerance: float

    @property
    def worst_vanilla(self) -> float:
        """The largest residual under vanilla."""
        return float(self.vanilla_G.max())

    @property
    def worst_aligned(self) -> float:
        """The largest residual under the other target."""
        return float(self.aligned_G.max())

    @property
    def same(self) -> bool:
        """Whether the two targets are one point."""
        return self.shift <= self.tolerance

    @property
    def holds(self) -> bool:
        """Whether the condition ⟨Δ_a†, s⟩ ≤ 0 of Theorem 4.1 holds."""
        return self.inner <= self.tolerance * max(self.shift, self.tolerance)

    @property
    def kept(self) -> bool:
        """Whether the largest residual is no larger than under vanilla, as the theorem promises."""
        return self.worst_aligned <= self.worst_vanilla + self.tolerance


def vanilla_target(signals_GD: np.ndarray, shares_G: np.ndarray) -> np.ndarray:
    """Return Σ_a π_a Φ_a, (D,)."""
    target_D: np.ndarray = shares_G @ signals_GD
    return target_D


def residuals(signals_GD: np.ndarray, target_D: np.ndarray) -> np.ndarray:
    """Return ‖Φ_a − m‖ of every group, (G,)."""
    return np.asarray(np.linalg.norm(signals_GD - target_D, axis=1))


def bounds(signals_GD: np.ndarray, shares_G: np.ndarray) -> np.ndarray:
    """Return Σ_a' π_a' ‖Φ_a − Φ_a'‖ of every group, (G,)."""
    apart_GG = np.linalg.norm(signals_GD[:, None] - signals_GD[None], axis=-1)
    bound_G: np.ndarray = apart_GG @ shares_G
    return bound_G


def verdict_of(signals_GD: np.ndarray, shares_G: np.ndarray, target_D: np.ndarray) -> Verdict:
    """Hold a target against the vanilla one.

    Args:
        signals_GD: of the groups that are present in the class.
        shares_G: π_a, of sum 1.
        target_D: where another method aims.
    """
    vanilla_D = vanilla_target(signals_GD, shares_G)
    shift_D = vanilla_D - target_D
    aligned_G = residuals(signals_GD, target_D)
    tolerance = SAME * float(np.linalg.norm(np.ptp(signals_GD, axis=0)))
    tied_T = np.flatnonzero(aligned_G >= aligned_G.max() - tolerance)
    inner_T = (signals_GD[tied_T] - target_D) @ shift_D
    return Verdict(
        vanilla_G=residuals(signals_GD, vanilla_D),
        aligned_G=aligned_G,
        bound_G=bounds(signals_GD, shares_G),
        worst=int(tied_T[inner_T.argmin()]),
        tied=len(tied_T),
        inner=float(inner_T.min()),
        shift=float(np.linalg.norm(shift_D)),
        tolerance=tolerance,
    )


def explain(verdict: Verdict, names: Sequence[str], method: str = "COBRA") -> str:
    """Say in plain words, as Markdown, what the theorem promises here and what happened.

    Args:
        verdict: from ``verdict_of``.
        names: of the groups.
        method: what the other target is called.
    """
    if verdict.same:
        return (
            f"Vanilla and {method} aim at the **same point** here, so there is nothing to choose between "
            f"them. The largest residual is {verdict.worst_vanilla:.2f} under both."
        )
    worst = names[verdict.worst] + (
        f", the group that {method} serves worst"
        if verdict.tied == 1
        else f", one of {verdict.tied} groups that {method} serves equally badly"
    )
    outcome = (
        f"{method}'s largest residual is {verdict.worst_aligned:.2f}, vanilla's {verdict.worst_vanilla:.2f}"
    )
    if verdict.holds:
        return (
            f"**The condition holds**: seen from {method}'s target, vanilla's does not lie towards {worst}. "
            f"So {method}'s largest residual cannot exceed vanilla's. Indeed, {outcome}."
        )
    if verdict.kept:
        return (
            f"**The condition does not hold**: seen from {method}'s target, vanilla's lies towards {worst}. "
            f"So the theorem promises nothing here. Even so, {outcome}."
        )
    return (
        f"**The condition does not hold**, and it shows: seen from {method}'s target, vanilla's lies towards "
        f"{worst}. {outcome}: here {method} leaves somebody farther behind than vanilla does."
    )
