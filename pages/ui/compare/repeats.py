"""Chosen runs with all their repeats: each set of settings counts as one, over its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.repeats import repeats_table, run_differences, seed_table
from fairdd_core.config.differences import same_test
from fairdd_core.config.repeats import repeat_key
from fairdd_core.config.settings import changed
from fairdd_core.plots import repeats as plots
from fairdd_core.plots.theme import arm_label
from fairdd_core.runs.storage.identity import differ
from fairdd_core.runs.storage.repeats import Repeats, describe_seeds
from pages.ui.common.cache import data_of_run
from pages.ui.common.figures import seeds_metric_control, show_figure
from pages.ui.common.runs import RunView, repeats_of_run
from pages.ui.compare.choice import LETTERS

_PERCENT = ("difference", "std", "low", "high")


@dataclass(frozen=True)
class Side:
    """Runs with the same settings, and their repeats.

    Attributes:
        letters: of the chosen runs among them.
        repeats: all of them.
        seeds: from ``seed_table``, of the methods alone.
        data: digest of their data; "" where it is not recorded.
    """

    letters: str
    repeats: Repeats
    seeds: pd.DataFrame
    data: str = ""

    @property
    def name(self) -> str:
        """Its letters, as a figure and a sentence name it."""
        return " and ".join(self.letters)


def sides(views: Sequence[RunView]) -> list[Side]:
    """Return the chosen runs with their repeats; those that are repeats of one another together."""
    letters: dict[tuple[str, str], str] = {}
    for letter, view in zip(LETTERS, views, strict=False):
        key = repeat_key(view.spec), data_of_run(view.folder.path)
        letters[key] = letters.get(key, "") + letter
    found = []
    for group in letters.values():
        view = views[LETTERS.index(group[0])]
        repeats = repeats_of_run(view)
        seeds = seed_table(repeats.results())
        found.append(Side(group, repeats, seeds[seeds["arm"].isin(view.arms)], data_of_run(view.folder.path)))
    return found


def paired(one: Side, other: Side) -> bool:
    """Return whether two seeds or more have the same test images and networks on both sides.

    Then what the seed does to both sides cancels.
    """
    first, second = (changed(side.repeats.spec, {"seed": 0}).model_dump(mode="json") for side in (one, other))
    if differ(one.data, other.data):
        return False
    return same_test(first, second) and len(set(one.repeats.seeds) & set(other.repeats.seeds)) > 1


def differences(found: Sequence[Side], reference: str) -> pd.DataFrame:
    """Return ``run_differences`` of every side to that with the letter ``reference``, with its ``row``."""
    base = next((side for side in found if reference in side.letters), found[0])
    tables = [
        run_differences(side.seeds, base.seeds, _arms(side), paired=paired(side, base)).assign(run=side.name)
        for side in found
        if side is not base
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["run", "arm"])
    return table.assign(row=_rows(table))


def _arms(side: Side) -> list[str]:
    return [arm.name for arm in side.repeats.spec.distill.arms]


def _rows(table: pd.DataFrame) -> list[str]:
    return [f"{run} · {arm_label(str(arm))}" for run, arm in zip(table["run"], table["arm"], strict=True)]


def seeds_view(views: Sequence[RunView], reference: str) -> None:
    """Draw the chosen runs over their seeds.

    Args:
        views: the chosen runs.
        reference: letter of the run that the others are compared with.
    """
    found = sides(views)
    st.header("Over seeds", anchor=False)
    for side in found:
        _about(side)
    if not any(len(side.repeats.used) > 1 for side in found):
        st.info(
            "Each of these runs has one seed, so nothing here says how another seed would come out. Launch "
            "them with three **Repeats** or more in the Studio, and they are compared over seeds here.",
            icon=":material/casino:",
        )
        return
    metric = seeds_metric_control("compare-seeds-metric")
    left, right = st.columns(2, gap="large")
    with left:
        _dots(found, metric)
    if len(found) > 1:
        with right:
            _differences(found, metric, reference)


def _about(side: Side) -> None:
    """Say which runs count as one, of which seeds, and what is left out."""
    runs = f"**{side.name}** are repeats of one another and count as one" if len(side.letters) > 1 else ""
    count = len(side.repeats.used)
    seeds = f"{count} seed{'' if count == 1 else 's'}"
    seeds += f" ({describe_seeds(side.repeats.seeds)})" if count else ""
    st.caption(f"{runs or f'**{side.name}**'}: {seeds}. {side.repeats.note()}".strip())


def _dots(found: Sequence[Side], metric: str) -> None:
    seeds = pd.concat([side.seeds.assign(run=side.name) for side in found], ignore_index=True)
    means = pd.concat([repeats_table(side.seeds).assign(run=side.name) for side in found], ignore_index=True)
    title = METRICS[metric].title
    st.markdown(f"**{title} over seeds**")
    fig = plots.seed_dots(seeds.assign(row=_rows(seeds)), means.assign(row=_rows(means)), metric, join=False)
    show_figure(
        fig,
        means,
        key="compare-seeds",
        alt=f"{title} of every method of every run for each seed, with the mean and its 95 % interval.",
        title=f"{title} over seeds",
        caption="Small dots are seeds. The large mark is their mean with its 95 % t-interval, which one seed "
        "does not have; the grey tick is the noise floor.",
        percent=("mean", "std", "low", "high", "floor", "excess"),
    )


def _differences(found: Sequence[Side], metric: str, reference: str) -> None:
    table = differences(found, reference)
    rows = table[(table["metric"] == metric) & (table["quantity"] == "mean")] if len(table) else table
    if rows.empty:
        st.info("These runs have no method in common.", icon=":material/info:")
        return
    title = METRICS[metric].title
    base = next((side.name for side in found if reference in side.letters), found[0].name)
    st.markdown(f"**{title}, difference from {base} over seeds**")
    how = (
        "Paired: a seed has the same test images and networks on both sides, so what it does to both cancels."
        if rows["paired"].all()
        else "Not all are paired by seed: there the interval is Welch's, for two independent sets of seeds."
    )
    lone = " Where a side has one seed, there is no interval." if rows["low"].isna().any() else ""
    show_figure(
        plots.seed_differences(table, metric),
        rows.drop(columns=["by_seed", "row"]),
        key="compare-seed-differences",
        alt=f"Difference in {title} from run {base} over seeds, with 95 % intervals.",
        title=f"{title}, difference from {base}",
        caption=f"{how}{lone} Where the interval includes 0, the difference may be chance.",
        percent=_PERCENT,
    )
