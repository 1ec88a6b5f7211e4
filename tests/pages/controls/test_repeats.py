"""The number of repeats beside the seed, and what Launch makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.config.repeats import MAX_REPEATS
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.controls.repeats import launch_text
from tests.pages.conftest import settled, words
from tests.pages.fake_repeats import add_seed

Studio = Callable[..., AppTest]


def queued(workspace: Path) -> list[int]:
    store = Store(Workspace(workspace))
    return [store.folder(run.id).spec().seed for run in store.live()]


def test_one_run_unless_more_are_asked_for(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio()
    assert app.number_input(key="control-repeats").value == 1
    assert "repeats" not in app.query_params
    assert app.button(key="launch-button").label == "Launch"
    settled(app.button(key="launch-button").click().run())
    assert queued(workspace) == [0]


def test_repeats_are_launched_from_the_seed_on(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio(seed="4")
    settled(app.number_input(key="control-repeats").set_value(3).run())
    assert app.query_params["repeats"] in ("3", ["3"])
    assert "3 runs, seeds 4-6, one after the other." in words(app)
    settled(app.button(key="launch-button").click().run())
    assert queued(workspace) == [4, 5, 6]
    assert "Queued: seeds 4-6." in words(app)
    first = Store(Workspace(workspace)).live()[0]
    assert app.query_params["run"] in (first.id, [first.id])


def test_a_finished_seed_is_named_and_used_again(studio: Studio, workspace: Path, no_examples: None) -> None:
    add_seed(workspace, 1, quick())
    app = studio(seed="0", repeats="2")
    assert "Seed 1 is finished already and not run again." in words(app)
    settled(app.button(key="launch-button").click().run())
    assert queued(workspace) == [0]
    assert "Finished before and used again: seed 1." in words(app)


def test_the_address_carries_repeats_and_bad_ones_are_named(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    assert studio(repeats="5").number_input(key="control-repeats").value == 5
    for text in ("0", str(MAX_REPEATS + 1), "many"):
        app = studio(repeats=text)
        assert app.number_input(key="control-repeats").value == 1


def test_seeds_beyond_the_last_one_are_refused(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio(seed=str(2**31 - 1), repeats="2")
    assert any("2 repeats" in str(error.value) for error in app.error)
    assert not [button for button in app.button if button.key == "launch-button"]


def test_all_seeds_of_a_launch_can_be_stopped(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio(repeats="3")
    settled(app.button(key="launch-button").click().run())
    assert "0 of 3 seeds done" in words(app)
    settled(app.button(key="stop-repeats").click().run())
    assert queued(workspace) == []
    states = {run.state for run in Store(Workspace(workspace)).list()}
    assert states == {RunState.STOPPED}
    assert not [button for button in app.button if button.key == "stop-repeats"]


def test_what_a_launch_does_in_words() -> None:
    assert "seeds 0-2, one after the other." in launch_text((0, 1, 2), {})
    assert "Seeds 0,2 are finished already" in launch_text((0, 1, 2), {0: "a", 2: "b"})
    assert launch_text((0, 1), {0: "a", 1: "b"}) == "All 2 seeds are finished already: nothing is run again."
