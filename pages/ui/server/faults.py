"""Faults of the program: the visitor gets a reference, the log has the rest."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from logging.handlers import RotatingFileHandler

import streamlit as st

from fairdd_core.workspace import Workspace
from pages.ui.common.errors import EXPECTED, show_error

_LOG_BYTES = 1_000_000
log = logging.getLogger("fairdd.faults")


def report_fault(error: Exception) -> bool:
    """Log an exception that no screen expected, and show its reference instead of a traceback."""
    if isinstance(error, EXPECTED):
        show_error("This part of the page cannot be shown.", error)
        return True
    reference, workspace = secrets.token_hex(4), Workspace.default()
    with suppress(OSError):  # without a workspace, Streamlit's own log has the traceback
        handler = RotatingFileHandler(workspace.faults_log, maxBytes=_LOG_BYTES, backupCount=1)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(handler)
        try:
            log.error("reference %s", reference, exc_info=error)
        finally:
            log.removeHandler(handler)
            handler.close()
    st.error(
        f"**This part of the page could not be drawn.** The cause is in `{workspace.faults_log.name}` in the "
        f"workspace, under the reference `{reference}`. Your runs are untouched. Reload the page, or open "
        "another screen.",
        icon=":material/error:",
    )
    return True
