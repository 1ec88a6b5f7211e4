"""The panels of the maps, one per arm, linked by what is picked out, by the scrubber and by the zoom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fairdd_core.embed.map_table import Projection, Selection, at_iteration, is_selected, ranges, trail
from fairdd_core.plots import maps
from fairdd_core.plots.theme import ArmStyle, arm_styles
from pages.ui.common.figures import figure_config, on_its_ground
from pages.ui.common.html import arm_heading
from pages.ui.common.runs import RunView
from pages.ui.maps import selection as map_choice
from pages.ui.maps import zoom as map_zoom

_KEY = "map-panels"
_TOOLS = [["toImage"], ["lasso2d", "select2d", "pan2d"], ["zoomIn2d", "zoomOut2d"]]


@dataclass(frozen=True)
class Shown:
    """What the maps of a run show.

    Attributes:
        table: ``map_table`` over all iterations, so that the axes never change by themselves.
        projection: of ``table``.
        color_by: what colour says.
        focus: index of a class, or None.
        at: the iteration.
    """

    table: pd.DataFrame
    projection: Projection
    color_by: maps.ColorBy
    focus: int | None
    at: int

    def now(self) -> pd.DataFrame:
        """Return the points at the iteration."""
        return at_iteration(self.table, self.at)

    def candidates(self) -> pd.DataFrame:
        """Return the points that can be picked out: those of the class in focus, or all."""
        now = self.now()
        samples = now[now["kind"].isin(["real", "synthetic"])]
        return samples if self.focus is None else samples[samples["class_id"] == self.focus]


def panels(view: RunView, shown: Shown, chosen: Selection) -> None:
    """Draw a map per arm."""
    now, whole, candidates = shown.now(), ranges(shown.table), shown.candidates()
    axes = map_zoom.shown(shown.projection, whole)
    chosen_N = is_selected(now, chosen) if chosen else None
    region = chosen.region if chosen.projection == shown.projection else ()
    styles = arm_styles(view.arms)
    per_row = min(3, max(2, len(styles)))
    with st.container(key=_KEY):
        for start in range(0, len(styles), per_row):
            names = list(styles)[start : start + per_row]
            for column, arm in zip(st.columns(per_row, gap="medium"), names, strict=False):
                fig = maps.arm_map(
                    now,
                    arm,
                    color_by=shown.color_by,
                    group_colors=view.labels.colors,
                    groups=len(view.labels.groups),
                    focus=shown.focus,
                    chosen_N=chosen_N,
                    path=None if shown.focus is None else trail(shown.table, arm, shown.focus, shown.at),
                    region=region,
                    axes=axes,
                    drag=map_zoom.tool(),
                )
                with column:
                    _panel(fig, arm, styles[arm], shown, candidates, chosen_N)
    clicked = partial(map_choice.clicked, candidates, shown.projection)
    map_zoom.follow(shown.projection, whole, f".st-key-{_KEY}", clicked)


def _panel(
    fig: go.Figure,
    arm: str,
    style: ArmStyle,
    shown: Shown,
    candidates: pd.DataFrame,
    chosen_N: np.ndarray | None,
) -> None:
    key = f"map-{arm}"
    st.html(arm_heading(style))
    st.plotly_chart(
        on_its_ground(fig, f"{style.label}, {shown.projection.upper()}, after {shown.at} iterations"),
        width="stretch",
        key=key,
        config=figure_config(key, zoom=True) | {"modeBarButtons": _TOOLS},
        alt=_alt(shown, style, chosen_N),
        on_select=map_choice.on_select(key, candidates, shown.projection),
        selection_mode=("points", "box", "lasso"),
    )


def _alt(shown: Shown, style: ArmStyle, chosen_N: np.ndarray | None) -> str:
    picked = "" if chosen_N is None else " What is picked out stands out; the images below tell what it is."
    return (
        f"{shown.projection.upper()} map of real samples and {style.label}'s images "
        f"after {shown.at} iterations.{picked}"
    )
