"""Distances between points, and the point that is nearest to all groups under each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from fairdd_core.errors import lookup

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From signals (G, D) and points (N, D) to the distance of every point from every signal, (N, G)."""
Closed = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From signals (G, D) and weights (G,) of sum 1 to the barycenter (D,)."""

HUBER_SHARE = 0.3
"""Huber's corner as a share of the signal's root mean square."""
HUBER_FLOOR = 1e-9
"""Smallest corner, relative to the largest coordinate."""
CANCELLED = 1e-6
"""Directions whose weighted sum is shorter than this cancel each other."""
TIE = 1e-9
"""Costs this close, relative to the spread of the signals, are equal."""


def _offsets(signals_GD: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
    return signals_GD[None] - points_ND[:, None]


def squared_l2(signals_GD: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
    """Return ‖u − v‖²."""
    return np.square(_offsets(signals_GD, points_ND)).sum(axis=-1)


def l1(signals_GD: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
    """Return Σ_i |u_i − v_i|."""
    return np.abs(_offsets(signals_GD, points_ND)).sum(axis=-1)


def l2(signals_GD: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
    """Return ‖u − v‖."""
    return np.sqrt(squared_l2(signals_GD, points_ND))


def linf(signals_GD: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
    """Return max_i |u_i − v_i|."""
    return np.abs(_offsets(signals_GD, points_ND)).max(axis=-1)


def huber(signals_GD: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
    """Return Σ_i h(u_i − v_i), h(r) = r² / 2δ up to |r| = δ and |r| − δ/2 beyond, δ = 0.3 · rms(u)."""
    floor = max(HUBER_FLOOR * np.abs(signals_GD).max(), np.finfo(float).tiny ** 0.5)
    delta_G1 = HUBER_SHARE * np.sqrt(np.square(signals_GD).mean(axis=-1, keepdims=True))
    delta_G1 = np.maximum(delta_G1, floor)
    away_NGD = np.abs(_offsets(signals_GD, points_ND))
    near_NGD = np.minimum(away_NGD, delta_G1)
    return (near_NGD / delta_G1 * (away_NGD - near_NGD / 2)).sum(axis=-1)


def cosine(signals_GD: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
    """Return 1 − cos(u, v); 1 where either is zero."""
    return 1 - _directions(points_ND) @ _directions(signals_GD).T


def _directions(x_ND: np.ndarray) -> np.ndarray:
    length_N1 = np.linalg.norm(x_ND, axis=-1, keepdims=True)
    return np.divide(x_ND, length_N1, out=np.zeros_like(x_ND), where=length_N1 > 0)


def _mean(signals_GD: np.ndarray, weights_G: np.ndarray) -> np.ndarray:
    return weights_G @ signals_GD


def _mean_direction(signals_GD: np.ndarray, weights_G: np.ndarray) -> np.ndarray:
    """Return the mean direction at the mean length; 0 where the directions cancel."""
    towards_D = weights_G @ _directions(signals_GD)
    if np.linalg.norm(towards_D) < CANCELLED:
        return np.zeros_like(towards_D)
    length = weights_G @ np.linalg.norm(signals_GD, axis=-1)
    mean_D: np.ndarray = length * _directions(towards_D[None])[0]
    return mean_D


@dataclass(frozen=True)
class PlaneDistance:
    """A distance and how its barycenter is found.

    Attributes:
        of: the distance.
        worst: whether the barycenter minimises the largest distance instead of the weighted sum.
        closed: its formula, where there is one; otherwise the cost is minimised.
    """

    of: Distance
    worst: bool = False
    closed: Closed | None = None

    def cost(self, signals_GD: np.ndarray, weights_G: np.ndarray, points_ND: np.ndarray) -> np.ndarray:
        """Return what the barycenter minimises, at every point, (N,)."""
        distance_NG = self.of(signals_GD, points_ND)
        cost_N: np.ndarray = distance_NG.max(axis=1) if self.worst else distance_NG @ weights_G
        return cost_N


DISTANCES: dict[str, PlaneDistance] = {
    "squared-l2": PlaneDistance(squared_l2, closed=_mean),
    "l1": PlaneDistance(l1),
    "l2": PlaneDistance(l2),
    "linf": PlaneDistance(linf),
    "cosine": PlaneDistance(cosine, closed=_mean_direction),
    "huber": PlaneDistance(huber),
    "smallest-ball": PlaneDistance(l2, worst=True),
}
"""Under the names of ``fairdd_core.distill.discrepancies``, whose definitions these are."""


def barycenter(name: str, signals_GD: np.ndarray, weights_G: np.ndarray | None = None) -> np.ndarray:
    """Return argmin_m Σ_g w_g d(signal_g, m), (D,); where there are several, the middle of them.

    Args:
        name: of the distance, a key of ``DISTANCES``.
        signals_GD: signals of the groups; D is small.
        weights_G: non-negative, of any sum; groups of weight 0 are ignored. All equal when left out.

    Raises:
        UserError: for a name that is not known.
    """
    distance = lookup(DISTANCES, name, "distance")
    weights_G = np.ones(len(signals_GD)) if weights_G is None else np.asarray(weights_G, float)
    x_PD, w_P = np.asarray(signals_GD, float)[weights_G > 0], weights_G[weights_G > 0] / weights_G.sum()
    if distance.closed is not None:
        return distance.closed(x_PD, w_P)
    return _minimum(lambda points_ND: distance.cost(x_PD, w_P, points_ND), x_PD)


def _minimum(cost: Callable[[np.ndarray], np.ndarray], signals_GD: np.ndarray) -> np.ndarray:
    """Minimise a convex cost that may have corners, so without its gradient.

    The search starts from the best of the points at which such costs often have their minimum: the signals,
    their mean, and every mixture of their coordinates (a median is one of them).
    """
    scale = float(np.linalg.norm(np.ptp(signals_GD, axis=0)))
    if scale == 0:
        return signals_GD[0]
    dimensions = signals_GD.shape[1]
    corners_ND = np.stack(np.meshgrid(*signals_GD.T), axis=-1).reshape(-1, dimensions)
    starts_ND = np.concatenate([signals_GD, signals_GD.mean(axis=0)[None], corners_ND])
    best_D = starts_ND[cost(starts_ND).argmin()]
    # The second search sets out afresh, should the first have collapsed too early.
    for size, tolerance in ((0.2, 1e-4), (0.01, 1e-8)):
        found = minimize(
            lambda m_D: cost(m_D[None])[0],
            best_D,
            method="Nelder-Mead",
            options={
                "initial_simplex": best_D + scale * size * _simplex(dimensions),
                "xatol": tolerance * scale,
                "fatol": tolerance * scale,
                "maxiter": 200,
            },
        )
        if found.fun < cost(best_D[None])[0]:
            best_D = found.x
    return _middle(cost, best_D, signals_GD, scale)


def _simplex(dimensions: int) -> np.ndarray:
    """Return the corners of a simplex around 0, (D + 1, D), that lies along no axis."""
    return np.concatenate([np.zeros((1, dimensions)), np.eye(dimensions) + 0.3]) - 0.35


def _middle(
    cost: Callable[[np.ndarray], np.ndarray], at_D: np.ndarray, signals_GD: np.ndarray, scale: float
) -> np.ndarray:
    """Return the middle of the minimum's flat, if it has one.

    Flats are boxes along the axes under ℓ1, along the diagonals under ℓ∞, and lines through signals under ℓ2.
    """
    limit = cost(at_D[None])[0] + TIE * scale
    for towards_D in [*np.eye(len(at_D)), *_diagonals(len(at_D)), *_directions(signals_GD - at_D)]:
        there, back = (_reach(cost, at_D, sign * scale * towards_D, limit) for sign in (1, -1))
        at_D = at_D + (there - back) / 2 * scale * towards_D
    return at_D


def _diagonals(dimensions: int) -> np.ndarray:
    signs_ND = np.stack(np.meshgrid(*[[-1.0, 1.0]] * (dimensions - 1)), axis=-1).reshape(-1, dimensions - 1)
    return _directions(np.concatenate([np.ones((len(signs_ND), 1)), signs_ND], axis=1))


def _reach(
    cost: Callable[[np.ndarray], np.ndarray], at_D: np.ndarray, step_D: np.ndarray, limit: float
) -> float:
    """Return the largest share of a step, at most 1, at which the cost is still within the limit."""
    low, high = 0.0, 1.0
    for _ in range(3):  # a thousandfold at a time, for all candidates cost one call
        shares_N = np.linspace(low, high, 257)
        inside_N = cost(at_D + shares_N[:, None] * step_D) <= limit
        last = int(np.flatnonzero(inside_N).max(initial=0))
        low, high = shares_N[last], shares_N[min(last + 1, 256)]
    return float(low)
