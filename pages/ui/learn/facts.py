"""Every number of the lesson, computed from the files of the bundled runs; without Streamlit elements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fairdd_core.analysis.metrics import METRICS, mean_recalls
from fairdd_core.analysis.neighbours import nearest_color
from fairdd_core.analysis.residuals import settled_residual
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.folder import RunFolder
from pages.ui.common.cache import cached, method_differences
from pages.ui.common.runs import EXAMPLE_PREFIX, Labels, RunView, open_run
from pages.ui.controls.address import to_address

RUNS = {
    "skewed": "colored-digits-fg",
    "balanced": "colored-digits-fg-balanced",
    "alike": "colored-digits-fg-alike",
    "balanced-alike": "colored-digits-fg-balanced-alike",
    "methods": "colored-digits-fg-methods",
}
"""Name of a run in the lesson -> its folder among the bundled examples."""


@dataclass(frozen=True)
class Facts:
    """The numbers of one finished run.

    Attributes:
        view: the run.
        counts: ``{arm: int (K, G, C, C)}``, baselines included.
        distances: a row per arm, class and group, see ``events.Embedded``.
        steps: what was logged during the run.
        images: ``{arm: uint8 (C, IPC, 3, H, W)}`` at the end.
        intervals: ``{arm: {metric: {"ci95": [low, high], "floor": [mean, std], ...}}}`` from the result.
    """

    view: RunView
    counts: dict[str, np.ndarray]
    distances: pd.DataFrame
    steps: pd.DataFrame
    images: dict[str, np.ndarray]
    intervals: dict[str, dict]

    @property
    def labels(self) -> Labels:
        """Names of classes and groups."""
        return self.view.labels

    def metric(self, name: str, arm: str) -> float:
        """Return a metric's mean over the evaluation networks."""
        return float(METRICS[name].of(self.counts[arm]).mean())

    def interval(self, name: str, arm: str) -> tuple[float, float]:
        """Return the 95 % confidence interval of a gap."""
        low, high = self.intervals[arm][name]["ci95"]
        return float(low), float(high)

    def floor(self, name: str, arm: str) -> tuple[float, float]:
        """Return the noise floor of a gap: mean and standard deviation."""
        mean, std = self.intervals[arm][name]["floor"]
        return float(mean), float(std)

    def difference(self, name: str, arm: str, against: str) -> tuple[float, float, float]:
        """Return a metric of ``arm`` minus that of another arm, paired, with its 95 % interval.

        Both are tested on the same images; see ``analysis.differences``.
        """
        table = method_differences(self.view.folder.path, "", against)
        row = table[(table["arm"] == arm) & (table["metric"] == name)].iloc[0]
        return float(row["difference"]), float(row["low"]), float(row["high"])

    def recalls(self, arm: str) -> tuple[float, float]:
        """Return the mean recall in the largest group of every class, and in all the others."""
        return mean_recalls(self.counts[arm], self.largest_CG())

    def largest_CG(self) -> np.ndarray:
        """Return whether a group is the largest of its class, bool (C, G)."""
        n_CG = self.sizes_CG()
        largest_CG: np.ndarray = np.arange(n_CG.shape[1]) == n_CG.argmax(axis=1)[:, None]
        return largest_CG

    def sizes_CG(self) -> np.ndarray:
        """Return the number of real training images of every class and group."""
        return self._cells(self.view.arms[0], "n").astype(int)

    def to_target_CG(self, arm: str) -> np.ndarray:
        """Return the distance of every group's mean from the arm's target, in this run's features, (C, G)."""
        return self._cells(arm, "to_target")

    def _cells(self, arm: str, column: str) -> np.ndarray:
        rows = self.distances[self.distances["arm"] == arm]
        return rows.pivot(index="class_id", columns="group_id", values=column).to_numpy()

    def worst_residual(self, arm: str) -> float:
        """Return the largest residual of a group to the synthetic images, in mean signal lengths.

        It is the median over the last quarter of the iterations, each of which uses another random network,
        so unlike distances in a run's own features it can be compared across runs.
        """
        return settled_residual(self.steps[self.steps["arm"] == arm])

    def nearest_colors(self, arm: str) -> np.ndarray:
        """Return the group whose colour is nearest to each synthetic image, (C, IPC)."""
        return nearest_color(self.images[arm], np.array(self.labels.colors, float))

    def link(self, view: str) -> dict[str, str]:
        """Return the query parameters that open this run, with its settings, in the Studio."""
        return {"run": self.view.id, "view": view} | to_address(self.view.spec)


def facts(name: str) -> Facts:
    """Return the numbers of one of ``RUNS``.

    Raises:
        UserError: when the bundled run is missing or incomplete.
    """
    view = open_run(EXAMPLE_PREFIX + RUNS[name])
    return _facts(view.id, view.folder.path)


@cached(lambda run_id, path: [RunFolder(path).spec_file], size=16)
def _facts(run_id: str, path: Path) -> Facts:
    """Read a run."""
    view = open_run(run_id)
    folder = view.folder
    distances, result, iterations = folder.residuals(), folder.result(), folder.snapshot_iterations()
    if distances is None or result is None or not iterations:
        raise UserError("run", "a complete bundled run", repr(view.id), "Fetch assets/examples again.")
    return Facts(
        view, folder.counts(), distances, folder.steps(), folder.snapshot(iterations[-1]), result["arms"]
    )
