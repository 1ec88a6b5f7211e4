"""The sweeps of this machine and the bundled ones, and what is said about them. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairdd_core.analysis.grids import Place, grid_table, worst_place
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.wording import chance_text
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
from fairdd_core.units import counted
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
        sweep: its specification and runs.
        workspace: where its runs are; None for a bundled one.
    """

    id: str
    sweep: Sweep
    workspace: Workspace | None

    @property
    def bundled(self) -> bool:
        """Whether it is bundled with the explorer."""
        return self.workspace is None

    @property
    def arms(self) -> list[str]:
        """Names of its arms."""
        return [arm.name for arm in self.sweep.spec.base.distill.arms]

    @property
    def title(self) -> str:
        """Its name in a list."""
        spec = self.sweep.spec
        size = f"{len(spec.skews)} × {len(spec.separations)}"
        seeds = f" · {len(spec.seeds)} seeds" if len(spec.seeds) > 1 else ""
        name = self.sweep.title or dataset_title(spec.base)
        return f"{'Example: ' if self.bundled else ''}{name} · {size}{seeds}"

    def cells(self) -> list[Cell]:
        """Return its cells with the state of their runs."""
        if self.workspace is None:
            return bundled_cells(self.sweep, BUNDLED / self.id.removeprefix(BUNDLED_PREFIX))
        return cells_of(self.workspace, self.sweep)


def all_sweeps(workspace: Workspace) -> dict[str, SweepView]:
    """Return the sweeps of a workspace, newest first, then the bundled ones."""
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


def parse_place(text: str, spec: SweepSpec) -> Place:
    """Return the place that the address names as ``skew,separation``.

    Raises:
        ValueError: when the grid does not have it.
    """
    skew, separation = (float(part) for part in text.split(","))
    if skew not in spec.skews or separation not in spec.separations:
        raise ValueError(text)
    return skew, separation


def steps(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return ``count`` values from ``low`` to ``high``, evenly spaced and rounded to hundredths."""
    return tuple(sorted({round(float(value), 2) for value in np.linspace(low, high, count)}))


def cell_sentence(spec: SweepSpec) -> str:
    """Return the settings that all cells share, as a sentence."""
    distill, evaluation = spec.base.distill, spec.base.evaluation
    networks = "one test network" if evaluation.networks == 1 else f"{evaluation.networks} test networks"
    seeds = ", ".join(map(str, spec.seeds))
    return (
        f"Each cell: {counted(distill.iterations, 'iteration')}, {counted(distill.ipc, 'image')} per class, "
        f"{networks}, "
        f"seed{'' if len(spec.seeds) == 1 else 's'} {seeds}."
    )


def floor_at(table: pd.DataFrame, arm: str, metric: str, at: Place) -> float:
    """Return the noise floor of a gap at a place, mean over seeds; NaN where it is unknown."""
    grid = grid_table(table, arm, metric).set_index(["skew", "separation"])
    return float(grid.loc[at, "floor"])


def summary(table: pd.DataFrame, arms: Sequence[str], metric: str) -> str:
    """Return a sentence on the results where the first method is worst; empty without any result."""
    worst = worst_place(table, arms, metric)
    if worst is None:
        return ""
    (skew, separation), values = worst
    unit = "%" if METRICS[metric].higher_is_better else "points"
    floors = {arm: floor_at(table, arm, metric, (skew, separation)) for arm in values}
    parts = []
    for arm, value in values.items():
        chance = chance_text(value, floors[arm])
        parts.append(
            f"**{100 * value:.0f}** {unit} under {arm_label(arm)}" + (f" ({chance})" if chance else "")
        )
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return (
        f"{arm_label(arms[0])} is worst at skew {skew:.0%} and separation {separation:g}: "
        f"{METRICS[metric].title} is {listed} there."
    )
