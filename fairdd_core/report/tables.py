"""The tables of a run as CSV."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from fairdd_core.analysis.gaps import gap_table
from fairdd_core.analysis.results import results_table
from fairdd_core.analysis.tables import (
    confusion_table,
    curves_table,
    group_table,
    network_table,
    recall_table,
)
from fairdd_core.config.spec.evaluation import BASELINES
from fairdd_core.data.card import Labels
from fairdd_core.report.pictures import as_zip
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.predictions import arm_samples
from fairdd_core.text import spreadsheet_cell

ABOUT = {
    "results": "every metric of every method: mean and standard deviation over test networks, "
    "95 % interval, noise floor, the gap above it, and which classes or cells a gap leaves out",
    "cells": "recall of every (class, group) cell with its 95 % Wilson interval and number of test images",
    "gaps": "the gap of every class, with the worst and the best group",
    "groups": "accuracy within every group",
    "networks": "every metric of every test network",
    "confusions": "predicted classes of each true class, in every group",
    "curves": "loss and worst residual over the iterations",
    "seeds": "every metric of every method for each seed: means over the test networks",
    "over-seeds": "every metric over the seeds: mean, standard deviation, 95 % t-interval, number of seeds",
    "seed-differences": "differences between methods, paired by seed, with 95 % t-intervals",
    "distances": "distances of each group from the targets and from the synthetic images",
}
"""Name of a table -> its content."""


def ordered_counts(folder: RunFolder, architecture: str = "") -> dict[str, np.ndarray]:
    """Return the counts of a run: its methods in the order of the settings, then the baselines.

    Args:
        folder: of the run.
        architecture: one of the evaluation's others; empty for its own.
    """
    counts = folder.counts(architecture)
    order = [*(arm.name for arm in folder.spec().distill.arms), *BASELINES]
    return {arm: counts[arm] for arm in order if arm in counts}


def run_results(folder: RunFolder, architecture: str = "") -> pd.DataFrame:
    """Return the table of results of a run (see ``results_table``), measured anew where it is an older one.

    Args:
        folder: of the run.
        architecture: one of the evaluation's others; empty for its own.
    """
    result = folder.result() or {}
    summary = (result.get("others") or {}).get(architecture) if architecture else result.get("arms")
    samples = partial(arm_samples, folder, architecture=architecture)
    return results_table(summary, ordered_counts(folder, architecture), samples)


def tables(folder: RunFolder, labels: Labels) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name (see ``ABOUT``), as far as it has got."""
    counts, found = ordered_counts(folder), {}
    if counts:
        found["results"] = run_results(folder)
        found["cells"] = recall_table(counts, labels.classes, labels.groups)
        found["gaps"] = gap_table(counts, labels.classes, labels.groups)
        found["groups"] = group_table(counts, labels.groups)
        found["networks"] = network_table(counts)
        found["confusions"] = _confusions(counts, labels)
    steps, distances = curves_table(folder.steps()), folder.residuals()
    if not steps.empty:
        found["curves"] = steps
    if distances is not None and not distances.empty:
        found["distances"] = distances
    return found


def _confusions(counts: Mapping[str, np.ndarray], labels: Labels) -> pd.DataFrame:
    frames = [
        confusion_table(counts_KGCC, index, labels.classes).assign(arm=arm, group=group)
        for arm, counts_KGCC in counts.items()
        for index, group in enumerate(labels.groups)
    ]
    table = pd.concat(frames, ignore_index=True)
    return table[["arm", "group", "true", "predicted", "answers", "n", "share"]]


def csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8; undefined numbers are empty, and no spreadsheet finds a formula."""
    shown = table.map(lambda value: spreadsheet_cell(value) if isinstance(value, str) else value)
    return str(shown.rename(columns=lambda name: spreadsheet_cell(str(name))).to_csv(index=False)).encode()


def csv_zip(found: Mapping[str, pd.DataFrame], note: str = "") -> bytes:
    """Return a zip file with a CSV for every table, and a file with their descriptions and ``note``."""
    about = "".join(f"{name}.csv: {ABOUT.get(name, name)}\n" for name in found)
    about += f"Shares are between 0 and 1. Empty means undefined, not zero.\n{note}\n"
    files = {f"{name}.csv": csv(table) for name, table in found.items()} | {"README.txt": about.encode()}
    return as_zip(files, zipfile.ZIP_DEFLATED)
