"""The results of a run over its repeats, which differ from it in nothing but the seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.repeats import arm_differences, reference_arm, repeats_table, seed_table
from fairdd_core.analysis.results import HEADLINE, results_grid
from fairdd_core.plots import repeats as plots
from fairdd_core.plots.theme import arm_label, arm_styles
from fairdd_core.runs.storage.repeats import Repeats
from pages.ui.common.figures import show_figure
from pages.ui.common.html import arm_markdown
from pages.ui.common.runs import RunView, repeats_of_run

_SENTENCES = ("deo_mean", "accuracy")


def repeats_view(view: RunView, architecture: str) -> None:
    """Draw the results over seeds of a run that has repeats; nothing for another run.

    Args:
        view: the run.
        architecture: a further one of the evaluation; empty for its own.
    """
    repeats = repeats_of_run(view)
    if not repeats.several:
        return
    count = len(repeats.used)
    st.header(f"Over {count} seeds" if count > 1 else "Repeats with other seeds", anchor=False)
    _links(view, repeats)
    seeds = seed_table(repeats.results(architecture))
    if count < 2 or seeds.empty:
        st.info(
            f"{'One seed has' if count == 1 else 'No seed has'} finished: the results over seeds appear with "
            "the second one.",
            icon=":material/hourglass_empty:",
        )
        return
    means = repeats_table(seeds)
    pairs = arm_differences(seeds, view.arms, [reference_arm(view.arms)])
    for sentence in difference_sentences(pairs):
        st.markdown(sentence)
    _table(means, count)
    _figures(seeds, means, pairs)


def _links(view: RunView, repeats: Repeats) -> None:
    """Draw a link to every other repeat, and say which do not count."""
    with st.container(horizontal=True, vertical_alignment="center", key="repeats-links", gap="small"):
        st.markdown("Runs with these settings:", width="content")
        for repeat in repeats.used:
            if repeat.run == view.id:
                st.markdown(f"**seed {repeat.seed}** (this run)", width="content")
                continue
            link = {"run": repeat.run, "view": "fairness"}
            st.page_link("studio.py", label=f"seed {repeat.seed}", query_params=link, width="content")
    if note := repeats.note():
        st.caption(note)


def difference_sentences(pairs: pd.DataFrame) -> list[str]:
    """Return, for the mean gap and the accuracy, how far the first method differs from the reference.

    Args:
        pairs: from ``arm_differences``.
    """
    sentences = []
    for name in _SENTENCES:
        rows = pairs[(pairs["metric"] == name) & (pairs["quantity"] == "mean")]
        for row in rows.to_dict("records")[:1]:
            more = "higher" if row["difference"] > 0 else "lower"
            size = f"**{100 * abs(row['difference']):.1f} points {more}**"
            low, high = 100 * row["low"], 100 * row["high"]
            text = (
                f"{METRICS[name].title} of {arm_label(row['arm'])} is {size} than that of "
                f"{arm_label(row['against'])}, mean over {row['seeds']} seeds"
            )
            if np.isnan(low):
                sentences.append(f"{text}; all seeds agree, or there is only one.")
                continue
            chance = " The interval includes 0, so this may be chance." if low <= 0 <= high else ""
            interval = f"{low:+.1f} to {high:+.1f}".replace("-", "−")
            sentences.append(f"{text} (95 % interval of the difference {interval}).{chance}")
    return sentences


def _table(means: pd.DataFrame, count: int) -> None:
    grid = results_grid(means, markup="markdown")
    heads = [arm_markdown(style) for style in arm_styles(list(grid.index)).values()]
    titles = [f"**{METRICS[name].title}**" for name in HEADLINE]
    shown = grid.T.set_axis(heads, axis=1).set_axis(pd.Index(titles, name="Metric"))
    st.table(shown, border="horizontal", alt="Every metric over seeds")
    wide = " With two seeds it is very wide: run more." if count == 2 else ""
    st.caption(
        f"n = {count} seeds, each the mean of its test networks. ± is the standard deviation over seeds; the "
        f"small range is the 95 % t-interval of the mean over all seeds.{wide} It covers every choice that "
        "the seed decides: groups and order of the training images, first images, networks. "
        "pt: percentage points."
    )


def _figures(seeds: pd.DataFrame, means: pd.DataFrame, pairs: pd.DataFrame) -> None:
    metric = _metric_control()
    left, right = st.columns(2, gap="large")
    title, reference = METRICS[metric].title, pairs["against"].iloc[0] if len(pairs) else ""
    with left:
        st.markdown("**Every seed**")
        show_figure(
            plots.seed_dots(_named(seeds), _named(means), metric),
            means,
            key="repeats",
            alt=f"{title} of every method for each seed, with the mean over seeds and its 95 % interval.",
            title=f"{title} over seeds",
            caption="Small dots are seeds; a dotted line joins the methods of one seed. The large mark is "
            "their mean with its 95 % t-interval, the grey tick the noise floor.",
            percent=_percent(means),
        )
    if not (pairs["metric"] == metric).any():
        return
    with right:
        st.markdown(f"**Difference from {arm_label(reference)}, seed by seed**")
        show_figure(
            plots.seed_differences(_named(pairs), metric),
            pairs.drop(columns="by_seed"),
            key="repeats-differences",
            alt=f"Difference in {title} from {arm_label(reference)} for each seed, with 95 % intervals.",
            title=f"{title}, difference from {arm_label(reference)}",
            caption="Both methods of a seed have the same data and the same networks at the start, so what "
            "the seed does to both cancels. Where the interval includes 0, the difference may be chance.",
            percent=("difference", "std", "low", "high"),
        )


def _metric_control() -> str:
    chosen = st.segmented_control(
        "Metric over seeds",
        HEADLINE,
        default="deo_mean",
        required=True,
        key="repeats-metric",
        format_func=lambda name: METRICS[name].title,
        label_visibility="collapsed",
    )
    return str(chosen)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(row=[arm_label(str(arm)) for arm in table["arm"]])


def _percent(means: pd.DataFrame) -> tuple[str, ...]:
    shares = {"mean", "std", "low", "high", "floor", "excess"}
    return tuple(name for name in means.columns if name.rpartition("_")[2] in shares)
