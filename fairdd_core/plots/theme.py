"""Colours and markers of arms and groups, and what all figures share; for light and dark themes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from fairdd_core.distill.alignments.registry import ALL_DISCREPANCIES
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.text import one_line

NEUTRAL = "#808080"
"""Readable on white and on near-black, so outlines and guides need not know the theme."""
FAINT = "rgba(128,128,128,0.25)"
"""Of grid lines and frames."""
FALLBACK_GROUPS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b87700"),
    *("#3d9bd4", "#7f7f7f", "#8c510a", "#5e3c99", "#66a61e"),
    *("#8860f8", "#a80868", "#0038f8", "#b840b0", "#d80040"),
    *("#006830", "#8810d0", "#f85078", "#006070", "#706090"),
    *("#f838f8", "#a85060", "#707800", "#f000a0", "#c058f8"),
    *("#3068f0", "#9078c0", "#188080", "#902898", "#889050"),
    *("#e060d0", "#2050b8", "#606850", "#b800e0", "#6038f0"),
    *("#009000", "#6858c8", "#a82020", "#b87870", "#5880e0"),
    *("#a86098", "#804850", "#a080f8", "#d00078", "#f86810"),
    *("#9858c8", "#f82800", "#605800", "#58a0a0", "#288048"),
)
"""A colour for each of as many groups as a set may have.

