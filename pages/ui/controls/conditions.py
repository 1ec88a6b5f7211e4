"""The controls of the conditions of a study: what is known of the groups, and who judges."""

from __future__ import annotations

import streamlit as st

from fairdd_core.nets.registry import NETWORKS
from pages.ui.controls.settings import OTHER_NETWORKS, key


def condition_controls() -> None:
    """Draw them; they change nothing unless they are moved."""
    left, right = st.columns(2, gap="small", wrap=False)
    left.slider(
        "Wrong groups",
        0,
        50,
        step=5,
        format="%d %%",
        key=key("noise"),
        persist_state="session",
        help="Share of the training images whose group label is replaced by another one, drawn at random. "
        "The test images keep the truth.",
    )
    right.slider(
        "Known groups",
        5,
        100,
        step=5,
        format="%d %%",
        key=key("known"),
        persist_state="session",
        help="Share of the training images whose group is known. The others count for Vanilla, which does "
        "not look at groups, and for no group's signal.",
    )
    st.multiselect(
        "Also judge with",
        OTHER_NETWORKS,
        format_func=lambda name: NETWORKS[name].title,
        key=key("judges"),
        persist_state="session",
        select_all=False,
        placeholder="Add another test network",
        help="Further architectures that learn from each synthetic set and are tested, with the same number "
        "of networks each. The test takes several times as long:\n\n"
        + "\n\n".join(f"**{NETWORKS[name].title}**: {NETWORKS[name].summary}" for name in OTHER_NETWORKS),
    )
