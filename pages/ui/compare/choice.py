"""Which runs and methods are compared."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from fairdd_core.errors import UserError
from fairdd_core.plots.theme import arm_label
from pages.ui.common import notices, url
from pages.ui.common.errors import catch_damage, escape_markdown
from pages.ui.common.runs import RunView, examples, open_run, store

LETTERS = "ABCD"
MAX_RUNS = len(LETTERS)
_RUNS, _ARMS = "compare-runs", "compare-arms"


def comparable() -> dict[str, RunView]:
    """Return the runs that have been tested, newest first, then the bundled examples."""
    found = {}
    for record in store().list():
        try:
            view = open_run(record.id)
        except UserError:
            continue
        if view.folder.counts_file.exists():
            found[view.id] = view
    return found | {view.id: view for view in examples()}


def parse(text: str, known: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the runs that the address names, and the names that cannot be used."""
    asked = list(dict.fromkeys(part for part in text.split(",") if part))
    chosen = [run for run in asked if run in known][:MAX_RUNS]
    return chosen, [run for run in asked if run not in chosen]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{escape_markdown(name)}”" for name in names)


def _label(view: RunView) -> str:
    data = view.spec.data
    settings = f"skew {data.skew_text} · separation {data.separation:g} · seed {view.spec.seed}"
    return f"{'Example' if view.example else view.id[-6:]} · {settings} · {view.name}"


def choose_runs(known: dict[str, RunView], linked: bool) -> list[RunView]:
    """Draw the choice of the runs, which the address holds.

    Args:
        known: the runs that can be compared.
        linked: whether the address comes from a link.
    """
    asked = url.params().get("runs")
    if asked is not None and linked:
        st.session_state[_RUNS], unusable = parse(asked, list(known))
        if unusable:
            notices.warn(
                f"The link names {_quoted(unusable)}, which cannot be compared: unknown, not tested yet, or "
                f"more than {MAX_RUNS} runs."
            )
    chosen = st.session_state.get(_RUNS, list(known)[:2])
    st.session_state[_RUNS] = [run for run in chosen if run in known]
    chosen = st.multiselect(
        "Runs to compare",
        list(known),
        format_func=lambda run: _label(known[run]),
        key=_RUNS,
        max_selections=MAX_RUNS,
        persist_state="session",
        placeholder="Choose two to four runs",
        help="All runs that have been tested, newest first, and the bundled examples.",
    )
    url.update(runs=",".join(chosen))
    return [known[run] for run in chosen]


def readable(views: Sequence[RunView]) -> list[RunView]:
    """Return the runs whose results can be read; show an error for each of the others."""
    kept = []
    for view in views:
        with catch_damage(view):
            view.folder.count_series()
            kept.append(view)
    return kept


def choose_arms(views: Sequence[RunView], linked: bool) -> list[str]:
    """Draw the choice of the methods that are compared one by one; the address holds it."""
    names = dict.fromkeys(arm for view in views for arm in view.arms)
    available = sorted(names, key=lambda arm: -sum(arm in view.arms for view in views))  # those of all first
    if linked:
        asked = [arm for arm in url.params().get("arms", "").split(",") if arm]
        st.session_state[_ARMS] = asked
        if unknown := [arm for arm in asked if arm not in available]:
            st.warning(f"These runs have no method {_quoted(unknown)}.", icon=":material/info:")
    kept = [arm for arm in st.session_state.get(_ARMS, []) if arm in available]
    st.session_state[_ARMS] = kept or available[:2]
    arms = st.pills(
        "Methods below",
        available,
        selection_mode="multi",
        format_func=arm_label,
        key=_ARMS,
        persist_state="session",
        help="The figures class by class, the curves and the images show these methods.",
    )
    url.update(arms=",".join(arms))
    if not arms:
        st.info("Choose at least one method above.", icon=":material/arrow_upward:")
    return list(arms)
