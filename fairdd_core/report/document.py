"""A run as one HTML file that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from plotly.offline import get_plotlyjs

from fairdd_core import __version__
from fairdd_core.analysis.gaps import largest_gap
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import results_table
from fairdd_core.config.command import run_command
from fairdd_core.config.spec.evaluation import BASELINES
from fairdd_core.data.card import Labels
from fairdd_core.plots.images import GRID_CSS, grid_html
from fairdd_core.plots.theme import arm_label
from fairdd_core.report.figures import Figure, figures, snippet
from fairdd_core.report.pictures import last_images
from fairdd_core.report.tables import ordered_counts
from fairdd_core.runs.storage.folder import RunFolder

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
"""What the file may load: what is in it."""
ROWS = 400  # of a table; the CSV files have all


def report(folder: RunFolder, labels: Labels, title: str, note: str = "") -> str:
    """Return the report of a run.

    Args:
        folder: of the run.
        labels: names of its classes and groups.
        title: of the run.
        note: what else to say under the title, for example that it was stopped.
    """
    spec = folder.spec()
    parts = [
        _head(title),
        f"<main><h1>{html.escape(title)}</h1>",
        _facts(folder, note),
        _headline(folder, labels),
        _results(folder),
        _images(folder, labels),
        *[_figure(entry) for entry in figures(folder, labels)],
        _section("Definitions", _definitions()),
        _section("How to repeat it", _repeat(folder)),
        f"<footer>Made by the fair-distillation explorer {html.escape(__version__)}. "
        f"Specification version {spec.version}.</footer></main></body></html>",
    ]
    return "\n".join(parts)


def figures_page(folder: RunFolder, labels: Labels, title: str, note: str = "") -> str:
    """Return the figures of a run alone, as one HTML file; each has a button that saves it as SVG."""
    drawn = "\n".join(_figure(entry) for entry in figures(folder, labels))
    heading = f"<h1>{html.escape(title)}</h1>{_note(note)}"
    return f"{_head(title)}<main>{heading}{drawn}</main></body></html>"


def _head(title: str) -> str:
    css = resources.files("fairdd_core.report").joinpath("report.css").read_text()
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="icon" href="data:,">'
        f"<style>{GRID_CSS}{css}</style><script>{get_plotlyjs()}</script></head><body>"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{html.escape(title)}</h2>{body}</section>" if body else ""


def _facts(folder: RunFolder, note: str) -> str:
    spec, document = folder.spec(), folder.result() or {}
    data = spec.data
    facts = [
        f"data set {data.dataset}",
        f"{data.groups} groups",
        f"skew {data.skew_text}",
        f"separation {data.separation:g}",
        f"{spec.distill.ipc} images per class",
        f"{spec.distill.iterations} iterations",
        f"seed {spec.seed}",
    ]
    if seconds := (document.get("seconds") or {}).get("total"):
        facts.append(f"took {seconds:.0f} s on {document.get('device', 'this machine')}")
    return f"<p class='facts'>{html.escape(' · '.join(facts))}</p>{_note(note)}"


def _note(text: str) -> str:
    return f"<p><strong>{html.escape(text)}</strong></p>" if text else ""


def _headline(folder: RunFolder, labels: Labels) -> str:
    counts = {arm: c for arm, c in ordered_counts(folder).items() if arm not in BASELINES}
    if not counts:
        return "<p>There are no test results of this run.</p>"
    rows = []
    for arm, counts_KGCC in counts.items():
        accuracy, gap = (METRICS[name].of(counts_KGCC).mean() for name in ("accuracy", "deo_mean"))
        rows.append(
            f"<strong>{html.escape(arm_label(arm))}</strong> recognises {_share(accuracy)} of the test "
            f"images, and the groups' recalls lie {_points(gap)} apart on average."
        )
        if largest := largest_gap(counts_KGCC):
            words = html.escape(largest.words(labels.classes, labels.groups))
            rows.append(f"Its largest gap: {words}.")
    return f"<p class='lead'>{' '.join(rows)}</p>"


def _share(value: float) -> str:
    return "an undefined share" if np.isnan(value) else f"{value:.0%}"


def _points(value: float) -> str:
    return "an undefined distance" if np.isnan(value) else f"{100 * value:.0f} points"


def _results(folder: RunFolder) -> str:
    counts = ordered_counts(folder)
    if not counts:
        return ""
    table = results_table((folder.result() or {}).get("arms"), counts).set_index(["metric", "arm"])
    head = "".join(f"<th scope='col'>{html.escape(arm_label(arm))}</th>" for arm in counts)
    rows = []
    for name, metric in METRICS.items():
        cells = "".join(f"<td>{_cell(table.loc[(name, arm)])}</td>" for arm in counts)
        arrow = "higher is better" if metric.higher_is_better else "lower is better"
        told = html.escape(f"{metric.sentence} {arrow.capitalize()}.")
        label = f"{html.escape(metric.title)}<small>{told}</small>"
        rows.append(f"<tr><th scope='row'>{label}</th>{cells}</tr>")
    n = int(next(iter(counts.values()))[0].sum())
    networks = ", ".join(f"{arm_label(arm)} {len(counts_KGCC)}" for arm, counts_KGCC in counts.items())
    caption = (
        f"n = {n} test images for every network. Test networks: {networks}. ± is the standard deviation over "
        "networks; the small range is a 95 % bootstrap interval over test images. Numbers are per cent, gaps "
        "percentage points. A gap is a range over groups, so in small cells noise alone opens a small one. "
        "None of this tells how another seed would come out."
    )
    body = (
        f"<div class='scroll'><table><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div><p class='note'>{html.escape(caption)}</p>"
    )
    return _section("Results", body)


def _cell(row: pd.Series) -> str:
    if np.isnan(row["mean"]):
        return "undefined"
    spread = "" if np.isnan(row["std"]) else f" ± {100 * row['std']:.1f}"
    text = f"<b>{100 * row['mean']:.1f}</b>{spread}"
    if not np.isnan(row["low"]):
        text += f"<small>{100 * row['low']:.1f} to {100 * row['high']:.1f}</small>"
    return text


def _images(folder: RunFolder, labels: Labels) -> str:
    iteration, found = last_images(folder)
    grids = [
        f"<div><h3>{html.escape(arm_label(arm))}</h3>"
        + grid_html(
            images,
            labels.classes,
            alt=f"Synthetic images of {arm_label(arm)} after {iteration} iterations, a row for each class.",
        )
        + "</div>"
        for arm, images in found.items()
    ]
    body = f"<div class='grids'>{''.join(grids)}</div>" if grids else ""
    return _section(f"Synthetic images after {iteration} iterations", body)


def _figure(entry: Figure) -> str:
    return _section(
        entry.title,
        f'<figure role="group" aria-label="{html.escape(entry.alt, quote=True)}">{snippet(entry.figure)}'
        f"<figcaption>{html.escape(entry.caption)}</figcaption></figure>"
        f"<details><summary>Table</summary><div class='scroll'>{_table(entry.table)}</div></details>",
    )


def _table(table: pd.DataFrame) -> str:
    if "arm" in table.columns:
        table = table.assign(arm=[arm_label(str(arm)) for arm in table["arm"]])
    text: str = table.head(ROWS).to_html(
        index=False, border=0, na_rep="undefined", float_format=lambda value: f"{value:.4g}", escape=True
    )
    if len(table) > ROWS:
        text += f"<p class='note'>The first {ROWS} of {len(table)} rows.</p>"
    return text


def _definitions() -> str:
    rows = "".join(
        f"<dt>{html.escape(metric.title)} = {html.escape(metric.formula)}</dt>"
        f"<dd>{html.escape(metric.sentence)}</dd>"
        for metric in METRICS.values()
    )
    return f"<dl>{rows}</dl>"


def _repeat(folder: RunFolder) -> str:
    spec = folder.spec()
    document: Mapping[str, Any] = spec.model_dump(mode="json")
    full = html.escape(json.dumps(document, indent=2))
    return (
        f"<pre>{html.escape(run_command(spec))}</pre><p class='note'>The same specification gives the "
        "same bytes on the CPU of the same machine with the same number of threads.</p>"
        f"<details><summary>Specification</summary><pre>{full}</pre></details>"
    )
