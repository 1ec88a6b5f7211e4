"""The numbers of a sweep as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.runs.engine.sweeps import Cell
from fairdd_core.runs.storage.index import RunState

if TYPE_CHECKING:
    import pandas as pd

_STATES = {
    RunState.QUEUED: "waiting",
    RunState.STOPPED: "stopped",
    RunState.FAILED: "failed",
    RunState.LOST: "lost",
}


def state_word(cell: Cell) -> str:
    """Return how a place of the grid stands, in a word or two."""
    if cell.result is not None:
        return "done"
    record = cell.record
    if record is None or record.deleted is not None:
        return "deleted"
    if record.state is RunState.RUNNING:
        return f"{record.phase} {record.done}/{record.total}" if record.total else "starting"
    return _STATES.get(record.state, "no result")


def sweep_table(cells: Sequence[Cell], arms: Sequence[str]) -> pd.DataFrame:
    """Return one row per place and arm.

    Columns: ``skew``, ``separation``, ``seed``, ``arm``, ``run``, ``state`` and the mean over the test
    networks of every metric; NaN where there is none (yet).
    """
    import pandas as pd

    rows = [
        {**cell.point._asdict(), "arm": arm, "run": cell.run, "state": state_word(cell), **_means(cell, arm)}
        for cell in cells
        for arm in arms
    ]
    return pd.DataFrame(rows, columns=["skew", "separation", "seed", "arm", "run", "state", *METRICS])


def _means(cell: Cell, arm: str) -> dict[str, float]:
    numbers: dict[str, Any] = ((cell.result or {}).get("arms") or {}).get(arm) or {}
    means = {name: (numbers.get(name) or {}).get("mean") for name in METRICS}
    return {name: float("nan") if mean is None else float(mean) for name, mean in means.items()}
