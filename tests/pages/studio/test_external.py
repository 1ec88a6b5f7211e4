"""A run with a set that was made elsewhere, on every screen of the Studio and in Compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage import external
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import Store
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


def test_sets_are_added_in_the_studio_and_launched(
    studio: Studio, workspace: Path, no_examples: None, tmp_path: Path
) -> None:
    labels = np.repeat(np.arange(10), 2)
    np.savez(
        tmp_path / "theirs.npz",
        images=np.random.default_rng(0).random((20, 3, 16, 16), np.float32),
        labels=labels,
    )
    content = (tmp_path / "theirs.npz").read_bytes()
    app = studio()
    add = app.file_uploader(key="external-files")
    settled(add.set_value([(f"{name}.npz", content, "") for name in ("theirs", "others")]).run())
    settled(app.button(key="external-add").click().run())
    assert "2 of each class" in words(app)
    settled(app.button(key="launch-button").click().run())
    (record,) = Store(Workspace(workspace)).list()
    folder = Store(Workspace(workspace)).folder(record.id)
    names = ["external theirs", "external others"]
    assert [arm.name for arm in folder.spec().distill.arms] == ["vanilla", "cobra", *names]
    assert sorted(folder.external()) == sorted(names)


def test_a_file_that_does_not_fit_is_refused_in_the_studio(
    studio: Studio, no_examples: None, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((20, 3, 9, 9), np.float32), labels=np.arange(20) % 10)
    app = studio()
    content = (tmp_path / "a.npz").read_bytes()
    settled(app.file_uploader(key="external-files").set_value([("a.npz", content, "")]).run())
    settled(app.button(key="external-add").click().run())
    assert any("16×16 pixels" in error.value for error in app.error)
