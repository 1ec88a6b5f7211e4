"""Pages of a run whose custom data set has been removed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage.folder import RunFolder
from tests.pages.conftest import settled, words

Visit = Callable[..., AppTest]


@pytest.fixture
def removed(run: RunFolder) -> RunFolder:
    """A finished run on a set that is no longer here."""
    spec = json.loads(run.spec_file.read_text())
    spec["data"] |= {"dataset": "own-gone", "skew": None, "separation": 0.0}
    run.spec_file.write_text(json.dumps(spec))
    return run


@pytest.mark.parametrize("view", ["data", "images"])
def test_its_results_are_shown_without_the_set(removed: RunFolder, studio: Visit, view: str) -> None:
    app = studio(run=removed.path.name, view=view)
    assert not app.error, [error.value for error in app.error]
    assert any("own-gone" in info.value and "not on this machine" in info.value for info in app.info)
    assert "launch-button" not in {button.key for button in app.button}
    assert "own-gone" in words(app)


def test_another_set_can_be_chosen_then(removed: RunFolder, studio: Visit) -> None:
    app = studio(run=removed.path.name, view="data")
    app.selectbox(key="control-dataset").set_value("colored-digits-fg").run()
    assert not settled(app).error
    assert "launch-button" in {button.key for button in app.button}


def test_compare_shows_it_too(removed: RunFolder, visit: Visit) -> None:
    app = visit().switch_page("compare.py")
    app.query_params["runs"] = f"{removed.path.name},{removed.path.name}"
    assert not settled(app.run()).error
