"""Loss and residuals over the iterations."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from fairdd_core.plots.theme import NEUTRAL, ArmStyle, arm_styles, base

CURVES = {
    "loss": (
        "Matching loss",
        "Distance of the synthetic images from the method's own target. Targets differ between methods, "
        "so compare the shape of the curves, not their height.",
    ),
    "worst_residual": (
        "Worst group residual",
        "Distance of the synthetic images from the group that is farthest from them, as a share of the "
        "mean length of the groups' signals. It can be compared across methods.",
    ),
}


def _curve(fig: go.Figure, rows: pd.DataFrame, column: str, style: ArmStyle, at: int | None) -> None:
    """Draw the running median of one arm, with its marker at the logged iteration nearest to ``at``."""
    # Every iteration uses another network, so single steps are noisy.
    smooth = rows[column].rolling(max(1, len(rows) // 25), center=True, min_periods=1).median()
    fig.add_scatter(
        x=rows["iteration"],
        y=smooth,
        name=style.text,
        mode="lines",
        line={"color": style.color, "dash": style.dash, "width": 2},
        hovertemplate="%{y:.3g}",
    )
    if at is not None and len(rows):
        nearest = (rows["iteration"] - at).abs().idxmin()
        fig.add_scatter(
            x=[rows["iteration"][nearest]],
            y=[smooth[nearest]],
            mode="markers",
            showlegend=False,
            marker=style.marker(10, edge=True),
            hoverinfo="skip",
            cliponaxis=False,
        )


def curve(
    table: pd.DataFrame,
    column: str = "loss",
    *,
    at: int | None = None,
    total: int | None = None,
    log_y: bool = True,
    height: int = 240,
) -> go.Figure:
    """Draw one column of ``curves_table`` over the iterations, one line per arm.

    Args:
        table: from ``curves_table``.
        column: ``loss`` or ``worst_residual``.
        at: iteration to mark with a vertical line.
        total: planned iterations, so that the axis does not move while a run grows.
        log_y: whether the vertical axis is logarithmic.
        height: in pixels.
    """
    fig = base(height, legend_rows=1, hovermode="x unified")
    for name, style in arm_styles(list(table["arm"].unique())).items():
        _curve(fig, table[table["arm"] == name], column, style, at)
    if at is not None:
        fig.add_vline(x=at, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    fig.update_xaxes(title_text="iteration", fixedrange=True, range=[0, 1.03 * total] if total else None)
    title, scale = CURVES[column][0].lower(), "log" if log_y else "linear"
    fig.update_yaxes(title_text=title, type=scale, fixedrange=True, nticks=5)
    return fig
