"""The panels of the maps, one per arm, linked by what is picked out and by the scrubber."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.plots import maps
from fairdd_core.plots.map_table import Chosen, Projection, at_iteration, is_chosen, ranges, trail
from fairdd_core.plots.theme import ArmStyle, arm_styles
from pages.ui import map_choice
from pages.ui.figures import figure_config, on_its_ground
from pages.ui.runs import RunView
from pages.ui.style import arm_heading

HEIGHT = 440
_TOOLS = [["toImage"], ["lasso2d", "select2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]]


def panels(
    view: RunView,
    table: pd.DataFrame,
    at: int,
    chosen: Chosen,
    *,
    projection: Projection,
    color_by: maps.ColorBy,
    focus: int | None,
) -> None:
    """Draw a map per arm.

    Args:
        view: the run.
        table: ``map_table`` over all iterations, so that the axes never change.
        at: the iteration to show.
        chosen: what is picked out.
        projection: of ``table``.
        color_by: what colour says.
        focus: index of a class, or None.
    """
    now, axes = at_iteration(table, at), ranges(table)
    chosen_N = is_chosen(now, chosen) if chosen else None
    region = chosen.region if chosen.projection == projection else ()
    styles = arm_styles(view.arms)
    per_row = min(3, max(2, len(styles)))
    with st.container(key="map-panels"):
        for start in range(0, len(styles), per_row):
            names = list(styles)[start : start + per_row]
            for column, arm in zip(st.columns(per_row, gap="medium"), names, strict=False):
                fig = maps.arm_map(
                    now,
                    arm,
                    color_by=color_by,
                    group_colors=view.labels.colors,
                    groups=len(view.labels.groups),
                    focus=focus,
                    chosen_N=chosen_N,
                    path=None if focus is None else trail(table, arm, focus, at),
                    region=region,
                    axes=axes,
                    height=HEIGHT,
                )
                with column:
                    st.html(arm_heading(styles[arm]))
                    st.plotly_chart(
                        on_its_ground(fig),
                        width="stretch",
                        key=f"map-{arm}",
                        config=figure_config(f"map-{arm}", zoom=True) | {"modeBarButtons": _TOOLS},
                        alt=_alt(projection, styles[arm], at, chosen_N),
                        on_select=map_choice.on_select(f"map-{arm}", candidates(now, focus), projection),
                        selection_mode=("points", "box", "lasso"),
                    )


def candidates(now: pd.DataFrame, focus: int | None) -> pd.DataFrame:
    """Return the points that can be picked out: those of the class in focus, or all."""
    samples = now[now["kind"].isin(["real", "synthetic"])]
    return samples if focus is None else samples[samples["class_id"] == focus]


def _alt(projection: Projection, style: ArmStyle, at: int, chosen_N: np.ndarray | None) -> str:
    picked = "" if chosen_N is None else " What is picked out stands out; the images below tell what it is."
    return (
        f"{projection.upper()} map of real samples and {style.label}'s images after {at} iterations.{picked}"
    )
