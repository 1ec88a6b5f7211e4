"""A run with a set that was made elsewhere, on every screen of the Studio and in Compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage import external
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.workspace import Workspace
from tests.pages.conftest import settled, words
from tests.runs.engine.test_external import made_set, spec_with, worked

Studio = Callable[..., AppTest]
NAME = "external theirs 2"


@pytest.fixture
def judged(workspace: Path, no_examples: None) -> RunFolder:
    external.keep(Workspace(workspace), made_set())
    return worked(Workspace(workspace), spec_with(made_set()))


def test_it_is_shown_beside_the_others(studio: Studio, judged: RunFolder) -> None:
    run = judged.path.name
    images = studio(run=run, view="images")
    grids = {grid["name"]: grid for grid in (json.loads(g.proto.json) for g in images.get("bidi_component"))}
    assert grids[NAME]["columns"] == 3
    assert "Made elsewhere" in words(images)
    images.selectbox(key="inspected-class").select_index(2).run()
    settled(images.number_input(key="inspected-number").set_value(3).run())
    assert "Image 3" in words(images) or "image 3" in words(images)
    images.selectbox(key="inspected-class").select_index(0).run()
    assert "This method has no class 0, image 3" in words(settled(images))
    fairness = studio(run=run, view="fairness")
    assert NAME in words(fairness)
    maps = studio(run=run, view="maps")
    assert any(NAME in chart.proto.spec for chart in maps.get("plotly_chart"))
    compare = studio().switch_page("compare.py")
    compare.query_params["runs"] = f"{run},{worked_again(judged)}"
    assert NAME in words(settled(compare.run()))


def worked_again(judged: RunFolder) -> str:
    workspace = Workspace(judged.path.parents[1])
    return worked(workspace, spec_with(made_set(), own=False)).path.name
