"""A run as one self-contained HTML file."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from plotly.offline import get_plotlyjs

from fairdd_core import __version__
from fairdd_core.analysis.gaps import largest_gap
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import results_grid
from fairdd_core.analysis.wording import NOISE_FLOOR, chance_text, plain
from fairdd_core.config.command import run_command
from fairdd_core.config.spec.evaluation import BASELINES, FULL_DATA
from fairdd_core.data.card import Labels
from fairdd_core.plots.images import GRID_CSS, grid_html
from fairdd_core.plots.theme import arm_label
from fairdd_core.report.figures import figures, snippet
from fairdd_core.report.pictures import last_images
from fairdd_core.report.repeats import report_section
from fairdd_core.report.tables import ordered_counts, run_results
from fairdd_core.runs.storage.external import external_texts
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import data_of, data_text
from fairdd_core.runs.storage.repeats import Repeats
from fairdd_core.runs.storage.summary import reuse_text, training_text
from fairdd_core.units import counted

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
"""The content security policy of the file, which loads nothing from elsewhere."""
ROWS = 400
"""Rows of a table that are shown; the CSV files have all."""


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("fairdd_core", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def report(
    folder: RunFolder, labels: Labels, title: str, note: str = "", repeats: Repeats | None = None
) -> str:
    """Return the report of a run.

    Args:
        folder: of the run.
        labels: names of its classes and groups.
        title: of the run.
        note: shown below the title, for example that the run was stopped.
        repeats: of the run, if they are known.
    """
    spec, counts = folder.spec(), ordered_counts(folder)
    iteration, images = last_images(folder)
    results = run_results(folder)
    return _page(
        folder,
        labels,
        title,
        note,
        facts=_facts(folder),
        lead=[_lead(arm, counts[arm], labels, results) for arm in counts if arm not in BASELINES],
        **_results(results, counts),
        iteration=iteration,
        images={
            arm_label(arm): grid_html(grid, labels.classes, alt=_alt(arm, iteration))
            for arm, grid in images.items()
        },
        over_seeds=report_section(repeats),
        command=run_command(spec, seeds=repeats.seeds if repeats else ()),
        spec=json.dumps(spec.model_dump(mode="json"), indent=2),
        spec_version=spec.version,
    )


def figures_page(folder: RunFolder, labels: Labels, title: str, note: str = "") -> str:
    """Return the figures of a run alone, as one HTML file; each has a button that saves it as SVG."""
    return _page(folder, labels, title, note, facts=[], spec="")


def _page(folder: RunFolder, labels: Labels, title: str, note: str, **parts: Any) -> str:
    css = resources.files("fairdd_core.report").joinpath("report.css").read_text()
    return _template().render(
        title=title,
        note=note,
        policy=POLICY,
        css=GRID_CSS + css,
        plotly=get_plotlyjs(),
        figures=figures(folder, labels),
        snippet=snippet,
        table_html=_table_html,
        most_rows=ROWS,
        metrics=METRICS,
        noise_floor=plain(NOISE_FLOOR),
        version=__version__,
        **parts,
    )


def _facts(folder: RunFolder) -> list[str]:
    spec, result = folder.spec(), folder.result() or {}
    data = spec.data
    facts = [
        f"data set {data.dataset}",
        f"{data.groups} groups",
        f"skew {data.skew_text}",
        f"separation {data.separation:g}",
        f"{counted(spec.distill.ipc, 'image')} per class",
        counted(spec.distill.iterations, "iteration"),
        f"seed {spec.seed}",
        f"content of the data: {data_text(data_of(folder))}",
    ]
    if training := training_text(folder.trainings().get(FULL_DATA, {}).values()):
        facts.append(f"{arm_label(FULL_DATA)} {training}")
    for arm, (origin, doubts) in external_texts(folder).items():
        facts.append(" ".join([f"{arm_label(arm)}: {origin}", *doubts]))
    if reused := reuse_text(folder.reused(), arm_label):
        facts.append(f"reused: {reused}")
    if seconds := (result.get("seconds") or {}).get("total"):
        facts.append(f"took {seconds:.0f} s on {result.get('device', 'this machine')}")
    return facts


def _lead(arm: str, counts_KGCC: np.ndarray, labels: Labels, results: pd.DataFrame) -> dict[str, str]:
    """Return what the first paragraph says about an arm."""
    floor = results.set_index(["arm", "metric"])["floor"][arm, "deo_mean"]
    accuracy, gap = (METRICS[name].of(counts_KGCC).mean() for name in ("accuracy", "deo_mean"))
    largest = largest_gap(counts_KGCC)
    return {
        "label": arm_label(arm),
        "accuracy": "an undefined share" if np.isnan(accuracy) else f"{accuracy:.0%}",
        "gap": "an undefined amount" if np.isnan(gap) else f"{100 * gap:.0f} points",
        "chance": f", {chance}" if (chance := chance_text(float(gap), float(floor))) else "",
        "largest": largest.describe(labels.classes, labels.groups) if largest else "",
    }


def _results(table: pd.DataFrame, counts: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the table of results, a row per metric and a column per arm, and what its caption needs."""
    grid = results_grid(table, list(METRICS), markup="html")
    return {
        "arms": [arm_label(arm) for arm in counts],
        "results": {name: list(grid[name]) for name in METRICS},
        "n": int(table["n"].max()) if counts else 0,
        "networks": [f"{arm_label(arm)} {len(counts_KGCC)}" for arm, counts_KGCC in counts.items()],
    }


def _alt(arm: str, iteration: int) -> str:
    return f"Synthetic images of {arm_label(arm)} after {iteration} iterations, a row for each class."


def _table_html(table: pd.DataFrame) -> str:
    if "arm" in table.columns:
        table = table.assign(arm=[arm_label(str(arm)) for arm in table["arm"]])
    return str(
        table.head(ROWS).to_html(
            index=False, border=0, na_rep="undefined", float_format=lambda value: f"{value:.4g}", escape=True
        )
    )
