"""What differs between runs: settings and results. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from fairdd_core.analysis.differences import difference_table as differences_of
from fairdd_core.config.differences import differing, same_test
from fairdd_core.config.settings import SETTINGS, title_of_field
from fairdd_core.config.spec.evaluation import BASELINES
from fairdd_core.files import DamagedFile
from fairdd_core.plots.theme import arm_label
from fairdd_core.report.tables import ordered_counts
from fairdd_core.rng import numpy_stream
from fairdd_core.runs.storage.identity import data_text, differ
from fairdd_core.runs.storage.pairs import arm_pairs
from pages.ui.common.cache import DIFFERENCES, RESAMPLES, data_of_run, method_differences, results_of
from pages.ui.common.runs import RunView
from pages.ui.compare.choice import LETTERS
from pages.ui.controls.catalogue import catalogue

_CONTENT = "content of the data"


def settings_table(views: Sequence[RunView]) -> pd.DataFrame:
    """Return one row per setting in which the runs differ, with a column per run's letter.

    The digests of their data are shown where two are known to differ.
    """
    fields = differing([view.spec.model_dump(mode="json") | {"device": used_device(view)} for view in views])
    digests = [data_of_run(view.folder.path) for view in views]
    if len(set(filter(None, digests))) > 1:
        fields[_CONTENT] = [data_text(digest) for digest in digests]
    rows = {title_of_field(path): [_text(path, value) for value in row] for path, row in fields.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(LETTERS[: len(views)]))


def used_device(view: RunView) -> str:
    """Return the device that a run has used, for ``auto`` may be ``cpu``; else the one in its settings."""
    device = None
    with suppress(DamagedFile):
        device = (view.folder.result() or {}).get("device")
    return device.partition(",")[0] if isinstance(device, str) else view.spec.device


def _text(path: str, value: Any) -> str:
    if path == "distill.arms" and isinstance(value, list):
        return ", ".join(arm_label(arm["name"]) for arm in value)
    if path == "data.dataset" and value in (known := catalogue()):
        return known[value].title
    return SETTINGS[path].label(value) if path in SETTINGS else str(value)


def paired(one: RunView, other: RunView) -> bool:
    """Return whether network k of one run can be compared with network k of the other."""
    if not same_test(one.spec.model_dump(mode="json"), other.spec.model_dump(mode="json")):
        return False
    if differ(data_of_run(one.folder.path), data_of_run(other.folder.path)):
        return False
    first, second = (
        next(iter(view.folder.counts().values()), np.zeros((1, 0, 0, 0))) for view in (one, other)
    )
    return np.array_equal(first[0].sum(axis=-1), second[0].sum(axis=-1))


def difference_table(views: Sequence[RunView], reference: int) -> pd.DataFrame:
    """Return how much every run differs from the reference run: run minus reference.

    Returns:
        ``analysis.differences.difference_table`` of every run, with the run's letter in the column ``run``.
    """
    base, tables = views[reference], []
    for letter, view in zip(LETTERS, views, strict=False):
        if view is not base:
            one, other, alike = _methods(view), _methods(base), paired(view, base)
            table = differences_of(
                one,
                other,
                DIFFERENCES,
                partial(numpy_stream, 0, "compare", view.id, base.id),
                RESAMPLES,
                paired=alike,
                pairs={a: arm_pairs((view.folder, a), (base.folder, a)) for a in one if alike and a in other},
            )
            tables.append(table.assign(run=letter))
    return pd.concat(tables, ignore_index=True)


def within_runs(views: Sequence[RunView], reference: str) -> pd.DataFrame:
    """Return how much the methods of every run differ from one of them: method minus reference.

    Returns:
        ``common.cache.method_differences`` of every run that has the method, without baselines, with the
        run's letter in the column ``run``.
    """
    tables = [
        method_differences(view.folder.path, "", reference).assign(run=letter)
        for letter, view in zip(LETTERS, views, strict=False)
        if reference in _methods(view)
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[~table["arm"].isin(BASELINES)]


def results(views: Sequence[RunView]) -> pd.DataFrame:
    """Return ``results_table`` of every run, with the run's letter in the first column, ``run``."""
    tables = {letter: results_of(view, "") for letter, view in zip(LETTERS, views, strict=False)}
    return pd.concat(tables, names=["run", None]).reset_index("run").reset_index(drop=True)


def _methods(view: RunView) -> dict[str, np.ndarray]:
    counts = ordered_counts(view.folder)
    return {arm: counts[arm] for arm in counts if arm not in BASELINES}
