"""The sidebar of the Studio: what an address asks for is what Launch queues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.controls.address import to_address
from tests.pages.conftest import settled, words
from tests.pages.fake_run import write_fake_run

Visit = Callable[..., AppTest]
OWN = (ArmSpec(name="cobra", alignment="cobra", warm_steps=3), ArmSpec(name="mine", alignment="vanilla"))


def launched(app: AppTest, workspace: Path) -> RunSpec:
    """Press Launch and return what was queued."""
    settled(app.button(key="launch-button").click().run())
    store = Store(Workspace(workspace))
    newest = max(store.list(), key=lambda run: (run.created, run.id))
    return store.folder(newest.id).spec()


def test_more_images_per_class_than_there_are_cannot_be_launched(studio: Visit, no_examples: None) -> None:
    app = studio(ipc="125")
    assert any("at most 124, the images of class 8" in error.value for error in app.error)
    assert "launch-button" not in {button.key for button in app.button}


@pytest.mark.parametrize(
    ("name", "value"), [("iterations", 30_000), ("epochs", 3000), ("pairs", 1000), ("ipc", 120)]
)
def test_a_number_in_the_address_is_launched(
    studio: Visit, workspace: Path, no_examples: None, name: str, value: int
) -> None:
    paths = {
        "iterations": "distill.iterations",
        "epochs": "evaluation.epochs",
        "pairs": "distill.schedule.pairs",
        "ipc": "distill.ipc",
    }
    app = studio(**{name: str(value)})
    assert app.number_input(key=f"control-{name}").value == value
    assert launched(app, workspace) == changed(quick(), {paths[name]: value})


@pytest.mark.parametrize(
    "values",
    [
        {"data.skew": 0.333, "data.label_noise": 0.125, "data.separation": 0.33},
        {"distill.lr": 1e-7, "seed": 2**31 - 1, "device": "cpu"},
        {"preset": "custom", "distill.momentum": 0.9, "distill.schedule.kind": "fresh"},
        {"distill.arms": OWN},
        {"evaluation.network.name": "mlp", "evaluation.others": ("convnet", "vgg11")},
    ],
)
def test_any_address_is_launched_as_it_is(
    studio: Visit, workspace: Path, no_examples: None, values: dict[str, Any]
) -> None:
    spec = changed(quick(), values)
    assert launched(studio(**to_address(spec)), workspace) == spec


def test_a_run_opened_in_the_studio_is_launched_again_unchanged(
    studio: Visit, workspace: Path, no_examples: None
) -> None:
    spec = changed(quick(), {"distill.momentum": 0.75, "distill.arms": OWN[:1]})
    store = Store(Workspace(workspace))
    run_id = store.create(spec)
    store.update(run_id, state=RunState.DONE)
    write_fake_run(store.folder(run_id).path, spec)
    app = studio(run=run_id)
    assert "Momentum of the images = 0.75" in words(app)
    assert launched(app, workspace) == spec


def test_what_is_kept_can_be_dropped(studio: Visit, workspace: Path, no_examples: None) -> None:
    spec = changed(quick(), {"distill.momentum": 0.75, "distill.arms": OWN, "seed": 4})
    app = studio(**to_address(spec))
    app.button(key="drop-kept").click().run()
    assert "drop-kept" not in {button.key for button in settled(app).button}
    dropped = launched(app, workspace)
    assert (dropped.distill.momentum, dropped.seed) == (0.5, 4)
    assert [arm.name for arm in dropped.distill.arms] == ["cobra"]
    assert dropped.distill.arms[0].warm_steps == 0


def test_moving_a_control_keeps_what_has_none(studio: Visit, workspace: Path, no_examples: None) -> None:
    app = studio(**{"distill.momentum": "0.75"})
    app.number_input(key="control-seed").set_value(9).run()
    assert app.query_params["distill.momentum"] == "0.75"
    assert launched(app, workspace) == changed(quick(), {"distill.momentum": 0.75, "seed": 9})
