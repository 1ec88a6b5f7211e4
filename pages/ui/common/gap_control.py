"""The choice between the two gaps, wherever one of them is drawn."""

from __future__ import annotations

import streamlit as st

from fairdd_core.analysis.metrics import METRICS

GAPS = ("deo_mean", "deo_max")


def gap_control(key: str) -> str:
    """Draw the choice and return the name of the gap in ``METRICS``.

    Args:
        key: of the widget, unique on the page.
    """
    chosen = st.segmented_control(
        "Gap",
        list(GAPS),
        default=GAPS[0],
        required=True,
        key=key,
        format_func=lambda name: METRICS[name].title,
        help="\n\n".join(f"**{METRICS[n].title}**: {METRICS[n].sentence}" for n in GAPS),
    )
    return str(chosen)
