"""The smallest ball that holds all groups: its centre minimises the worst residual."""

from __future__ import annotations

import numpy as np
import torch

from fairdd_core.distill.discrepancies.hull import solve_in_hull
from fairdd_core.distill.discrepancies.squared_l2 import SquaredL2

TOLERANCE = 1e-10
"""Lengths and coefficients this small, relative to the points' spread, are 0."""
MAX_STEPS = 1000


class SmallestBall(SquaredL2):
    """d(u, v) = ‖u − v‖²; the centre minimises the largest distance, not the sum: argmin_m max_g d(Φ_g, m).

    Weights only decide which groups are present. The groups on the ball's surface decide where it lies; those
    inside could be anywhere in it.
    """

    linear = False  # unlike the mean, the centre needs the signal of every group

    def barycenter(self, signals_GD: torch.Tensor, weights_G: torch.Tensor) -> torch.Tensor:
        """Return the centre of the smallest enclosing ball, (D,), exact up to rounding."""
        return solve_in_hull(signals_GD, weights_G, lambda points_PR, _: ball_centre(points_PR))


def ball_centre(points_PR: np.ndarray) -> np.ndarray:
    """Return the coefficients (P,) of the centre of the smallest ball around points of largest norm 1.

    Fischer, Gärtner and Kutz (ESA 2003): a centre walks towards the middle of the points on its surface,
    which keeps the ball enclosing and shrinks it, until another point stops it or it arrives. There a point
    that would have to push the centre away leaves the surface; when none would, the ball is the smallest.
    """
    at_R = points_PR.mean(axis=0)
    surface = [int(np.linalg.norm(points_PR - at_R, axis=1).argmax())]
    share = np.ones(1)
    for _ in range(MAX_STEPS):
        share = _shares(points_PR[surface], at_R)
        step_R = share @ points_PR[surface] - at_R
        stopped = None
        if np.linalg.norm(step_R) > TOLERANCE:
            reach, stopped = _first_stop(points_PR, surface, at_R, step_R)
            at_R = at_R + reach * step_R
        if stopped is not None:
            surface.append(stopped)
        elif share.min() >= -TOLERANCE:
            break
        else:
            surface.pop(int(share.argmin()))
    coefficients_P = np.zeros(len(points_PR))
    coefficients_P[surface] = share
    return coefficients_P


def _shares(surface_SR: np.ndarray, at_R: np.ndarray) -> np.ndarray:
    """Return coefficients (S,) of sum 1 of the point nearest to ``at`` in the flat through the surface."""
    spans_SR = surface_SR[1:] - surface_SR[0]
    rest = np.linalg.lstsq(spans_SR.T, at_R - surface_SR[0], rcond=1e-10)[0]
    return np.concatenate([[1 - rest.sum()], rest])


def _first_stop(
    points_PR: np.ndarray, surface: list[int], at_R: np.ndarray, step_R: np.ndarray
) -> tuple[float, int | None]:
    """Return how far along ``step``, at most 1, the ball holds all points, and the point that ends it."""
    held_R = points_PR[surface[0]]
    room_P = ((held_R - at_R) ** 2).sum() - ((points_PR - at_R) ** 2).sum(axis=1)
    loss_P = 2 * (held_R - points_PR) @ step_R
    loss_P[surface] = 0
    reach_P = np.where(
        loss_P > TOLERANCE * np.linalg.norm(step_R), room_P.clip(0) / loss_P.clip(1e-300), np.inf
    )
    first = int(reach_P.argmin())
    return (float(reach_P[first]), first) if reach_P[first] < 1 else (1.0, None)
