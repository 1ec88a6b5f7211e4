"""The residual of every group, and what Theorem 4.1 says about it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fairdd_core.analysis.residuals import (
    NO_VARIANCE,
    last_moment,
    residual_table,
    target_variances,
    theorem_table,
)
from fairdd_core.analysis.theorem import bound_gap
from fairdd_core.plots.dots import residual_dots
from fairdd_core.plots.theme import arm_label
from pages.ui.common.errors import guarded
from pages.ui.common.figures import show_figure, show_table
from pages.ui.common.html import arm_columns
from pages.ui.common.runs import RunView

ROUNDING = 1 + 1e-4


@guarded
def residual_view(view: RunView) -> None:
    """Draw the residuals of every group and the theorem's statement; nothing for runs without residuals."""
    cells = view.folder.diagnostics()
    if cells is None or cells.empty:
        return
    st.header("Residual per group", anchor=False)
    last = last_moment(cells)
    _residuals(last, view)
    _theorem(last, view)


def _residuals(cells: pd.DataFrame, view: RunView) -> None:
    table = residual_table(cells, view.labels.classes, view.labels.groups)
    most = float(table["residual"].max())
    for arm, style, column in arm_columns([arm for arm in view.arms if arm in set(table["arm"])]):
        with column:
            own = table[table["arm"] == arm]
            show_figure(
                residual_dots(own, view.labels.groups, view.labels.colors, most),
                own,
                key=f"residuals-{arm}",
                alt=f"Distance of every group from the synthetic images of each class, {style.label}.",
                title=f"{style.label}: residual of each group",
                percent=("share",),
            )
    st.caption(
        "A dot is a group: the distance of its real images from the synthetic images of the class, in the "
        f"features of the matching network of iteration {int(cells['iteration'].iloc[0])}. 1 is the mean "
        "distance of the class's groups from their common centre: getting closer to one group means getting "
        "farther from another. No test network is involved."
    )
    variances = target_variances(cells)
    if variances.max() > NO_VARIANCE:
        each = ", ".join(f"{arm_label(str(arm))} {value:.2g}" for arm, value in variances.items())
        st.caption(f"Variance of the target from drawing real images, where that of one image is 1: {each}.")


def _theorem(cells: pd.DataFrame, view: RunView) -> None:
    table = theorem_table(cells, view.labels.classes, view.labels.groups)
    guaranteed = int(table["condition"].sum())
    observed = int((table["common centre"] <= table["vanilla target"] * ROUNDING).sum())
    centre, vanilla = table["common centre"].mean(), table["vanilla target"].mean()
    st.markdown(
        f"**Theorem 4.1**: in **{guaranteed} of {len(table)}** classes, Vanilla's target is not shifted "
        "towards the group that is farthest from the common centre. In these classes, the largest distance "
        "to the common centre is guaranteed not to exceed the largest distance to Vanilla's target. It does "
        f"not exceed it in **{observed} of {len(table)}** classes: on average the farthest group is "
        f"{centre:.2f} from the common centre, and {vanilla:.2f} from Vanilla's target."
    )
    first = cells[(cells["arm"] == cells["arm"].iloc[0]) & (cells["class_id"] == cells["class_id"].iloc[0])]
    if why := bound_gap(first):
        st.caption(
            "The paper's bound on Vanilla's residuals, imbalance times separation, is not shown: it does not "
            f"apply here, because {why}."
        )
    with st.expander("Class by class", icon=":material/table_rows:", type="compact"):
        show_table(table, key="theorem-table")
