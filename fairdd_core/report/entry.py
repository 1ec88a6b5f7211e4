"""A figure of a report, with what must be known to read it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go


@dataclass(frozen=True)
class Figure:
    """A figure, and what stands beside it.

    Attributes:
        name: short, unique within a run.
        title: for people.
        alt: what it shows, for those who cannot see it.
        caption: what must be known to read it.
        figure: the figure.
        table: the numbers behind it.
    """

    name: str
    title: str
    alt: str
    caption: str
    figure: go.Figure
    table: pd.DataFrame