After the first ten, each is the one farthest from those before it, in Oklab and as deuteranopes see it, among
colours with a contrast of 3 on white and of 2.6 on near-black.
"""
_TICKS = 6
"""Most numbers on a fitted axis."""

RGB = tuple[int, int, int]


@lru_cache(4096)
def literal(name: str) -> str:
    """Return a name so that a figure shows it unchanged: Plotly reads HTML, links too, in every text."""
    return html.escape(one_line(name), quote=False)


def hover_data(table: pd.DataFrame, columns: Sequence[str], markup: Sequence[str] = ()) -> np.ndarray:
    """Return columns of a table as custom data of marks, with every text as ``literal``.

    Args:
        table: a row for every mark.
        columns: names, in the order of the data.
        markup: those whose text is markup of our own.
    """
    data: np.ndarray = table[list(columns)].to_numpy(object, copy=True)
    for k, column in enumerate(columns):
        if column not in markup:
            data[:, k] = [literal(value) if isinstance(value, str) else value for value in data[:, k]]
    return data


@dataclass(frozen=True)
class ArmStyle:
    """Colour, marker shape, line dash and name of an arm; shape and dash repeat what colour says.

    The markers of baselines are hollow.
    """

    label: str
    color: str
    symbol: str
    dash: str = "solid"
    baseline: bool = False

    @property
    def text(self) -> str:
        """The name for the text of a figure."""
        return literal(self.label)

    def marker(self, size: float, *, edge: bool = False) -> dict[str, object]:
        """Return a marker, with an edge if it is to stand out."""
        symbol = self.symbol + ("-open" if self.baseline else "")
        marker: dict[str, object] = {"color": self.color, "symbol": symbol, "size": size}
        color, width = (self.color, 2) if self.baseline else (NEUTRAL, 1)
        return marker | ({"line": {"color": color, "width": width}} if edge else {})


# Okabe and Ito's palette, which people with the common colour-vision deficiencies can tell apart; the orange
# is darkened to reach a contrast of 3 on white.
_KNOWN: dict[str, ArmStyle] = {
    "vanilla": ArmStyle("Vanilla", "#d55e00", "square"),
    "cobra": ArmStyle("COBRA", "#0072b2", "circle", "dash"),
    "fairdd": ArmStyle("FairDD", "#009e73", "diamond", "dot"),
    "uniform": ArmStyle("Uniform sampling", "#cc79a7", "triangle-up", "dashdot"),
    "reweight": ArmStyle("Loss reweighting", "#b87700", "triangle-down", "longdash"),
    "random-subset": ArmStyle("Random real subset", "#8c8c8c", "x", "dot", baseline=True),
    "full-data": ArmStyle("Full real data", "#6f6f6f", "star", "dash", baseline=True),
}
_SPARE = ("#56b4e9", "#9b5de5", "#8c510a", "#3f8f29", "#c2185b", "#5c6bc0")
_SPARE_SYMBOLS = ("pentagon", "hexagram", "cross", "triangle-left", "triangle-right", "bowtie")


def arm_styles(names: Sequence[str]) -> dict[str, ArmStyle]:
    """Return a style for every arm, in the order of ``names``: the known one, or the next spare one."""
    spare = cycle(zip(_SPARE, _SPARE_SYMBOLS, strict=True))
    return {
        name: _KNOWN.get(name) or ArmStyle(arm_label(name), *next(spare), "longdashdot") for name in names
    }


def arm_label(name: str) -> str:
    """Return the title of an arm: ``cobra:cosine+fair-training`` is COBRA · cosine + fair training."""
    name, _, intervention = name.partition("+")
    if intervention:
        title = INTERVENTIONS[intervention].title if intervention in INTERVENTIONS else intervention
        return f"{arm_label(name)} + {title.lower()}"
    alignment, _, discrepancy = name.partition(":")
    if alignment not in _KNOWN:
        return name
    label = _KNOWN[alignment].label
    if not discrepancy:
        return label
    card = ALL_DISCREPANCIES.get(discrepancy)
    return f"{label} · {card.title if card else discrepancy}"


def group_css(colors: Sequence[RGB], groups: int) -> list[str]:
    """Return a CSS colour per group: those given, in [0, 255], if there is one for each, else a default."""
    if len(colors) == groups:
        return [f"rgb({r},{g},{b})" for r, g, b in colors]
    return [FALLBACK_GROUPS[g % len(FALLBACK_GROUPS)] for g in range(groups)]


def outlined(
    colors: Sequence[str] | str, *, size: float, symbol: str = "circle", width: float = 1
) -> dict[str, object]:
    """Return a marker with an outline, so that any colour is visible on any background."""
    return {"color": colors, "size": size, "symbol": symbol, "line": {"color": NEUTRAL, "width": width}}


def base(height: int, *, legend_rows: int = 0, **layout: object) -> go.Figure:
    """Return an empty figure with a transparent background, tight margins and no fixed font colour.

    Room for the rows of a legend is reserved, because Plotly may measure it before the page is laid out.
    Text takes its colour from the template of the page, and so follows the theme.
    """
    fig = go.Figure()
    fig.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 6 + 22 * legend_rows, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "xanchor": "left",
            "title": {"text": ""},
        },
        hoverlabel={"namelength": -1},
    )
    fig.update_xaxes(automargin=True, zeroline=False, gridcolor=FAINT, linecolor=FAINT, title_standoff=8)
    fig.update_yaxes(automargin=True, zeroline=False, gridcolor=FAINT, linecolor=FAINT, title_standoff=14)
    fig.update_layout(**layout)
    return fig


def percent_axis(title: str) -> dict[str, object]:
    """Return an axis for rates from 0 to 1 with a little room for markers at the ends."""
    shown = {"range": [-0.03, 1.03], "tickformat": ".0%", "dtick": 0.25, "fixedrange": True}
    return shown | {"title_text": title}


def fitted_axis(values: ArrayLike, title: str) -> dict[str, object]:
    """Return an axis for rates that holds the given ones with some room, within that of ``percent_axis``."""
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = max(0.12 * (high - low), 0.03)
    low, high = max(-0.03, low - room), min(1.03, high + room)
    dtick = next(step for step in (0.02, 0.05, 0.1, 0.25) if (high - low) / step <= _TICKS or step == 0.25)
    return percent_axis(title) | {"range": [low, high], "dtick": dtick}


def error_bars(value: ArrayLike, low: ArrayLike, high: ArrayLike, **look: object) -> dict[str, object]:
    """Return error bars from ``low`` to ``high`` around values; ``look``: their colour and widths."""
    ends = {"array": np.subtract(high, value), "arrayminus": np.subtract(value, low)}
    return {name: np.maximum(length, 0) for name, length in ends.items()} | look


def frame(fig: go.Figure, x_range: Sequence[float], y_range: Sequence[float]) -> None:
    """Draw a border around a map, whose axes have a range but no numbers."""
    edge = {"color": FAINT, "width": 1}
    fig.add_shape(type="rect", xref="paper", yref="paper", x0=0, x1=1, y0=0, y1=1, line=edge)
    fig.update_xaxes(range=x_range, showticklabels=False, showgrid=False, showline=False)
    fig.update_yaxes(range=y_range, showticklabels=False, showgrid=False, showline=False)
