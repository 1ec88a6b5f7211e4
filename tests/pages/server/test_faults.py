"""Faults of the program reach the log, and the visitor as a reference."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.helpers import ROOT


def faulty() -> None:
    from pages.ui.server.faults import report_fault

    try:
        raise ValueError("secret path")
    except ValueError as error:
        assert report_fault(error)


def test_the_visitor_gets_a_reference_and_the_log_the_traceback(workspace: Path) -> None:
    (shown,) = AppTest.from_function(faulty).run().error
    assert "secret" not in shown.value
    found = re.search(r"reference `(\w{8})`", shown.value)
    assert found
    log = (workspace / "faults.log").read_text()
    assert f"reference {found[1]}" in log
    assert "ValueError: secret path" in log


def test_what_no_handler_sees_is_not_shown_either() -> None:
    """Streamlit shows errors of loading a page itself."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["client"]["showErrorDetails"] == "none"
