"""Figures with their description and table, both of which can be saved, and the choice of their metric."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.results import HEADLINE
from fairdd_core.plots import compare as plots
from fairdd_core.plots.theme import arm_label, literal
from fairdd_core.report.tables import csv
from pages.ui.common.url import params

GAPS = ("deo_mean", "deo_max")
_BAR = 28
"""Pixels above a figure for the button that saves it, which must not cover marks."""
_INK, _DARK = {"light": "#1f2933", "dark": "#e6ebf0"}, "#12161b"
"""Colours of text and of the dark ground, as in the themes."""
_MOVES = ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]


def show_figure(
    fig: go.Figure,
    table: pd.DataFrame | None,
    *,
    key: str,
    alt: str,
    title: str = "",
    caption: str = "",
    zoom: bool = False,
    percent: tuple[str, ...] = (),
    clicked: Callable[[], None] | None = None,
) -> None:
    """Show a figure, then its caption, then its table on demand.

    The button above the figure saves it as SVG, in the browser; the one below the table as CSV.

    Args:
        fig: the figure.
        table: its numbers; None where the table of another figure has them.
        key: unique on the page.
        alt: what the figure shows, for screen readers.
        title: of the saved file of a figure without a legend; on the page a heading says the same.
        caption: one or two plain sentences.
        zoom: whether it can be panned and zoomed.
        percent: columns of the table that are shares.
        clicked: called when a mark is clicked; ``st.session_state[key].selection`` says which.
    """
    st.plotly_chart(
        _with_room(themed(fig, title)),
        width="stretch",
        key=key,
        alt=alt,
        config=figure_config(key, zoom),
        on_select=clicked or "ignore",
        selection_mode="points",
    )
    if caption:
        st.caption(caption)
    if table is not None:
        table_expander(table, key, percent=percent)


def table_expander(
    table: pd.DataFrame, key: str, label: str = "Table", *, percent: tuple[str, ...] = ()
) -> None:
    """Draw a table in a ``lazy_expander``."""
    lazy_expander(key, lambda: show_table(table, key=f"{key}-table", percent=percent), label)


def lazy_expander(key: str, draw: Callable[[], None], label: str) -> None:
    """Draw an expander whose content is only made, and sent to the browser, once it is open.

    Args:
        key: of the expander, unique on the page.
        draw: draws the content.
        label: of the expander.
    """
    icon = ":material/table_rows:"
    expander = st.expander(label, icon=icon, type="compact", key=f"{key}-fold", on_change="rerun")
    if expander.open:
        with expander:
            draw()


def figure_config(name: str, zoom: bool = False) -> dict[str, Any]:
    """Return the Plotly configuration of a figure: saved as ``name``.svg, and panned and zoomed if wanted."""
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"], _MOVES] if zoom else [["toImage"]],
        "toImageButtonOptions": {"format": "svg", "filename": file_name(name)},
        "scrollZoom": zoom,
    }


def file_name(key: str) -> str:
    """Return a file name without suffix: the key, and the run or sweep that the address names."""
    run = params().get("run") or params().get("sweep", "")
    name = f"{key}-{run}" if re.fullmatch(r"[\w-]{1,80}", run) else key
    return re.sub(r"[^\w.-]+", "-", name).strip("-")


def themed(fig: go.Figure, title: str = "") -> go.Figure:
    """Give a figure the title and colours for its saved file: light text on a dark ground for a dark page.

    On the page, the style sheets hide title and ground.
    """
    if title and fig.layout.showlegend is False:  # else the legend stands there, and names what is drawn
        text = f"<b>{literal(title)}</b>"
        fig.update_layout(
            title={"text": text, "x": 0, "y": 1, "yanchor": "top", "pad": {"l": 8, "t": 6}, "font_size": 13}
        )
    if (theme := st.context.theme.type) in _INK:
        fig.update_layout(font_color=_INK[theme])
        fig.update_xaxes(tickfont_color=_INK[theme], title_font_color=_INK[theme])
        fig.update_yaxes(tickfont_color=_INK[theme], title_font_color=_INK[theme])
    if theme == "dark":
        fig.update_layout(paper_bgcolor=_DARK)
    return fig


def _with_room(fig: go.Figure) -> go.Figure:
    """Make room for the buttons above a figure; its plot keeps its size."""
    top, height = fig.layout.margin.t or 0, fig.layout.height
    room = max(_BAR, top)
    return fig.update_layout(margin_t=room, height=None if height is None else height + room - top)


def show_table(table: pd.DataFrame, *, key: str, percent: tuple[str, ...] = ()) -> None:
    """Show a table, undefined entries as "undefined", with a button that saves it."""
    config: dict[str, Any] = {name: st.column_config.NumberColumn(format="percent") for name in percent}
    shown = table
    if "arm" in table.columns:
        shown = table.assign(arm=[arm_label(str(arm)) for arm in table["arm"]])
        config["arm"] = "method"
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        key=key,
        column_config=config,
        placeholder="undefined",
        height=min(360, 38 + 35 * len(table)),
    )
    st.download_button(
        "CSV",
        data=lambda: csv(table),
        file_name=f"{file_name(key.removesuffix('-table'))}.csv",
        mime="text/csv",
        key=f"{key}-csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help="Saves this table. Shares are between 0 and 1; what is undefined is empty, not zero.",
    )


def gap_control(key: str) -> str:
    """Draw the choice between the two gaps and return the name of the chosen one in ``METRICS``.

    Args:
        key: of the widget, unique on the page.
    """
    chosen = st.segmented_control(
        "Gap",
        list(GAPS),
        default=GAPS[0],
        required=True,
        key=key,
        format_func=lambda name: METRICS[name].title,
        help="\n\n".join(f"**{METRICS[n].title}**: {METRICS[n].sentence}" for n in GAPS),
    )
    return str(chosen)


def seeds_metric_control(key: str) -> str:
    """Draw the choice of the metric that is shown over seeds and return its name in ``METRICS``.

    Args:
        key: of the widget, unique on the page.
    """
    chosen = st.segmented_control(
        "Metric over seeds",
        HEADLINE,
        default="deo_mean",
        required=True,
        key=key,
        format_func=lambda name: METRICS[name].title,
        label_visibility="collapsed",
    )
    return str(chosen)


def difference_figures(
    table: pd.DataFrame, key: str, what: str, hidden: Sequence[str] = ("by_network",)
) -> None:
    """Draw differences, a figure per metric on common axes.

    Args:
        table: from ``analysis.differences.difference_table``, with the column ``run``.
        key: beginning of the figures' keys.
        what: the reference, as in ``to run A``.
        hidden: columns that the tables below do not show.
    """
    reach, shown = plots.common_reach(table), table.drop(columns=list(hidden))
    names = list(table["metric"].unique())
    for column, name in zip(st.columns(len(names), gap="large"), names, strict=True):
        with column:
            st.markdown(f"**{METRICS[name].title}**")
            show_figure(
                plots.differences(table, name, reach=reach),
                shown[shown["metric"] == name],
                key=f"{key}-{name}",
                alt=f"Difference in {METRICS[name].title} {what}, with 95 % intervals.",
                title=f"{METRICS[name].title}, difference {what}",
                percent=("difference", "low", "high"),
            )
