"""One sentence on how alignment changed gap and accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.results import results_table
from fairdd_core.analysis.sampling import Pictures
from fairdd_core.analysis.wording import NO_INTERVAL
from fairdd_core.files import DamagedFile
from fairdd_core.plots.theme import arm_label
from fairdd_core.report.tables import ordered_counts, run_results
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.predictions import arm_samples
from pages.ui.common.cache import cached, counted, method_differences
from pages.ui.common.runs import RunView

Row = Mapping[str, Any]
REFERENCE = "vanilla"


def headline(view: RunView, architecture: str = "", results: pd.DataFrame | None = None) -> None:
    """Draw one sentence on how alignment changed gap and accuracy, if the run has both methods.

    Args:
        view: the run.
        architecture: name of another test network; empty for the run's main one.
        results: ``results_table``, if it is at hand.
    """
    arms = list(ordered_counts(view.folder, architecture))
    others = [arm for arm in view.arms if arm != REFERENCE and arm in arms]
    if REFERENCE not in arms or not others:
        return
    aligned = "cobra" if "cobra" in others else others[0]
    found = _results(view, architecture) if results is None else results
    values = found.set_index(["arm", "metric"]).to_dict("index")
    gap, accuracy = ([values[arm, name] for arm in (REFERENCE, aligned)] for name in ("deo_mean", "accuracy"))
    if not np.isfinite([row["mean"] for row in (*gap, *accuracy)]).all():  # the table says what is undefined
        return
    table = method_differences(view.folder.path, architecture, REFERENCE)
    rows = table[table["arm"] == aligned].set_index("metric").to_dict("index")
    of_accuracy = f"accuracy {_change(accuracy, '%')} {_interval(rows['accuracy'])}"
    instead = f"**{arm_label(aligned)}** instead of **{arm_label(REFERENCE)}**"
    if view.spec.data.separation == 0 and _alike(view.folder.path, architecture):
        st.markdown(
            "At separation 0 the test shows the same picture in every group, so every gap is **0 by "
            f"construction**, for any network. Judge by accuracy: with {instead}, {of_accuracy}."
        )
        return
    of_gap = (
        f"the mean gap between the groups' recalls {_change(gap, ' points')} {_interval(rows['deo_mean'])}"
    )
    st.markdown(f"With {instead}, {of_gap}{_chance(gap)}, and {of_accuracy}.")


def _results(view: RunView, architecture: str) -> pd.DataFrame:
    """Return ``results_table``; from the counts alone where the result document is damaged."""
    try:
        return run_results(view.folder, architecture)
    except DamagedFile:
        return results_table(None, ordered_counts(view.folder, architecture))


def _change(rows: Sequence[Row], unit: str) -> str:
    before, after = (f"{100 * row['mean']:.1f}" for row in rows)
    return (
        f"stays at **{after}**{unit}" if before == after else f"goes from **{before}** to **{after}**{unit}"
    )


def _chance(rows: Sequence[Row]) -> str:
    """Return what chance alone explains of two gaps."""
    before, after = (100 * row["floor"] for row in rows)
    if np.isnan([before, after]).any():
        return ""
    return f" where chance alone gives {before:.1f} and {after:.1f}"


def _interval(difference: Row) -> str:
    """Return the paired difference of a metric with its interval, in brackets."""
    value, low, high = (100 * difference[name] for name in ("difference", "low", "high"))
    if np.isnan(low):
        return f"({value:+.1f}; no interval: {NO_INTERVAL})"
    return f"({value:+.1f}, 95 % interval {low:+.1f} to {high:+.1f})".replace("-", "−")


@cached(lambda path, architecture: counted(path), size=32)
def _alike(path: Path, architecture: str) -> bool:
    """Return whether every picture is classified alike in all groups, by every network of a run.

    That is so where the test shows the same picture once for every group.
    """
    folder = RunFolder(path)
    samples = [
        sample
        for arm in ordered_counts(folder, architecture)
        for sample in arm_samples(folder, arm, architecture)
    ]
    return bool(samples) and all(
        isinstance(sample, Pictures)
        and np.array_equal(sample.predicted_PG.min(1), sample.predicted_PG.max(1))
        for sample in samples
    )
