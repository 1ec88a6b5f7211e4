"""Wrong and missing group labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.grouped import Split
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream


def noisy_groups(a_N: np.ndarray, groups: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return group labels of which a share is replaced by one of the G − 1 others, drawn uniformly.

    Exactly ``round(share · N)`` labels change, drawn uniformly. With the same generator a larger share keeps
    the changes of a smaller one and adds to them.

    Args:
        a_N: int64 group indices.
        groups: G, at least 2.
        share: from 0 to 1.
        rng: source of the draws.

    Returns:
        int64 group indices (N,).
    """
    order_N = rng.permutation(len(a_N))
    shift_N = rng.integers(1, groups, len(a_N))
    chosen = order_N[: round(share * len(a_N))]
    noisy_N = a_N.copy()
    noisy_N[chosen] = (a_N[chosen] + shift_N[chosen]) % groups
    return noisy_N


def known_groups(n: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return which images have a known group, bool (N,): exactly ``round(share · N)``, drawn uniformly.

    With the same generator a larger share includes a smaller one.
    """
    known_N = np.zeros(n, bool)
    known_N[rng.permutation(n)[: round(share * n)]] = True
    return known_N


def with_conditions(split: Split, spec: DataSpec, seed: int) -> Split:
    """Return the split with label noise and hidden groups in the training set; the test set is unchanged.

    An image of unknown group contributes to no signal or weight of a group, but to what is matched
    regardless of groups.

    Args:
        split: with every group known.
        spec: whose ``label_noise`` and ``known_share`` apply.
        seed: of the run.

    Raises:
        UserError: when a class is left without an image of known group.
    """
    train = split.train
    if spec.label_noise:
        rng = numpy_stream(seed, "data", "label-noise")
        train = replace(train, a_N=noisy_groups(train.a_N, train.num_groups, spec.label_noise, rng))
    if spec.known_share < 1:
        known_N = known_groups(len(train), spec.known_share, numpy_stream(seed, "data", "known"))
        left_C = np.bincount(train.y_N[known_N], minlength=train.num_classes)
        if (empty := np.flatnonzero(left_C == 0)).size:
            raise UserError(
                "data.known_share",
                "enough for an image of known group in every class",
                spec.known_share,
                f"Class {train.class_names[empty[0]]} has none: raise the share, or try another seed.",
            )
        train = replace(train, known_N=known_N)
    return replace(split, train=train)
