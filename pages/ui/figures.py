"""Showing a figure with its description and its table."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
_STILL = {"displayModeBar": False}


def show(
    fig: go.Figure,
    table: pd.DataFrame | None,
    *,
    key: str,
    alt: str,
    caption: str = "",
    zoom: bool = False,
    percent: tuple[str, ...] = (),
) -> None:
    """Show a figure, then what must be known to read it, then its numbers on demand.

    Args:
        fig: the figure.
        table: the numbers behind it; None where another figure's table already has them.
        key: unique on the page.
        alt: what the figure shows, for screen readers.
        caption: one or two plain sentences.
        zoom: whether the figure can be panned and zoomed.
        percent: columns of the table that are shares.
    """
    config = _CONFIG | {"scrollZoom": True} if zoom else _STILL
    st.plotly_chart(fig, width="stretch", key=key, alt=alt, config=config)
    if caption:
        st.caption(caption)
    if table is not None:
        with st.expander("Table", icon=":material/table_rows:", type="compact"):
            numbers(table, key=f"{key}-table", percent=percent)


def numbers(table: pd.DataFrame, *, key: str, percent: tuple[str, ...] = ()) -> None:
    """Show a table; undefined entries read "undefined"."""
    config = {name: st.column_config.NumberColumn(format="percent") for name in percent}
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        key=key,
        column_config=config,
        placeholder="undefined",
        height=min(360, 38 + 35 * len(table)),
    )
