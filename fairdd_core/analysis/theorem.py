"""Theorem 4.1 of COBRA (ICML 2026, arXiv 2605.00185): residuals of the groups, their bound and the condition.

It holds in any number of dimensions and for any target, so the same code serves the playground and real runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SAME = 1e-6
"""Lengths below this share of the spread of the signals count as 0."""
SAME_MEASURED = 1e-4
"""Likewise for residuals measured in float32 over the layers of a network, and for the sum of shares."""


@dataclass(frozen=True)
class Verdict:
    """Comparison of the vanilla target of a class with another target. Lengths are in units of the signals.

    Attributes:
        vanilla_G: ‖Δ_a‖ to the count-weighted mean.
        aligned_G: ‖Δ_a‖ to the other target.
        bound_G: Σ_a' π_a' ‖Φ_a − Φ_a'‖, imbalance times separation, which ``vanilla_G`` never exceeds; NaN
            where the bound does not apply (see ``bound_gap``).
        worst: a†, the group with the largest residual to the other target. Of groups that tie, the one with
            the smallest ``inner``, because the theorem needs only one of them.
        tied: number of groups that have the largest residual.
        inner: ⟨Δ_a†, s⟩ with s = the vanilla target minus the other one.
        shift: ‖s‖.
        tolerance: length that counts as 0.
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
        """Whether the two targets are the same point."""
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
    """Compare a target with the vanilla one.

    Args:
        signals_GD: of the groups that are present in the class.
        shares_G: π_a, of sum 1.
        target_D: the other target.
    """
    vanilla_D = vanilla_target(signals_GD, shares_G)
    shift_D = vanilla_D - target_D
    return _verdict(
        residuals(signals_GD, vanilla_D),
        residuals(signals_GD, target_D),
        bounds(signals_GD, shares_G),
        (signals_GD - target_D) @ shift_D,
        float(np.linalg.norm(shift_D)),
        SAME * float(np.linalg.norm(np.ptp(signals_GD, axis=0))),
    )


def measured_verdict(cells: pd.DataFrame) -> Verdict:
    """Compare the uniform mean of the groups with the vanilla target, as measured during a run.

    Args:
        cells: rows of one arm and class of a run's diagnostics, one per group (see ``events.Diagnosed``).
    """
    vanilla_G, uniform_G, bound_G, inner_G = cells[["vanilla", "uniform", "bound", "inner"]].to_numpy(float).T
    tolerance = SAME_MEASURED * float(uniform_G.mean())
    if bound_gap(cells):  # runs of earlier versions have a number there
        bound_G = np.full_like(bound_G, np.nan)
    return _verdict(vanilla_G, uniform_G, bound_G, inner_G, float(cells["shift"].iloc[0]), tolerance)


def bound_gap(cells: pd.DataFrame) -> str:
    """Return why the bound does not apply to a class, as the end of a sentence; empty where it does.

    The bound needs vanilla's target to be the groups' signals mixed by their shares.

    Args:
        cells: rows of one arm and class of a run's diagnostics, one per group (see ``events.Diagnosed``).
    """
    if cells["share"].sum() < 1 - SAME_MEASURED:
        return "vanilla's target also holds images of unknown group"
    if (cells["class_id"] < 0).any():
        return "training on all images moves the parameters elsewhere than the groups do on average"
    return ""


def _verdict(
    vanilla_G: np.ndarray,
    aligned_G: np.ndarray,
    bound_G: np.ndarray,
    inner_G: np.ndarray,
    shift: float,
    tolerance: float,
) -> Verdict:
    tied_T = np.flatnonzero(aligned_G >= aligned_G.max() - tolerance)
    worst = int(tied_T[inner_G[tied_T].argmin()])
    inner = float(inner_G[worst])
    return Verdict(vanilla_G, aligned_G, bound_G, worst, len(tied_T), inner, shift, tolerance)


def explain(verdict: Verdict, names: Sequence[str], method: str = "COBRA") -> str:
    """Return, as Markdown, what the theorem guarantees here and what the residuals are.

    Args:
        verdict: from ``verdict_of``.
        names: of the groups.
        method: name of the other target.
    """
    if verdict.same:
        return (
            f"The targets of Vanilla and {method} are the **same point** here. The largest residual is "
            f"{verdict.worst_vanilla:.2f} under both."
        )
    worst = names[verdict.worst] + (
        f", the group with the largest residual under {method}"
        if verdict.tied == 1
        else f", one of {verdict.tied} groups with the largest residual under {method}"
    )
    outcome = (
        f"{method}'s largest residual is {verdict.worst_aligned:.2f}, vanilla's {verdict.worst_vanilla:.2f}"
    )
    seen = f"seen from {method}'s target, vanilla's"
    if verdict.holds:
        return (
            f"**The condition holds**: {seen} does not lie towards {worst}. "
            f"So {method}'s largest residual cannot exceed vanilla's: {outcome}."
        )
    failed = f"**The condition does not hold**: {seen} lies towards {worst}."
    if verdict.kept:
        return f"{failed} So the theorem guarantees nothing here. Even so, {outcome}."
    return f"{failed} {outcome}: here the largest residual is larger under {method} than under vanilla."
