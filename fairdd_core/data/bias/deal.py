"""Which pictures are tested, and in which of the synthetic groups they are shown."""

from __future__ import annotations

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.bias.skew import assign_groups
from fairdd_core.rng import numpy_stream


def shown_in_groups(y_N: np.ndarray, spec: DataSpec, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the test images among the pictures, and the group of each: int64 (M,) twice.

    A crossed test has every picture in all groups, one after the other: ``np.repeat`` of the rows and
    ``np.tile`` of the groups.

    Args:
        y_N: int64 class of every picture that may be tested.
        spec: whose ``groups``, ``test_groups`` and ``test_images`` apply.
        seed: of the run; counts for ``dealt-per-seed`` only.
    """
    crossed = spec.test_groups == "crossed"
    rows = at_most(y_N, spec.test_images, spec.groups if crossed else 1)
    if crossed:
        return np.repeat(rows, spec.groups), np.tile(np.arange(spec.groups), len(rows))
    per_seed = spec.test_groups == "dealt-per-seed"
    rng = numpy_stream(seed, "data", "test") if per_seed else numpy_stream(0, "deal-of-test-groups")
    return rows, assign_groups(y_N[rows], spec.groups, 1 / spec.groups, rng)


def at_most(y_N: np.ndarray, images: int, per_picture: int = 1) -> np.ndarray:
    """Return the pictures to test, int64 (P,) in ascending order: all, or equally many of every class.

    The draw is the same for every seed of a run, and a smaller one is a part of a larger one.

    Args:
        y_N: int64 class of every picture.
        images: upper limit of P · ``per_picture``, which one picture of every class may exceed; 0 for none.
        per_picture: images that every picture makes.
    """
    if not images or len(y_N) * per_picture <= images:
        return np.arange(len(y_N))
    classes = np.unique(y_N)
    each = max(1, images // (per_picture * len(classes)))
    order_N = numpy_stream(0, "tested-pictures").permutation(len(y_N))
    return np.sort(np.concatenate([order_N[y_N[order_N] == c][:each] for c in classes]))
