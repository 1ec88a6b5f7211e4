"""Who is left how far behind, and when alignment is bound to help: the method's own view of a run."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fairdd_core.analysis.residuals import last_moment, residual_table, theorem_table
from fairdd_core.plots.dots import residual_dots
from fairdd_core.plots.theme import arm_styles
from pages.ui.common import errors
from pages.ui.common.figures import numbers, show
from pages.ui.common.html import arm_heading
from pages.ui.common.runs import RunView

ROUNDING = 1 + 1e-4


@errors.guarded
def residual_view(view: RunView) -> None:
    """Draw the residuals of every group and what the theorem says of them; nothing for runs without them."""
    cells = view.folder.diagnostics()
    if cells is None or cells.empty:
        return
    st.header("Who is left behind, before any test", anchor=False)
    now = last_moment(cells)
    _residuals(now, view)
    _theorem(now, view)


def _residuals(now: pd.DataFrame, view: RunView) -> None:
    table = residual_table(now, view.labels.classes, view.labels.groups)
    styles = arm_styles([arm for arm in view.arms if arm in set(table["arm"])])
    most = float(table["residual"].max())
    for column, arm in zip(st.columns(min(3, max(2, len(styles)))) * 3, styles, strict=False):
        with column:
            st.html(arm_heading(styles[arm]))
            own = table[table["arm"] == arm]
            show(
                residual_dots(own, view.labels.groups, view.labels.colors, most),
                own,
                key=f"residuals-{arm}",
                alt=f"Distance of every group from the synthetic images of each class, {styles[arm].label}.",
                title=f"{styles[arm].label}: residual of each group",
                percent=("share",),
            )
    st.caption(
        "A dot is a group: how far its real images are from the synthetic ones of the class, as the matching "
        f"network of iteration {int(now['iteration'].iloc[0])} sees them. 1 is the mean distance of the "
        "class's groups from their common centre: less than that for one group is paid for by another."
    )


def _theorem(now: pd.DataFrame, view: RunView) -> None:
    table = theorem_table(now, view.labels.classes, view.labels.groups)
    promised = int(table["condition"].sum())
    kept = int((table["common centre"] <= table["vanilla target"] * ROUNDING).sum())
    centre, vanilla = table["common centre"].mean(), table["vanilla target"].mean()
    st.markdown(
        f"**What can be promised** (Theorem 4.1): in **{promised} of {len(table)}** classes Vanilla's target "
        "is not shifted towards the group that the common centre leaves farthest behind. There, aiming at it "
        f"cannot make the worst distance larger. It is no larger in **{kept} of {len(table)}**: on "
        f"average the worst group is {centre:.2f} from the centre, and {vanilla:.2f} from Vanilla's target."
    )
    with st.expander("Class by class", icon=":material/table_rows:", type="compact"):
        numbers(table, key="theorem-table")
