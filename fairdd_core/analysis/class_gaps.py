"""The gap of every class with its interval and its noise floor, and how much of a gap is defined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from fairdd_core.analysis.intervals import metric_intervals
from fairdd_core.analysis.metrics import Metric, Shares, gaps, mean_gap, ratio, recalls
from fairdd_core.analysis.noise_floor import noise_floors
from fairdd_core.analysis.sampling import Sample

NUMBERS = ["low", "high", "floor", "floor_std", "excess"]


def class_gap_table(
    samples: Mapping[str, Sequence[Sample]],
    class_names: Sequence[str],
    resamples: int,
    stream: Callable[[str], np.random.Generator],
) -> pd.DataFrame:
    """Return one row per (arm, class).

    Columns: ``arm``, ``class``, ``gap`` (mean over networks of the largest minus the smallest recall, NaN
    where fewer than two groups have test images), ``low`` and ``high`` (95 % interval over test images),
    ``floor`` and ``floor_std`` (noise floor), ``excess`` (gap above it), ``n`` (test images of the smallest
    group that has any), ``groups`` (with test images) and ``networks``.

    Args:
        samples: arm -> the test of every network.
        class_names: in index order.
        resamples: draws behind each interval.
        stream: returns the source of the draws of an arm.
    """
    metrics = {name: _gap_of_class(c) for c, name in enumerate(class_names)}
    rows = []
    for arm, tests in samples.items():
        rng, counts_KGCC = stream(arm), np.stack([test.counts_GCC for test in tests])
        bounds, floors = metric_intervals(tests, metrics, resamples, rng), noise_floors(tests, metrics, rng)
        images_GC = counts_KGCC[0].sum(axis=-1)
        for c, (name, metric) in enumerate(metrics.items()):
            present = images_GC[:, c][images_GC[:, c] > 0]
            gap = float(metric.of(counts_KGCC).mean())
            row: dict[str, object] = {"arm": arm, "class": name, "gap": gap}
            row |= dict(zip(("low", "high"), bounds[name], strict=True))
            if floor := floors.get(name):
                row |= {"floor": floor.mean, "floor_std": floor.std, "excess": gap - floor.mean}
            row |= {"n": int(present.min(initial=images_GC.max())) if len(present) else 0}
            rows.append(row | {"groups": len(present), "networks": len(tests)})
    return pd.DataFrame(rows, columns=["arm", "class", "gap", *NUMBERS, "n", "groups", "networks"])


def _gap_of_class(class_id: int) -> Metric:
    def of_class(counts_KGCC: np.ndarray) -> Shares:
        of_one = counts_KGCC[..., class_id, :]
        return of_one[..., [class_id]], of_one.sum(axis=-1, keepdims=True)

    return Metric(
        "Gap of a class",
        "max over a − min over a of P(ŷ = y | Y = y, A = a)",
        "How far apart the recalls of the groups are in this class.",
        of_class,
        mean_gap,
    )


def defined_text(counts_KGCC: np.ndarray, metric: Metric) -> str:
    """Return what a gap leaves out, as in ``over 1 of 2 classes`` or ``91 of 100 precisions defined``.

    Empty where nothing is left out. A rate is defined where there are images to compute it from; a class
    counts where two groups have one. Networks may differ: the smallest numbers are given.

    Args:
        counts_KGCC: counts (network, group, true class, predicted class).
        metric: a gap.
    """
    rates_KGC = ratio(*metric.shares(counts_KGCC))
    known_K = np.isfinite(rates_KGC).sum(axis=(-2, -1))
    classes_K = np.isfinite(gaps(rates_KGC)).sum(axis=-1)
    parts = []
    if classes_K.min() < rates_KGC.shape[-1]:
        parts.append(f"over {classes_K.min()} of {rates_KGC.shape[-1]} classes")
    total = rates_KGC[0].size
    if known_K.min() < total:
        rates = "recalls" if metric.shares is recalls else _RATES.get(metric.shares.__name__, "rates")
        parts.append(f"{known_K.min()} of {total} {rates} defined")
    return ", ".join(parts)


_RATES = {"precisions": "precisions", "selections": "rates"}
