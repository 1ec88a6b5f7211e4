"""The results of a run over its repeats: tables, sentences and figures, for screens and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.repeats import arm_differences, reference_arm, repeats_table, seed_table
from fairdd_core.analysis.results import results_grid
from fairdd_core.config.repeats import seeds_text
from fairdd_core.plots.repeats import seed_differences, seed_dots
from fairdd_core.plots.theme import arm_label
from fairdd_core.report.figures import Figure
from fairdd_core.runs.storage.repeats import Repeats

DOTS = (
    "Small dots are seeds; a dotted line joins the methods of one seed. The large mark is their mean with "
    "its 95 % t-interval, the grey tick the noise floor."
)
DIFFERENCES = (
    "Both methods of a seed have the same data and the same networks at the start, so what the seed does to "
    "both cancels. Where the interval includes 0, the difference may be chance."
)
SPREAD = (
    "± is the standard deviation over seeds; the small range is the 95 % t-interval of the mean over all "
    "seeds. It covers every choice that the seed decides: groups and order of the training images, first "
    "images, networks. Gaps and their "
    "differences are those measured: each holds its own noise floor."
)
"""What readers are told about figures and tables over seeds."""


@dataclass(frozen=True)
class SeedResults:
    """Results over seeds.

    Attributes:
        seeds: from ``seed_table``.
        means: from ``repeats_table``.
        pairs: from ``arm_differences``: every method against the first one, ``reference_arm``.
    """

    seeds: pd.DataFrame
    means: pd.DataFrame
    pairs: pd.DataFrame

    @property
    def count(self) -> int:
        """How many seeds have a result."""
        return int(self.seeds["seed"].nunique())


def seed_results(repeats: Repeats, architecture: str = "") -> SeedResults:
    """Return the results over the seeds of a run.

    Args:
        repeats: of the run.
        architecture: a further one of the evaluation; empty for its own.
    """
    return results_of([arm.name for arm in repeats.spec.distill.arms], repeats.results(architecture))


def results_of(arms: Sequence[str], results: dict[int, pd.DataFrame]) -> SeedResults:
    """Return results over seeds.

    Args:
        arms: the methods that are compared with each other.
        results: seed -> ``results_table``.
    """
    seeds = seed_table(results)
    return SeedResults(seeds, repeats_table(seeds), arm_differences(seeds, arms, [reference_arm(arms)]))


def sentences(pairs: pd.DataFrame, metrics: Sequence[str], strong: str = "**{}**") -> list[str]:
    """Return, for some metrics, how far each method is from the reference.

    Args:
        pairs: from ``arm_differences``.
        metrics: names in ``METRICS``.
        strong: how the size is written.
    """
    rows = pairs[pairs["metric"].isin(metrics) & (pairs["quantity"] == "mean")]
    order = {name: i for i, name in enumerate(metrics)}
    rows = rows.sort_values("metric", key=lambda column: column.map(order), kind="stable")
    return [_sentence(row, strong) for row in rows.to_dict("records")]


def _sentence(row: dict[Any, Any], strong: str) -> str:
    points, low, high = round(100 * row["difference"], 1), 100 * row["low"], 100 * row["high"]
    size = strong.format(f"{abs(points):.1f} points {'higher' if points > 0 else 'lower'}") + " than"
    text = (
        f"{METRICS[row['metric']].title} of {arm_label(row['arm'])} is "
        f"{size if points else strong.format('the same') + ' as'} that of {arm_label(row['against'])}"
    )
    if row["seeds"] == 1:
        return f"{text} with one seed, which says nothing about others."
    text += f", mean over {row['seeds']} seeds"
    if np.isnan(low):
        return f"{text}, and so in each of them."
    chance = " The interval includes 0, so this may be chance." if low <= 0 <= high else ""
    interval = f"{low:+.1f} to {high:+.1f}".replace("-", "−")
    return f"{text} (95 % interval of the difference {interval}).{chance}"


def dots_figure(found: SeedResults, metric: str) -> Figure:
    """Return the figure with a dot for every seed of every method and baseline."""
    title = METRICS[metric].title
    alt = f"{title} of every method for each seed, with the mean over seeds and its 95 % interval."
    fig = seed_dots(_named(found.seeds), _named(found.means), metric)
    return Figure(f"seeds-{metric}", f"{title} over seeds", alt, DOTS, fig, found.means)


def differences_figure(found: SeedResults, metric: str) -> Figure | None:
    """Return the figure of the differences to the reference; None where there are none."""
    rows = found.pairs[(found.pairs["metric"] == metric) & (found.pairs["quantity"] == "mean")]
    if rows.empty:
        return None
    title, other = METRICS[metric].title, arm_label(rows["against"].iloc[0])
    alt = f"Difference in {title} from {other} for each seed, with 95 % intervals."
    heading = f"{title}, difference from {other}, seed by seed"
    fig = seed_differences(_named(found.pairs), metric)
    table = found.pairs.drop(columns="by_seed")
    return Figure(f"seed-differences-{metric}", heading, alt, DIFFERENCES, fig, table)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(row=[arm_label(str(arm)) for arm in table["arm"]])


def seed_files(repeats: Repeats | None) -> dict[str, pd.DataFrame]:
    """Return the tables over seeds of a run by name; none where fewer than two seeds have finished."""
    if repeats is None or len(repeats.used) < 2:
        return {}
    found = seed_results(repeats)
    runs = {repeat.seed: repeat.run for repeat in repeats.used}
    seeds = found.seeds.assign(run=found.seeds["seed"].map(runs)).drop(columns="title")
    methods = [arm.name for arm in repeats.spec.distill.arms]
    pairs = arm_differences(found.seeds, methods)
    by_seed = pd.DataFrame(list(pairs["by_seed"]), index=pairs.index).add_prefix("seed ")
    differences = pd.concat([pairs.drop(columns="by_seed"), by_seed], axis=1)
    return {"seeds": seeds, "over-seeds": found.means, "seed-differences": differences}


def report_section(repeats: Repeats | None) -> dict[str, Any] | None:
    """Return what the report says about the repeats of a run; None where it has none."""
    if repeats is None or not repeats.several:
        return None
    found = seed_results(repeats)
    grid = results_grid(found.means, list(METRICS), markup="html") if found.count > 1 else pd.DataFrame()
    figures = [
        figure
        for name in ("deo_mean", "accuracy")
        for figure in (dots_figure(found, name), differences_figure(found, name))
        if figure and found.count > 1
    ]
    return {
        "count": found.count,
        "seeds": seeds_text(repeats.seeds),
        "note": repeats.note(),
        "sentences": sentences(found.pairs, ("deo_mean", "accuracy"), "{}") if found.count > 1 else [],
        "arms": [arm_label(arm) for arm in grid.index],
        "results": {name: list(grid[name]) for name in grid.columns},
        "spread": SPREAD,
        "figures": figures,
    }
