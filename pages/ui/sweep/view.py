"""The figures of a sweep, and the runs at the place in focus."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fairdd_core.analysis.grids import Place, gain_table, grid_table
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import results_grid, results_table
from fairdd_core.analysis.wording import NOISE_FLOOR
from fairdd_core.config.command import sweep_command
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.data.registry import crossed_test
from fairdd_core.plots import sweep as plots
from fairdd_core.plots.theme import arm_styles
from fairdd_core.runs.storage.identity import mixed_note
from fairdd_core.runs.storage.sweeps import Cell, sweep_table
from pages.ui.common import notices, url
from pages.ui.common.cache import thumbnail_of
from pages.ui.common.figures import show_figure, table_expander
from pages.ui.common.html import arm_heading, arm_markdown, thumbnail_html
from pages.ui.controls.sidebar import adopt
from pages.ui.sweep.model import SHOWN_METRICS, SweepView, cell_sentence, parse_place, summary
from pages.ui.sweep.repeats import over_seeds

PLACE_COLUMNS = ("skew", "separation", "seed", "arm", "run", "state")
_METRIC, _SKEW, _SEPARATION, _SHOWN = "sweep-metric", "place-skew", "place-separation", "sweep-shown"


def restore(view: SweepView) -> None:
    """Take the metric and the place in focus from the address, where the session has none."""
    unusable: list[str] = []
    if _METRIC not in st.session_state:
        asked = url.read(st.query_params, "metric", url.one_of(SHOWN_METRICS), unusable)
        st.session_state[_METRIC] = asked or SHOWN_METRICS[0]
    # Another sweep has another grid.
    known = st.session_state.get(_SHOWN)
    if known != view.id or _SKEW not in st.session_state or _SEPARATION not in st.session_state:
        spec = view.sweep.spec
        of_place = unusable if known is None else []
        place = url.read(st.query_params, "at", partial(parse_place, spec=spec), of_place)
        _focus(place or (spec.skews[-1], spec.separations[-1]))
        st.session_state[_SHOWN] = view.id
    notices.warn_unusable(unusable)


def _focus(place: Place) -> None:
    st.session_state[_SKEW], st.session_state[_SEPARATION] = place


def figures(view: SweepView, cells: Sequence[Cell]) -> None:
    """Draw the metric of every method, what alignment gains, the place in focus, and the numbers."""
    metric, arms = _metric_control(), view.arms
    table = sweep_table(cells, arms)
    if mixed := mixed_note(cell.result for cell in cells):
        st.warning(mixed, icon=":material/warning:")
    if sentence := summary(table, arms, metric):
        st.markdown(sentence)
    at = st.session_state[_SKEW], st.session_state[_SEPARATION]
    _grids(table, arms, metric, at)
    about = [cell_sentence(view.sweep.spec), _caption(metric, len(arms) > 1), _alike(view.sweep.spec, metric)]
    st.caption(" ".join([*about, _chance(table, metric)]))
    _place(view, cells, at)
    shown = [metric, *(f"{metric}_{part}" for part in ("low", "high", "floor", "excess", "left_out"))]
    if not METRICS[metric].is_gap:
        shown = shown[:3]
    table_expander(table[[*PLACE_COLUMNS, *shown]], "sweep", percent=tuple(shown))
    with st.expander("Command for this sweep", icon=":material/terminal:", type="compact"):
        st.code(sweep_command(view.sweep.spec), language="bash", wrap_lines=True)


def _metric_control() -> str:
    metric = st.segmented_control(
        "Metric",
        SHOWN_METRICS,
        format_func=lambda name: METRICS[name].title,
        required=True,
        key=_METRIC,
        help="\n\n".join(f"**{METRICS[name].title}**: {METRICS[name].sentence}" for name in SHOWN_METRICS),
        persist_state="session",
    )
    st.query_params["metric"] = str(metric)
    return str(metric)


def _grids(table: pd.DataFrame, arms: Sequence[str], metric: str, at: Place) -> None:
    """Draw a grid per arm, and for all but the first one their gain over it."""
    title, styles = METRICS[metric].title, arm_styles(list(arms))
    panels: list[tuple[str, str, str, go.Figure]] = []
    for arm, style in styles.items():
        fig = plots.phase(grid_table(table, arm, metric), metric, at=at)
        alt = f"{title} of {style.label} over skew and separation."
        panels.append((arm, arm_heading(style), alt, fig))
    first = styles[arms[0]].label
    for arm, style in list(styles.items())[1:]:
        fig = plots.gain(gain_table(table, arm, arms[0], metric), metric, at=at)
        heading = f'<div class="fx-arm">{html.escape(style.label)} against {html.escape(first)}</div>'
        alt = f"Gain of {style.label} over {first} over skew and separation."
        panels.append((f"gain-{arm}", heading, alt, fig))
    per_row = min(2, len(panels)) if len(panels) in {1, 2, 4} else 3
    for start in range(0, len(panels), per_row):
        row = panels[start : start + per_row]
        for column, (name, heading, alt, fig) in zip(st.columns(per_row, gap="large"), row, strict=False):
            with column:
                st.html(heading)
                key = f"phase-{name}"
                show_figure(fig, None, key=key, alt=alt, clicked=partial(_focus_clicked, key))


def _focus_clicked(chart: str) -> None:
    points = st.session_state[chart].selection.points
    if points and (place := points[0].get("customdata")):
        values = list(place.values()) if isinstance(place, dict) else list(place)
        _focus((float(values[0]), float(values[1])))


def _caption(metric: str, several: bool) -> str:
    higher = METRICS[metric].higher_is_better
    unit, ink = ("per cent", "blue is good") if higher else ("percentage points", "orange is bad")
    gain = " In the comparison, blue and + is better, orange and − is worse." if several else ""
    return (
        f"Numbers are {unit}: {METRICS[metric].sentence} A stronger colour is a larger number: {ink}.{gain} "
        "· waiting, ‖ stopped, ✕ failed or deleted. Click a cell, or choose it below, to see its run."
    )


def _alike(spec: SweepSpec, metric: str) -> str:
    """Return what a gap means where the test copies of a picture are identical."""
    if not (METRICS[metric].is_gap and 0 in spec.separations and crossed_test(spec.base.data)):
        return ""
    return (
        "At separation 0 the test shows the same picture in every group, so gaps there are 0 **by "
        "construction**: judge by accuracy."
    )


def _chance(table: pd.DataFrame, metric: str) -> str:
    """Return what the noise floor of the shown gaps is, or that it is unknown."""
    if not METRICS[metric].is_gap:
        return ""
    if table[f"{metric}_floor"].isna().all():
        return "These runs were made by an earlier version and have no noise floor." if len(table) else ""
    return f"{NOISE_FLOOR} It is in the table, and shown when you point at a cell."


def _place(view: SweepView, cells: Sequence[Cell], at: Place) -> None:
    """Draw the runs at the place in focus, with the controls that choose it."""
    spec = view.sweep.spec
    with st.container(border=True, key="sweep-detail"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _slider("Skew", _SKEW, spec.skews, lambda skew: f"{skew:.0%}", "The row of the grid.")
            _slider(
                "Separation", _SEPARATION, spec.separations, lambda s: f"{s:g}", "The column of the grid."
            )
        st.query_params["at"] = f"{at[0]:g},{at[1]:g}"
        here = [cell for cell in cells if (cell.point.skew, cell.point.separation) == at]
        over_seeds(view, here)
        for cell in here:
            _cell(view, cell)


def _slider(label: str, key: str, values: tuple[float, ...], text: Callable[[float], str], help: str) -> None:
    if len(values) > 1:
        st.select_slider(
            label, values, format_func=text, key=key, help=help, width=260, persist_state="session"
        )


def _cell(view: SweepView, cell: Cell) -> None:
    seed = f", seed {cell.point.seed}" if len(view.sweep.spec.seeds) > 1 else ""
    left, right = st.columns([3, 7], gap="medium")
    with left:
        st.markdown(f"**Skew {cell.point.skew:.0%}, separation {cell.point.separation:g}{seed}**")
        st.html(thumbnail_html(thumbnail_of(cell.folder, view.arms), arm_styles(view.arms)))
    with right:
        if cell.result is None:
            st.caption(f"{cell.state_text.capitalize()}.")
        else:
            _results(view.arms, cell.result)
    _links(view, cell)


def _results(arms: Sequence[str], result: dict[str, Any]) -> None:
    grid = results_grid(results_table(result.get("arms")), SHOWN_METRICS, arms, markup="markdown")
    grid.index = pd.Index([arm_markdown(style) for style in arm_styles(list(arms)).values()], name="Method")
    titles = {name: METRICS[name].title for name in SHOWN_METRICS}
    st.table(grid.rename(columns=titles), border="horizontal", alt="Results of the run in focus")


def _links(view: SweepView, cell: Cell) -> None:
    with st.container(horizontal=True):
        if not view.bundled and cell.record is not None and cell.record.deleted is None:
            link = {"run": cell.run}
            st.page_link("studio.py", label="Open the run", icon=":material/visibility:", query_params=link)
        if st.button(
            "Use these settings in the Studio",
            icon=":material/science:",
            key=f"adopt-{cell.point.seed}",
            help="Sets the controls of the Studio, where you can change them and launch a run of your own.",
        ):
            adopt(view.sweep.spec.run(cell.point))
            st.session_state["view"] = "data"
            st.switch_page("studio.py", query_params={"view": "data"})
