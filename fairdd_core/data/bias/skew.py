"""Assigning synthetic groups so that each class has one majority group of a given share."""

import numpy as np


def majority_groups(classes: int, groups: int) -> np.ndarray:
    """Return the majority group of every class, int64 (C,): class c has group c modulo G."""
    return np.arange(classes) % groups


def cell_sizes(n: int, majority: int, groups: int, skew: float, rng: np.random.Generator) -> np.ndarray:
    """Return how many of ``n`` images of one class each group gets, int64 (G,).

    The majority gets the rounded share ``skew``; the others share the rest equally, and the remainder goes to
    groups drawn at random. Shares are deterministic, rather than drawn per image, so that comparisons are
    free of sampling noise.
    """
    share = max(skew, 1 / groups)
    sizes = np.zeros(groups, np.int64)
    sizes[majority] = round(share * n)
    others = np.delete(np.arange(groups), majority)
    rest = n - sizes[majority]
    sizes[others] = rest // len(others)
    sizes[rng.permutation(others)[: rest % len(others)]] += 1
    return sizes


def assign_groups(
    y_N: np.ndarray,
    groups: int,
    skew: float,
    rng: np.random.Generator,
    majority_C: np.ndarray | None = None,
) -> np.ndarray:
    """Return a group for every image, int64 (N,), with the majority share ``skew`` in each class.

    Args:
        y_N: int64 class indices.
        groups: G.
        skew: share of the majority.
        rng: decides which image gets which group.
        majority_C: majority group of every class; by default ``majority_groups``.
    """
    classes = int(y_N.max()) + 1
    majority_C = majority_groups(classes, groups) if majority_C is None else majority_C
    a_N = np.zeros(len(y_N), np.int64)
    for c in range(classes):
        members = rng.permutation(np.flatnonzero(y_N == c))
        sizes_G = cell_sizes(len(members), int(majority_C[c]), groups, skew, rng)
        a_N[members] = np.repeat(np.arange(groups), sizes_G)
    return a_N
