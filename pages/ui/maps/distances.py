"""The distances in feature space that the maps only approximate: two charts and a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.residuals import distance_matrix, distance_table
from fairdd_core.plots.dots import distance_dots
from fairdd_core.plots.theme import arm_styles, group_css
from pages.ui.common.errors import escape_markdown, guarded
from pages.ui.common.figures import show_figure, table_expander
from pages.ui.common.html import arm_markdown, marker_markdown
from pages.ui.common.runs import RunView


@guarded
def distances(view: RunView, focus: int | None) -> None:
    """Draw the distance of each group of a class to the target and to the images of each arm."""
    residuals, labels = view.folder.residuals(), view.labels
    if residuals is None or residuals.empty:
        return
    st.header("Distance of each group to the target", anchor=False)
    st.caption(
        "Targets and distances in the feature space of these maps. Distillation itself computes targets with "
        "many random networks, so read the directions rather than the exact positions."
    )
    if focus is None:
        st.caption("Choose a class in focus to see its distances as a chart.")
        table = distance_table(residuals, labels.classes, labels.groups)
        table_expander(table, "distances", percent=("share",))
        return
    name = labels.classes[focus]
    parts = {"to_target": "To the target", "to_synthetic": "To the mean of the synthetic images"}
    for column, (part, title) in zip(st.columns(2, gap="large"), parts.items(), strict=True):
        with column:
            st.markdown(f"**{title}**, class {escape_markdown(name)}")
            show_figure(
                distance_dots(residuals, focus, labels.groups, part),
                None,
                key=f"distance-{part}",
                title=f"{title}, class {name}",
                alt=f"Distance of each group's mean {title.lower()} for class {name}.",
            )
    _table(view, distance_matrix(residuals, focus, labels.groups), name)
    st.caption(
        "Distances from the mean of a group's real images. Bold: the farthest group. The distance to the "
        "images is to the mean of the finished synthetic images."
    )


def _table(view: RunView, table: pd.DataFrame, class_name: str) -> None:
    """Draw ``distance_matrix``: a row per group, two columns per arm."""
    arms = [arm for arm in dict.fromkeys(arm for arm, _ in table.columns) if arm]
    titles = {("", "n"): "images", ("", "share"): "share"}
    for arm, style in arm_styles(arms).items():
        titles[arm, "target"] = f"{arm_markdown(style)}  \nto target"
        titles[arm, "images"] = f"{arm_markdown(style)}  \nto images"
    measured = [place for place in titles if place[0]]
    largest = np.nanmax(table[measured].to_numpy(float), initial=1e-3)
    decimals = max(0, 2 - int(np.floor(np.log10(largest))))
    colors = group_css(view.labels.colors, len(table))
    index = [
        f"{marker_markdown('square', color)} {escape_markdown(group)}"
        for color, group in zip(colors, table.index, strict=True)
    ]
    named = (
        table[list(titles)].set_axis(list(titles.values()), axis=1).set_axis(pd.Index(index, name="Group"))
    )
    distance_columns = [titles[place] for place in measured]
    formats = dict.fromkeys(distance_columns, f"{{:.{decimals}f}}") | {"images": "{:.0f}", "share": "{:.0%}"}
    styler = named.style.format(formats, na_rep="none")
    st.table(
        styler.highlight_max(distance_columns, props="font-weight:bold"),
        border="horizontal",
        alt=f"Distance of each group to the target and the images of each method, class {class_name}",
    )
