"""A run of the list as HTML: settings, state and results. No Streamlit elements here."""

from __future__ import annotations

import html
import time
from urllib.parse import quote

from fairdd_core.analysis.results import results_grid, results_table
from fairdd_core.config.titles import settings_text
from fairdd_core.plots.theme import ArmStyle, arm_styles
from fairdd_core.runs.storage.index import RunState
from fairdd_core.units import age_text, bytes_text, seconds_text
from pages.ui.common.cache import Thumbnail
from pages.ui.common.html import marker_svg, thumbnail_html
from pages.ui.common.runs import STATE_WORDS, Row, dataset_title

_GREEN, _BLUE, _GREY, _RED, _PINK = "#009e73", "#2f86c4", "#808080", "#d55e00", "#cc79a7"
# Every state has its own shape, so that the colour is not needed.
_STATE_ICONS = {
    RunState.QUEUED: f'<circle cx="8" cy="8" r="6.2" fill="none" stroke="{_GREY}" stroke-width="1.6"/>'
    f'<path d="M8 4.4V8l2.6 1.6" fill="none" stroke="{_GREY}" stroke-width="1.6"/>',
    RunState.RUNNING: f'<circle cx="8" cy="8" r="7" fill="{_BLUE}"/>'
    '<path d="M6.3 4.7 11.6 8l-5.3 3.3z" fill="#fff"/>',
    RunState.DONE: f'<circle cx="8" cy="8" r="7" fill="{_GREEN}"/>'
    '<path d="m4.6 8.2 2.4 2.4 4.4-4.9" fill="none" stroke="#fff" stroke-width="1.9"/>',
    RunState.STOPPED: f'<rect x="2" y="2" width="12" height="12" rx="2.5" fill="{_GREY}"/>'
    '<path d="M6 5v6M10 5v6" stroke="#fff" stroke-width="1.9"/>',
    RunState.FAILED: f'<path d="M8 1 15.4 14.4H.6z" fill="{_RED}"/>'
    '<path d="M8 5.6v4.2M8 11.2v1.6" stroke="#fff" stroke-width="1.8"/>',
    RunState.LOST: f'<path d="M8 .6 15.4 8 8 15.4.6 8z" fill="{_PINK}"/>'
    '<path d="M5.9 6.3c0-2.7 4.2-2.6 4.2-.1 0 1.6-2.1 1.7-2.1 3.2M8 10.8v1.5" fill="none" stroke="#fff" '
    'stroke-width="1.6"/>',
}
_METRICS = ("accuracy", "deo_mean")


def state_badge(state: RunState) -> str:
    """Return a state as a shape and a word."""
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{_STATE_ICONS[state]}</svg>'
    icon = f'<img alt="" width="14" height="14" src="data:image/svg+xml,{quote(picture)}">'
    return f'<span class="fx-state">{icon}{STATE_WORDS[state]}</span>'


def card_html(row: Row, thumbnail: Thumbnail, size: int, now: float, repeat: str = "") -> str:
    """Return the card of a run; text from files and users is escaped.

    Args:
        row: the run.
        thumbnail: of its images.
        size: bytes on disk.
        now: seconds since 1970.
        repeat: which of several repeats it is; empty for a run without.
    """
    styles = arm_styles(row.arms)
    return (
        '<article class="fx-run">'
        f"{thumbnail_html(thumbnail, styles)}"
        f'<div class="fx-run-text"><div class="fx-run-title">{html.escape(row.name)} '
        f"{state_badge(row.record.state)}{_chip(repeat)}</div>{_lines(row, size, now)}</div>"
        f'<div class="fx-run-results">{_results(row, styles)}</div></article>'
    )


def _chip(text: str) -> str:
    return f'<span class="fx-chip">{html.escape(text)}</span>' if text else ""


def _lines(row: Row, size: int, now: float) -> str:
    lines = []
    if row.spec is None:
        lines.append("The files of this run are gone or cannot be read. Delete it to clear the list.")
    else:
        known = row.name == dataset_title(row.spec)
        lines.append(("" if known else f"{dataset_title(row.spec)} · ") + settings_text(row.spec))
    record = row.record
    lines.append(f"{record.message} {record.hint}" if record.state.early else record.hint)
    text = "".join(f"<p>{html.escape(line)}</p>" for line in lines if line.strip())
    return text + _meta(row, size, now)


def _meta(row: Row, size: int, now: float) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.record.created))
    parts = [f'<time title="{when}">{age_text(row.record.created, now)}</time>', bytes_text(size)]
    seconds = (row.result or {}).get("seconds")
    if isinstance(seconds, dict) and isinstance(seconds.get("total"), int | float):
        parts.append(f"took {seconds_text(seconds['total'])}")
    parts.append(f"<code>{html.escape(row.id)}</code>")
    return f'<p class="fx-run-meta">{" · ".join(parts)}</p>'


def _results(row: Row, styles: dict[str, ArmStyle]) -> str:
    table = results_table((row.result or {}).get("arms"))
    grid = results_grid(table, _METRICS, list(styles), markup="html")
    lines = []
    for name, style in styles.items():
        cells = "".join(f"<td>{cell}</td>" for cell in grid.loc[name])
        mark = marker_svg(style.symbol, style.color, size=12)
        label = html.escape(style.label)
        lines.append(f'<tr><th scope="row">{mark}{label}</th>{cells if len(table) else ""}</tr>')
    columns = '<th scope="col">Accuracy ↑</th><th scope="col">DEO_A ↓</th>' if len(table) else ""
    head = f'<thead><tr><th scope="col">Method</th>{columns}</tr></thead>'
    return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>" if lines else ""
