"""The pictures of a sweep, how it stands, and what is at the place that was clicked."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from fairdd_core.analysis.grids import Place, gain_table, grid_table
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import results_grid, results_table
from fairdd_core.config.command import sweep_command
from fairdd_core.plots import sweep as plots
from fairdd_core.plots.theme import arm_styles
from fairdd_core.runs.storage.sweeps import Cell, sweep_table
from pages.ui.common import notices
from pages.ui.common.cache import thumbnail_of
from pages.ui.common.figures import folded, numbers, show
from pages.ui.common.html import arm_heading, marker_svg, table_html, thumbnail_html
from pages.ui.common.url import one_of, read
from pages.ui.controls.sidebar import adopt
from pages.ui.sweep.model import SHOWN_METRICS, SweepView, each_cell, place_of, summary

_PLACE = ("place-skew", "place-separation")


def pictures(view: SweepView, cells: Sequence[Cell]) -> None:
    """Draw a phase diagram for every method, what alignment gains, and the place in focus."""
    metric = _metric()
    table = sweep_table(cells, view.arms)
    if sentence := summary(table, view.arms, metric):
        st.markdown(sentence)
    at = _place()
    panels = [(arm, grid_table(table, arm, metric)) for arm in view.arms]
    boards: list[tuple[str, str, Any]] = [
        (
            arm,
            f"{METRICS[metric].title} of {label} over skew and separation.",
            plots.phase(grid, metric, at=at),
        )
        for (arm, grid), label in zip(panels, _labels(view), strict=True)
    ]
    headings = [arm_heading(style) for style in arm_styles(view.arms).values()]
    for arm, label in list(zip(view.arms, _labels(view), strict=True))[1:]:
        gained = gain_table(table, arm, view.arms[0], metric)
        alt = f"What {label} gains over {_labels(view)[0]} over skew and separation."
        boards.append((f"gain-{arm}", alt, plots.gain(gained, metric, at=at)))
        headings.append(
            f'<div class="fx-arm">{html.escape(label)} against {html.escape(_labels(view)[0])}</div>'
        )
    _board(boards, headings)
    st.caption(f"{each_cell(view.sweep.spec)} {_caption(metric, len(view.arms) > 1)}")
    _detail(view, cells, at)
    _numbers(view, table)


def _labels(view: SweepView) -> list[str]:
    return [style.label for style in arm_styles(view.arms).values()]


def _metric() -> str:
    metric = st.segmented_control(
        "Show",
        SHOWN_METRICS,
        format_func=lambda name: METRICS[name].title,
        required=True,
        key="sweep-metric",
        help="\n\n".join(f"**{METRICS[name].title}**: {METRICS[name].sentence}" for name in SHOWN_METRICS),
        persist_state="session",
    )
    st.query_params["metric"] = str(metric)
    return str(metric)


def _caption(metric: str, several: bool) -> str:
    unit = "per cent" if METRICS[metric].higher_is_better else "percentage points"
    ink = "blue is good" if METRICS[metric].higher_is_better else "orange is bad"
    versus = " In the comparison, blue and + is better, orange and − is worse." if several else ""
    return (
        f"Numbers are {unit}: {METRICS[metric].sentence} The stronger the colour, the more: {ink}.{versus} "
        "· waits, ‖ was stopped, ✕ failed or was deleted. Click a cell, or choose it below, to look into it."
    )


def _board(boards: Sequence[tuple[str, str, Any]], headings: Sequence[str]) -> None:
    per_row = 3 if len(boards) in {3, 5} else min(2, len(boards)) if len(boards) < 5 else 3
    for start in range(0, len(boards), per_row):
        for column, i in zip(st.columns(per_row, gap="large"), range(start, len(boards)), strict=False):
            name, alt, fig = boards[i]
            with column:
                st.html(headings[i])
                show(
                    fig,
                    None,
                    key=f"phase-{name}",
                    alt=alt,
                    clicked=partial(_clicked, f"phase-{name}"),
                )


def _clicked(chart: str) -> None:
    points = st.session_state[chart].selection.points
    if points and (place := points[0].get("customdata")):
        st.session_state["place-skew"], st.session_state["place-separation"] = _pair(place)


def _pair(place: Any) -> tuple[float, float]:
    values = list(place.values()) if isinstance(place, dict) else list(place)
    return float(values[0]), float(values[1])


def arrive(view: SweepView) -> None:
    """Take the measure and the place in focus from the address, where the session has none."""
    complaints: list[str] = []
    if "sweep-metric" not in st.session_state:
        asked = read(st.query_params, "metric", one_of(SHOWN_METRICS), complaints)
        st.session_state["sweep-metric"] = asked or SHOWN_METRICS[0]
    # Another sweep has another grid.
    if st.session_state.get("sweep-shown") != view.id or any(key not in st.session_state for key in _PLACE):
        known, spec = "sweep-shown" in st.session_state, view.sweep.spec
        st.session_state["sweep-shown"] = view.id
        place = read(st.query_params, "at", partial(place_of, spec=spec), complaints if not known else [])
        st.session_state.update(zip(_PLACE, place or (spec.skews[-1], spec.separations[-1]), strict=True))
    notices.warn_unusable(complaints)


def _place() -> Place:
    """Return the place in focus."""
    return st.session_state["place-skew"], st.session_state["place-separation"]


def _detail(view: SweepView, cells: Sequence[Cell], at: Place | None) -> None:
    spec = view.sweep.spec
    with st.container(border=True, key="sweep-detail"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _slider("Skew", "place-skew", spec.skews, lambda skew: f"{skew:.0%}", "The row to look into.")
            _slider("Separation", "place-separation", spec.separations, lambda s: f"{s:g}", "The column.")
        st.query_params["at"] = f"{at[0]:g},{at[1]:g}" if at else ""
        for cell in cells:
            if (cell.point.skew, cell.point.separation) == at:
                _cell(view, cell)


def _slider(label: str, key: str, values: tuple[float, ...], text: Callable[[float], str], told: str) -> None:
    if len(values) > 1:
        st.select_slider(
            label, values, format_func=text, key=key, help=told, width=260, persist_state="session"
        )


def _cell(view: SweepView, cell: Cell) -> None:
    thumbnail = thumbnail_of(cell.folder, view.arms)
    seed = f", seed {cell.point.seed}" if len(view.sweep.spec.seeds) > 1 else ""
    title = f"Skew {cell.point.skew:.0%}, separation {cell.point.separation:g}{seed}"
    st.html(
        f'<div class="fx-cell"><div><div class="fx-run-title">{title}</div>'
        f"{thumbnail_html(thumbnail, arm_styles(view.arms))}</div>"
        f"{_results_html(view, cell)}</div>"
    )
    _links(view, cell)


def _links(view: SweepView, cell: Cell) -> None:
    with st.container(horizontal=True):
        if not view.bundled and cell.record is not None and cell.record.deleted is None:
            st.page_link(
                "studio.py",
                label="Open the run",
                icon=":material/visibility:",
                query_params={"run": cell.run},
            )
        if st.button(
            "Take these settings to the Studio",
            icon=":material/science:",
            key=f"adopt-{cell.point.seed}",
            help="Sets the controls of the Studio, where you can change them and launch a run of your own.",
        ):
            adopt(view.sweep.spec.run(cell.point))
            st.session_state["view"] = "data"
            st.switch_page("studio.py", query_params={"view": "data"})


def _results_html(view: SweepView, cell: Cell) -> str:
    if cell.result is None:
        return f'<p class="fx-note">{html.escape(cell.state_text.capitalize())}.</p>'
    grid = results_grid(results_table(cell.result.get("arms")), SHOWN_METRICS, view.arms, markup="html")
    head = "".join(f"<th scope='col'>{html.escape(METRICS[name].title)}</th>" for name in grid.columns)
    rows = []
    for arm, style in arm_styles(view.arms).items():
        heading = f"{marker_svg(style.symbol, style.color, size=12)} {html.escape(style.label)}"
        cells = "".join(f"<td>{text}</td>" for text in grid.loc[arm])
        rows.append(f"<tr><th scope='row'>{heading}</th>{cells}</tr>")
    return table_html(f"<th scope='col'>Method</th>{head}", "".join(rows), "Results of the run at this place")


def _numbers(view: SweepView, table: pd.DataFrame) -> None:
    folded("sweep", lambda: numbers(table, key="sweep-table", percent=tuple(METRICS)))
    with st.expander("The command that makes this sweep", icon=":material/terminal:", type="compact"):
        st.code(sweep_command(view.sweep.spec), language="bash", wrap_lines=True)
