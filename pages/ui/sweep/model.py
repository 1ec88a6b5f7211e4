"""Which sweeps there are, and what a sweep comes down to. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairdd_core.analysis.grids import Place, grid_table
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.errors import UserError
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.sweeps import (
    Cell,
    Sweep,
    bundled_cells,
    cells_of,
    list_sweeps,
    read_sweep,
)
from fairdd_core.workspace import Workspace
from pages.ui import ASSETS
from pages.ui.common.runs import dataset_title

BUNDLED = ASSETS / "sweeps"
BUNDLED_PREFIX = "example-"
SHOWN_METRICS = ("deo_mean", "deo_max", "accuracy")


@dataclass(frozen=True)
class SweepView:
    """A sweep as a screen needs it.

    Attributes:
        id: in the workspace, or ``example-NAME``.
        sweep: what is kept of it.
        workspace: where its runs are; None for one that came with the explorer.
    """

    id: str
    sweep: Sweep
    workspace: Workspace | None

    @property
    def bundled(self) -> bool:
        """Whether it came with the explorer."""
        return self.workspace is None

    @property
    def arms(self) -> list[str]:
        """Names of its arms."""
        return [arm.name for arm in self.sweep.spec.base.distill.arms]

    @property
    def title(self) -> str:
        """What to call it in a list."""
        spec = self.sweep.spec
        size = f"{len(spec.skews)} × {len(spec.separations)}"
        seeds = f" · {len(spec.seeds)} seeds" if len(spec.seeds) > 1 else ""
        name = self.sweep.title or dataset_title(spec.base)
        return f"{'Example: ' if self.bundled else ''}{name} · {size}{seeds}"

    def cells(self) -> list[Cell]:
        """Return how every place stands."""
        if self.workspace is None:
            return bundled_cells(self.sweep, BUNDLED / self.id.removeprefix(BUNDLED_PREFIX))
        return cells_of(self.workspace, self.sweep)


def all_sweeps(workspace: Workspace) -> dict[str, SweepView]:
    """Return the sweeps of a workspace, newest first, then those that came with the explorer."""
    own = [SweepView(sweep.id, sweep, workspace) for sweep in list_sweeps(workspace)]
    return {view.id: view for view in [*own, *_bundled()]}


def _bundled() -> list[SweepView]:
    views = []
    for file in sorted(BUNDLED.glob("*/sweep.json")):
        try:
            views.append(SweepView(BUNDLED_PREFIX + file.parent.name, read_sweep(file), None))
        except (OSError, UserError):
            continue
    return views


def place_of(text: str, spec: SweepSpec) -> Place:
    """Return the place that an address names as ``skew,separation``.

    Raises:
        ValueError: when the grid has none such.
    """
    skew, separation = (float(part) for part in text.split(","))
    if skew not in spec.skews or separation not in spec.separations:
        raise ValueError(text)
    return skew, separation


def steps(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return ``count`` values from ``low`` to ``high``, evenly spaced and rounded to hundredths."""
    return tuple(sorted({round(float(value), 2) for value in np.linspace(low, high, count)}))


def each_cell(spec: SweepSpec) -> str:
    """Say what every cell is the result of."""
    distill, evaluation = spec.base.distill, spec.base.evaluation
    networks = "one test network" if evaluation.networks == 1 else f"{evaluation.networks} test networks"
    seeds = ", ".join(map(str, spec.seeds))
    return (
        f"Each cell: {distill.iterations} iterations, {distill.ipc} images per class, {networks}, "
        f"seed{'' if len(spec.seeds) == 1 else 's'} {seeds}."
    )


def summary(table: pd.DataFrame, arms: Sequence[str], metric: str) -> str:
    """Say in one sentence what there is where the first method fares worst; empty without any result."""
    grids = {arm: grid_table(table, arm, metric) for arm in arms}
    first, known = grids[arms[0]], grids[arms[0]]["value"].dropna()
    if known.empty:
        return ""
    better = METRICS[metric].higher_is_better
    row = first.loc[known.idxmin() if better else known.idxmax()]
    unit = "%" if better else "points"
    numbers = [
        f"**{100 * value:.0f}** {unit} under {arm_label(arm)}"
        for arm, grid in grids.items()
        if not np.isnan(value := _value(grid, row["skew"], row["separation"]))
    ]
    place = f"skew {row['skew']:.0%} and separation {row['separation']:g}"
    return f"{arm_label(arms[0])} fares worst at {place}: {METRICS[metric].title} is {_and(numbers)} there."


def _value(grid: pd.DataFrame, skew: float, separation: float) -> float:
    found = grid[(grid["skew"] == skew) & (grid["separation"] == separation)]["value"]
    return float(found.iloc[0]) if len(found) else float("nan")


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
