"""Which runs can be compared, and how far they are apart. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from fairdd_core.analysis.differences import difference
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.differences import differing, same_test, title_of_field
from fairdd_core.config.spec.evaluation import BASELINES
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.plots.theme import arm_label
from fairdd_core.report.tables import ordered_counts
from fairdd_core.rng import numpy_stream
from pages.ui.common.runs import RunView, examples, open_run, store
from pages.ui.controls.catalogue import catalogue

LETTERS = "ABCD"
MAX_RUNS = len(LETTERS)
SHOWN_METRICS = ("accuracy", "deo_mean", "deo_max")
RESAMPLES = 400


def comparable() -> dict[str, RunView]:
    """Return the runs that have been tested, newest first, then the bundled examples."""
    found = {}
    for record in store().list():
        try:
            view = open_run(record.id)
        except UserError:
            continue
        if view.folder.counts_file.exists():
            found[view.id] = view
    return found | {view.id: view for view in examples()}


def parse(text: str, known: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the runs that an address names, and what in it cannot be used."""
    asked = list(dict.fromkeys(part for part in text.split(",") if part))
    chosen = [run for run in asked if run in known][:MAX_RUNS]
    return chosen, [run for run in asked if run not in chosen]


def label(view: RunView) -> str:
    """Return what to call a run in a list."""
    data = view.spec.data
    known = f"skew {data.skew_text} · separation {data.separation:g} · seed {view.spec.seed}"
    return f"{'Example' if view.example else view.id[-6:]} · {known} · {view.name}"


def differing_table(views: Sequence[RunView]) -> pd.DataFrame:
    """Return one row per field in which the runs differ: ``Setting`` and a column per run's letter."""
    fields = differing([view.spec.model_dump(mode="json") | {"device": ran_on(view)} for view in views])
    rows = [
        {"Setting": title_of_field(path)}
        | {letter: _value(path, value) for letter, value in zip(LETTERS, values, strict=False)}
        for path, values in fields.items()
    ]
    return pd.DataFrame(rows, columns=["Setting", *LETTERS[: len(views)]])


def ran_on(view: RunView) -> str:
    """Return the device that a run has used, for ``auto`` may be ``cpu``; else what it asked for."""
    device = None
    with suppress(DamagedFile):
        device = (view.folder.result() or {}).get("device")
    return device.partition(",")[0] if isinstance(device, str) else view.spec.device


def _value(path: str, value: Any) -> str:
    if path == "distill.arms" and isinstance(value, list):
        return ", ".join(arm_label(arm["name"]) for arm in value)
    if path == "data.dataset" and value in (known := catalogue()):
        return known[value].title
    if path == "data.skew":
        return "as found" if value is None else f"{value:.0%}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def common_arms(views: Sequence[RunView]) -> list[str]:
    """Return the methods that any of the runs has, those of all runs first."""
    names = list(dict.fromkeys(arm for view in views for arm in view.arms))
    return sorted(names, key=lambda arm: -sum(arm in view.arms for view in views))


def paired(one: RunView, other: RunView) -> bool:
    """Return whether the test networks of two runs are pairs."""
    if not same_test(one.spec.model_dump(mode="json"), other.spec.model_dump(mode="json")):
        return False
    first, second = (
        next(iter(view.folder.counts().values()), np.zeros((1, 0, 0, 0))) for view in (one, other)
    )
    return np.array_equal(first[0].sum(axis=-1), second[0].sum(axis=-1))


def difference_table(views: Sequence[RunView], reference: int) -> pd.DataFrame:
    """Return how far every run is from the reference run, method by method.

    Returns:
        One row per (run, method, metric): ``run`` (letter), ``arm``, ``metric``, ``difference`` (run minus
        reference), ``low``, ``high``, ``paired`` and ``by_network``.
    """
    rows = []
    base = views[reference]
    base_counts = ordered_counts(base.folder)
    for letter, view in zip(LETTERS, views, strict=False):
        if view is base:
            continue
        pairs, counts = paired(view, base), ordered_counts(view.folder)
        for arm in (arm for arm in counts if arm in base_counts and arm not in BASELINES):
            for name in SHOWN_METRICS:
                rng = numpy_stream(0, "compare", view.id, base.id, arm, name)
                found = difference(
                    counts[arm], base_counts[arm], METRICS[name].of, RESAMPLES, rng, paired=pairs
                )
                rows.append(
                    {
                        "run": letter,
                        "arm": arm,
                        "metric": name,
                        "difference": found.value,
                        "low": found.low,
                        "high": found.high,
                        "paired": pairs,
                        "by_network": found.by_network,
                    }
                )
    columns = ["run", "arm", "metric", "difference", "low", "high", "paired", "by_network"]
    return pd.DataFrame(rows, columns=columns)
