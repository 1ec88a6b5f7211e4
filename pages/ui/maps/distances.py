"""The distances behind the maps: charts to see who is far off, and one table to read."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.residuals import distance_matrix, distance_table
from fairdd_core.plots.maps import distance_dots
from fairdd_core.plots.theme import arm_styles, group_css
from pages.ui.common import errors
from pages.ui.common.errors import escape_markdown
from pages.ui.common.figures import folded, numbers, show
from pages.ui.common.html import marker_svg
from pages.ui.common.runs import RunView

_PARTS = {"target": "to its target", "images": "to its images"}


@errors.guarded
def distances(view: RunView, focus: int | None) -> None:
    """Draw how far each group of a class is from where each arm aims and from what it made."""
    residuals, labels = view.folder.residuals(), view.labels
    if residuals is None or residuals.empty:
        return
    st.header("How far each group is from where the method aims", anchor=False)
    st.caption(
        "Aims and distances as the network of this map sees them. Distilling itself aims through many random "
        "networks, so take them for the direction, not for the exact place."
    )
    if focus is None:
        st.caption("Choose a class in focus to see its distances as a chart.")
        table = distance_table(residuals, labels.classes, labels.groups)
        folded("distances", lambda: numbers(table, key="distances-all", percent=("share",)))
        return
    _charts(residuals, focus, labels.classes[focus], labels.groups)
    st.html(matrix_html(view, distance_matrix(residuals, focus, labels.groups)))
    st.caption(
        "Distances from the mean of a group's real images, in the feature space itself. Bold: the group that "
        "is farthest off. The distance to the images is to the mean of the finished synthetic images."
    )


def _charts(residuals: pd.DataFrame, focus: int, name: str, groups: tuple[str, ...]) -> None:
    left, right = st.columns(2, gap="large")
    for column, part, title in (
        (left, "to_target", "To the target"),
        (right, "to_synthetic", "To the mean of the synthetic images"),
    ):
        with column:
            st.markdown(f"**{title}**, class {escape_markdown(name)}")
            show(
                distance_dots(residuals, focus, groups, part),
                None,
                key=f"distance-{part}",
                title=f"{title}, class {name}",
                alt=f"Distance of each group's mean {title.lower()} for class {name}.",
            )


def matrix_html(view: RunView, table: pd.DataFrame) -> str:
    """Return ``distance_matrix`` as a table, a row per group, two columns per arm."""
    arms = [arm for arm in dict.fromkeys(arm for arm, _ in table.columns) if arm]
    styles = arm_styles(arms)
    heads = "".join(
        f"<th scope='colgroup' colspan='2'>{marker_svg(styles[arm].symbol, styles[arm].color)} "
        f"{html.escape(styles[arm].label)}</th>"
        for arm in arms
    )
    parts = "".join(f"<th scope='col'>{name}</th>" for _ in arms for name in _PARTS.values())
    farthest = {(arm, part): table[arm, part].max() for arm in arms for part in _PARTS}
    decimals = max(0, 2 - int(np.floor(np.log10(max([1e-3, *np.nan_to_num(list(farthest.values()))])))))
    rows = []
    for color, (group, row) in zip(group_css(view.labels.colors, len(table)), table.iterrows(), strict=True):
        cells = "".join(_cell(row[place], most, decimals) for place, most in farthest.items())
        rows.append(
            f"<tr><th scope='row'><i class='fx-chip' style='background:{color}'></i> "
            f"{html.escape(str(group))}</th><td>{row['', 'n']:.0f}</td><td>{row['', 'share']:.0%}</td>"
            f"{cells}</tr>"
        )
    return (
        "<div class='fx-scroll' tabindex='0' role='region' aria-label='Distances of each group'>"
        "<table class='fx-table fx-distances'><thead>"
        f"<tr><th rowspan='2' scope='col'>group</th><th rowspan='2' scope='col'>images</th>"
        f"<th rowspan='2' scope='col'>share</th>{heads}</tr><tr>{parts}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(value: float, most: float, decimals: int) -> str:
    if not np.isfinite(value):
        return "<td>none</td>"
    text = f"{value:.{decimals}f}"
    return f"<td><b>{text}</b></td>" if value == most else f"<td>{text}</td>"
