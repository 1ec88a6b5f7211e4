"""Exact barycenters in NumPy, without torch: each solver maps signals and weights to the barycenter.

A solver takes float64 signals (P, D) of the groups that are present and their positive weights (P,) of sum 1
and returns the barycenter (D,). The distillation calls them through ``base``, the playground directly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np
from scipy.spatial.distance import cdist

Solver = Callable[[np.ndarray, np.ndarray], np.ndarray]

TIE = 1e-6
"""Sums of weights this close are equal; float32 weights are known no better."""
CHUNK = 4096
"""Coordinates that are solved together, so that their numbers stay in the processor's cache."""
CANCELLED = 1e-6
"""Directions whose weighted sum is shorter than this cancel each other."""
HUBER_SHARE = 0.3
"""Huber's δ as a share of the signal's root mean square. In embeddings of coloured digits under random
networks about half of the differences from the groups' mean are beyond it."""
HUBER_FLOOR = 1e-9
"""Smallest δ in a barycenter, relative to the largest coordinate: its corners must stay apart in float64."""


def mean(signals_PD: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return the weighted mean: the barycenter under the squared Euclidean distance."""
    return np.asarray(weights_P @ signals_PD)


def mean_direction(signals_PD: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return Σ_g w_g Φ_g / ‖Φ_g‖ at the weighted mean of the lengths; 0 where the directions cancel.

    Signals may be those of many rows, (…, P, D), of which every one has its own mean direction, (…, D).
    """
    length_P = np.linalg.norm(signals_PD, axis=-1)
    pull_P = np.divide(weights_P, length_P, out=np.zeros_like(length_P), where=length_P > 0)
    towards_D: np.ndarray = (pull_P[..., None, :] @ signals_PD).squeeze(-2)
    size_1 = np.linalg.norm(towards_D, axis=-1, keepdims=True)
    mean_1 = (length_P @ weights_P)[..., None]
    kept_1 = np.divide(mean_1, size_1, out=np.zeros_like(size_1), where=size_1 >= CANCELLED)
    return np.asarray(towards_D * kept_1)


def weighted_median(signals_PD: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return the weighted median of every coordinate: the barycenter under ℓ1.

    Where half of the weight lies on either side of a gap, every point in the gap is a median, and its middle
    is taken: the only choice that favours neither side.
    """

    def solve(part_PK: np.ndarray) -> np.ndarray:
        order_PK = part_PK.argsort(axis=0)
        reached_PK = weights_P[order_PK].cumsum(axis=0)
        ends_2K = np.stack([(reached_PK < 0.5 - TIE).sum(axis=0), (reached_PK <= 0.5 + TIE).sum(axis=0)])
        ends_2K = np.take_along_axis(order_PK, ends_2K, axis=0)
        return np.asarray(np.take_along_axis(part_PK, ends_2K, axis=0).mean(axis=0))

    return _in_chunks(solve, signals_PD)


def huber_center(signals_PD: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return the barycenter under Huber's distance, exact up to rounding, ``HUBER_FLOOR`` and ``TIE``.

    In every coordinate the slope of the objective is piecewise linear with two corners per group, so its
    zero is found exactly. Where it is 0 over an interval, the middle of that is taken.

    Signals may be those of many rows, (…, P, D), of which every one has its own scale and barycenter, (…, D).
    """
    largest_11 = np.abs(signals_PD).max(axis=(-2, -1), keepdims=True)
    delta_P1 = HUBER_SHARE * np.sqrt(np.square(signals_PD).mean(axis=-1, keepdims=True))
    delta_P1 = np.where(largest_11 == 0, 1.0, delta_P1.clip(min=HUBER_FLOOR * largest_11))
    # With the groups first, the coordinates of all rows are solved alike.
    signals_PRD = np.moveaxis(signals_PD, -2, 0)
    delta_PRD = np.broadcast_to(np.moveaxis(delta_P1, -2, 0), signals_PRD.shape)
    both_PK = [part.reshape(len(weights_P), -1) for part in (signals_PRD, delta_PRD)]

    def solve(both_QK: np.ndarray) -> np.ndarray:
        part_PK, delta_PK = np.split(both_QK, 2)
        corners_CK = np.sort(np.concatenate([part_PK - delta_PK, part_PK + delta_PK]), axis=0)
        slope_CK = np.zeros_like(corners_CK)
        for signal_K, delta_K, weight in zip(part_PK, delta_PK, weights_P, strict=True):
            slope_CK += weight * ((corners_CK - signal_K) / delta_K).clip(-1, 1)
        lower_K = _zero(corners_CK, slope_CK, (slope_CK < -TIE).sum(axis=0))
        upper_K = _zero(corners_CK, slope_CK, (slope_CK <= TIE).sum(axis=0))
        return np.asarray((lower_K + upper_K) / 2)

    return _in_chunks(solve, np.concatenate(both_PK)).reshape(signals_PRD.shape[1:])


def _zero(corners_CK: np.ndarray, slope_CK: np.ndarray, after_K: np.ndarray) -> np.ndarray:
    """Return where the slope is 0 between corners ``after − 1`` and ``after`` of every coordinate, (K,)."""
    ends_2K = np.stack([after_K - 1, after_K])
    at_2K, slope_2K = (np.take_along_axis(values_CK, ends_2K, axis=0) for values_CK in (corners_CK, slope_CK))
    share_K = (-slope_2K[0] / (slope_2K[1] - slope_2K[0])).clip(0, 1)
    return np.asarray(at_2K[0] + share_K * (at_2K[1] - at_2K[0]))


def _in_chunks(solve: Callable[[np.ndarray], np.ndarray], signals_PD: np.ndarray) -> np.ndarray:
    """Return what ``solve`` makes of all coordinates, (D,), a chunk at a time."""
    parts = np.array_split(signals_PD, -(-signals_PD.shape[1] // CHUNK), axis=1)
    return np.concatenate([solve(np.ascontiguousarray(part_PK)) for part_PK in parts])


# Largest difference in any coordinate

GAP = 1e-7
"""Of the objective to its minimum, relative to the largest distance."""
CENTRING = 0.1
"""Share of the gap between primal and dual that a step leaves."""
MAX_STEPS = 100  # 12 to 20 are usual


def box_center(signals_PD: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return a barycenter under ℓ∞ with the objective within ``GAP`` of its minimum."""
    radii_P1 = best_radii(cdist(signals_PD, signals_PD, "chebyshev"), weights_P)[:, None]
    lowest_D, highest_D = (signals_PD - radii_P1).max(axis=0), (signals_PD + radii_P1).min(axis=0)
    return np.asarray((lowest_D + highest_D) / 2)


def best_radii(distance_PP: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return radii t (…, P) that minimise w·t under t_g + t_h ≥ distance_gh and t ≥ 0.

    A point within t_g of every signal g exists if and only if t_g + t_h ≥ ‖Φ_g − Φ_h‖_∞ for every pair,
    because intervals that meet pairwise have a point in common, coordinate by coordinate. So a linear program
    of P unknowns decides, whatever the dimension. Of all best radii some in the middle are returned.

    Args:
        distance_PP: between the signals, (…, P, P); the signals of every row make a program of their own.
        weights_P: of the signals.
    """
    distance_NPP = distance_PP.reshape(-1, *distance_PP.shape[-2:])
    scale_N1 = distance_NPP.max(axis=(1, 2), initial=0.0)[:, None]
    weights_NP = np.broadcast_to(weights_P, distance_NPP.shape[:2])
    # Always solved in the same order, for where many radii are best rounding moves the solution among them.
    sorted_PNP = np.moveaxis(np.sort(distance_NPP, axis=2), 2, 0)
    order_NP = np.lexsort((*sorted_PNP, weights_NP), axis=-1)
    one, other = np.triu_indices(len(weights_P), k=1)
    unit_PP = np.eye(len(weights_P))
    rows_KP = np.concatenate([unit_PP[one] + unit_PP[other], unit_PP])
    apart_NK = distance_NPP[np.arange(len(distance_NPP))[:, None], order_NP[:, one], order_NP[:, other]]
    apart_NK = np.divide(apart_NK, scale_N1, out=np.zeros_like(apart_NK), where=scale_N1 > 0)
    limits_NK = np.concatenate([apart_NK, np.zeros(order_NP.shape)], axis=1)
    solved_NP = _interior_points(np.take_along_axis(weights_NP, order_NP, axis=1), rows_KP, limits_NK)
    radii_NP = np.empty_like(solved_NP)
    np.put_along_axis(radii_NP, order_NP, scale_N1 * solved_NP, axis=1)
    return radii_NP.reshape(distance_PP.shape[:-1])


def _interior_points(cost_NP: np.ndarray, rows_KP: np.ndarray, limits_NK: np.ndarray) -> np.ndarray:
    """Return x (N, P) that minimise cost·x under rows @ x ≥ limits, of which the last P are x ≥ 0.

    The primal-dual interior-point method, for N programs at once. It treats all constraints alike, and where
    there are many solutions it ends in their midst; SciPy's solvers end in a corner, and in which depends on
    the order of the groups.
    """
    constraints = limits_NK.shape[1]
    x_NP = np.ones_like(cost_NP)
    slack_NK = x_NP @ rows_KP.T - limits_NK + 0.1
    price_NK = np.full_like(limits_NK, 1 / constraints)
    for _ in range(MAX_STEPS):
        gap_N = np.einsum("nk,nk->n", slack_NK, price_NK)
        left = np.flatnonzero(gap_N > GAP)
        if not left.size:
            break
        x, slack, price, limits = x_NP[left], slack_NK[left], price_NK[left], limits_NK[left]
        short_NK = limits - x @ rows_KP.T + slack
        aim_NK = CENTRING * gap_N[left, None] / constraints / slack
        ratio_NK = price / slack
        right_NK = aim_NK + ratio_NK * short_NK
        right_NK[:, -cost_NP.shape[1] :] -= cost_NP[left]  # rows.T @ right holds the cost
        step_NP = _least_squares(rows_KP, np.sqrt(ratio_NK), right_NK)
        slack_step_NK = step_NP @ rows_KP.T - short_NK
        price_step_NK = aim_NK - price - ratio_NK * slack_step_NK
        length_N1 = np.minimum(_step_length(slack, slack_step_NK), _step_length(price, price_step_NK))
        x_NP[left], slack_NK[left] = x + length_N1 * step_NP, slack + length_N1 * slack_step_NK
        price_NK[left] = price + length_N1 * price_step_NK
    return x_NP


def _least_squares(rows_KP: np.ndarray, root_NK: np.ndarray, right_NK: np.ndarray) -> np.ndarray:
    """Return x (N, P) that minimise ‖root · (rows @ x) − right / root‖.

    By QR: the normal equations lose half of the digits, which degenerate programs need.
    """
    unknowns = rows_KP.shape[1]
    system_NKQ = np.concatenate([root_NK[:, :, None] * rows_KP, (right_NK / root_NK)[:, :, None]], axis=2)
    upper_NQQ = np.asarray(np.linalg.qr(system_NKQ, mode="r"))[:, :unknowns]
    return np.asarray(np.linalg.solve(upper_NQQ[:, :, :unknowns], upper_NQQ[:, :, unknowns:])[:, :, 0])


def _step_length(values_NK: np.ndarray, steps_NK: np.ndarray) -> np.ndarray:
    """Return how much of the steps, at most all, keeps the values positive, (N, 1)."""
    fastest_N1 = (-steps_NK / values_NK).max(axis=1, keepdims=True)
    return np.asarray(np.minimum(1.0, 0.95 / np.maximum(fastest_N1, 1e-300)))


# Euclidean distance: solved for points of mean 0 and largest norm 1


def _normalised(solver: Solver) -> Solver:
    """Make a solver, which then sees points of mean 0 and largest norm 1, move and scale with the signals."""

    @wraps(solver)
    def solve(signals_PD: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
        centre_D = signals_PD.mean(axis=0)
        offsets_PD = signals_PD - centre_D
        scale = np.linalg.norm(offsets_PD, axis=1).max()
        return np.asarray(centre_D + scale * solver(offsets_PD / scale, weights_P) if scale else centre_D)

    return solve


PULL = 1e-9
"""Pulls this small, of which all together are 1, are 0."""
COINCIDENT = 1e-12
"""Points closer than this, relative to their spread, are one point."""
SMOOTHING = 10.0 ** -np.arange(1, 11)
NEWTON_STEPS = 25
"""At most, for every degree of smoothing; two to five are usual."""


@_normalised
def geometric_median(points_PR: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return the geometric median: the barycenter under the Euclidean distance.

    A point is itself the median when the others pull at it with no more than its own weight (Vardi and Zhang,
    PNAS 2000). Otherwise Newton's method follows the minimum of Σ_g w_g √(‖Φ_g − m‖² + ε²) as ε goes to 0:
    neither points that nearly coincide nor those close to the median slow it down, as they do Weiszfeld's
    iteration. Where there are several medians (points on a line with half of the weight on either side of a
    gap) the middle of the gap is returned.
    """
    optimal_P = _optimal_points(points_PR, weights_P)
    if optimal_P.any():
        return np.asarray(points_PR[optimal_P].mean(axis=0))
    at_R = weights_P @ points_PR
    for epsilon in SMOOTHING:
        for _ in range(NEWTON_STEPS):
            step_R = _newton_step(points_PR, weights_P, at_R, epsilon)
            at_R = at_R + step_R
            if np.linalg.norm(step_R) <= 0.01 * epsilon:
                break
    pull_P = weights_P / _smoothed(points_PR - at_R, SMOOTHING[-1])
    return np.asarray(pull_P @ points_PR / pull_P.sum())  # Weiszfeld's step, which keeps it in the hull


def _optimal_points(points_PR: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return which points are themselves medians, bool (P,)."""
    offsets_PPR = points_PR[None] - points_PR[:, None]
    distance_PP = np.linalg.norm(offsets_PPR, axis=-1)
    here_PP = distance_PP <= COINCIDENT
    pull_PP = np.where(here_PP, 0.0, weights_P / np.where(here_PP, 1.0, distance_PP))
    pull_PR = np.einsum("pq,pqr->pr", pull_PP, offsets_PPR)
    return np.asarray(np.linalg.norm(pull_PR, axis=1) <= here_PP @ weights_P + PULL)


def _smoothed(offsets_PR: np.ndarray, epsilon: float) -> np.ndarray:
    """Return √(‖offset‖² + ε²), (P,)."""
    return np.asarray(np.sqrt((offsets_PR**2).sum(axis=1) + epsilon**2))


def _newton_step(
    points_PR: np.ndarray, weights_P: np.ndarray, at_R: np.ndarray, epsilon: float
) -> np.ndarray:
    """Return Newton's step, halved until it descends enough, or Weiszfeld's, which always descends."""
    offsets_PR = points_PR - at_R
    distance_P = _smoothed(offsets_PR, epsilon)
    pull_P = weights_P / distance_P
    gradient_R = -pull_P @ offsets_PR
    towards_PR = offsets_PR / distance_P[:, None]
    hessian_RR = pull_P.sum() * np.eye(len(at_R)) - (pull_P[:, None] * towards_PR).T @ towards_PR
    step_R = -np.linalg.lstsq(hessian_RR, gradient_R, rcond=1e-15)[0]
    now, slope = weights_P @ distance_P, gradient_R @ step_R
    for _ in range(20):
        # Near the minimum the descent is lost in rounding, so as much is allowed for.
        if weights_P @ _smoothed(offsets_PR - step_R, epsilon) <= now + 0.1 * slope + 1e-15:
            return np.asarray(step_R)
        step_R, slope = step_R / 2, slope / 2
    return np.asarray(-gradient_R / pull_P.sum())


LENGTH = 1e-10
"""Lengths and coefficients this small, relative to the points' spread, are 0."""
WALK_STEPS = 1000


@_normalised
def ball_center(points_PR: np.ndarray, weights_P: np.ndarray) -> np.ndarray:
    """Return the centre of the smallest ball that holds all points, whatever their weights.

    Fischer, Gärtner and Kutz (ESA 2003): a centre walks towards the middle of the points on its surface,
    which keeps the ball enclosing and shrinks it, until another point stops it or it arrives. There a point
    that would have to push the centre away leaves the surface; when none would, the ball is the smallest.
    """
    at_R = points_PR.mean(axis=0)
    surface = [int(np.linalg.norm(points_PR - at_R, axis=1).argmax())]
    for _ in range(WALK_STEPS):
        share_S = _nearest(points_PR[surface], at_R)
        step_R = share_S @ points_PR[surface] - at_R
        stopped = None
        if np.linalg.norm(step_R) > LENGTH:
            length, stopped = _first_stop(points_PR, surface, at_R, step_R)
            at_R = at_R + length * step_R
        if stopped is not None:
            surface.append(stopped)
        elif share_S.min() >= -LENGTH:
            break
        else:
            surface.pop(int(share_S.argmin()))
    return np.asarray(share_S @ points_PR[surface])


def _nearest(surface_SR: np.ndarray, at_R: np.ndarray) -> np.ndarray:
    """Return coefficients (S,) of sum 1 of the point nearest to ``at`` in the flat through the surface."""
    spans_SR = surface_SR[1:] - surface_SR[0]
    rest_S = np.linalg.lstsq(spans_SR.T, at_R - surface_SR[0], rcond=1e-10)[0]
    return np.concatenate([[1 - rest_S.sum()], rest_S])


def _first_stop(
    points_PR: np.ndarray, surface: list[int], at_R: np.ndarray, step_R: np.ndarray
) -> tuple[float, int | None]:
    """Return how far along ``step``, at most 1, the ball holds all points, and the point that ends it."""
    held_R = points_PR[surface[0]]
    room_P = ((held_R - at_R) ** 2).sum() - ((points_PR - at_R) ** 2).sum(axis=1)
    loss_P = 2 * (held_R - points_PR) @ step_R
    loss_P[surface] = 0
    length_P = np.full(len(points_PR), np.inf)
    shrinks_P = loss_P > LENGTH * np.linalg.norm(step_R)
    length_P[shrinks_P] = room_P[shrinks_P].clip(0) / loss_P[shrinks_P]
    first = int(length_P.argmin())
    return (float(length_P[first]), first) if length_P[first] < 1 else (1.0, None)
