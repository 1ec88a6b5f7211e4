"""What was found out about the images of a run: answers of networks, maps, neighbours, diagnostics."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fairdd_core.config.spec.evaluation import SERIES_SIGN
from fairdd_core.events import Nearest
from fairdd_core.files import read_arrays, read_table, write_arrays, write_table

if TYPE_CHECKING:
    import pandas as pd


class FoundFiles:
    """The part of a run's folder that is filled once there are images. What is not there reads as empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts_file = path / "counts.safetensors"
        self.answers_file = path / "answers.safetensors"
        self.nearest_file = path / "nearest.safetensors"
        self.points_file = path / "points.parquet"
        self.residuals_file = path / "residuals.parquet"
        self.moments_file = path / "moments.parquet"
        self.diagnostics_file = path / "diagnostics.parquet"

    def found(self) -> list[Path]:
        """Return all these files, whether they are there or not."""
        arrays = [self.counts_file, self.answers_file, self.nearest_file]
        return [*arrays, self.points_file, self.residuals_file, self.moments_file, self.diagnostics_file]

    # Evaluation

    def counts(self, architecture: str = "") -> dict[str, np.ndarray]:
        """Return ``{arm: int64 (K, G, C, C)}`` for the K networks evaluated so far, baselines included.

        Args:
            architecture: one of the evaluation's others; empty for its own.
        """
        stored = {name.partition(SERIES_SIGN): counts for name, counts in self.count_series().items()}
        return {arm: counts for (arm, _, kind), counts in stored.items() if kind == architecture}

    def count_series(self) -> dict[str, np.ndarray]:
        """Return the counts of every arm under every architecture (see ``evaluate.spec.series``)."""
        return read_arrays(self.counts_file)[0]

    def answers(self, architecture: str = "") -> dict[str, dict[int, np.ndarray]]:
        """Return ``{arm: {network: int16 (N,)}}``: what each test image was taken for; none of an older run.

        Args:
            architecture: one of the evaluation's others; empty for its own.
        """
        found: dict[str, dict[int, np.ndarray]] = {}
        for name, answers_N in read_arrays(self.answers_file)[0].items():
            stored, _, network = name.rpartition("/")
            arm, _, kind = stored.partition(SERIES_SIGN)
            if kind == architecture:
                found.setdefault(arm, {})[int(network)] = answers_N
        return {arm: dict(sorted(networks.items())) for arm, networks in found.items()}

    # Maps

    def points(self) -> pd.DataFrame | None:
        """Return the points of the maps (see ``events.Embedded``), or None before there are any."""
        return read_table(self.points_file)

    def residuals(self) -> pd.DataFrame | None:
        """Return the distances behind the maps (see ``events.Embedded``), or None before there are any."""
        return read_table(self.residuals_file)

    def moments(self) -> pd.DataFrame | None:
        """Return where the images lay on the way (see ``events.Embedded``), or None for an older run."""
        return read_table(self.moments_file)

    def write_tables(
        self, points: pd.DataFrame, residuals: pd.DataFrame, moments: pd.DataFrame | None = None
    ) -> None:
        """Write the tables of an ``Embedded`` event."""
        write_table(self.residuals_file, residuals)
        if moments is not None:
            write_table(self.moments_file, moments)
        write_table(self.points_file, points)

    def nearest(self) -> dict[str, Nearest]:
        """Return the neighbours of every arm's images; an older run has none."""
        found: dict[str, dict[str, np.ndarray]] = {}
        for name, array in read_arrays(self.nearest_file)[0].items():
            arm, _, what = name.rpartition("/")
            found.setdefault(arm, {})[what] = array
        return {arm: Nearest(arm, **arrays) for arm, arrays in found.items()}

    def write_nearest(self, nearest: Nearest) -> None:
        """Write the neighbours of an arm beside those of the others."""
        known = read_arrays(self.nearest_file)[0]
        names = [field.name for field in fields(Nearest) if field.name != "arm"]
        own = {f"{nearest.arm}/{name}": getattr(nearest, name) for name in names}
        write_arrays(self.nearest_file, known | own)

    # Diagnostics

    def diagnostics(self) -> pd.DataFrame | None:
        """Return ``events.Diagnosed.cells`` of all logged moments with a column ``iteration``, or None."""
        return read_table(self.diagnostics_file)

    def write_diagnostics(self, iteration: int, cells: pd.DataFrame) -> None:
        """Add the cells of a logged moment; what an earlier attempt told of its arms then or later goes."""
        import pandas as pd

        known, added = self.diagnostics(), cells.assign(iteration=iteration)
        if known is not None:
            again = known["arm"].isin(set(cells["arm"])) & (known["iteration"] >= iteration)
            added = pd.concat([known[~again], added], ignore_index=True)
        write_table(self.diagnostics_file, added)
