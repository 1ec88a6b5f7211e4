"""The time budget in the sidebar of the Studio."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.config.budget import fit
from fairdd_core.config.presets import arms_named, quick
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.engine import sizes, speed
from fairdd_core.workspace import Workspace
from pages.ui.controls.address import from_address, to_address
from tests.helpers import device_speed
from tests.pages.conftest import settled, words
from tests.pages.controls.test_sidebar import launched

Visit = Callable[..., AppTest]
START = changed(quick(), {"device": "cpu"})
KEY = "control-budget"


@pytest.fixture
def home(workspace: Path, no_examples: None, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace where the processor was measured."""
    monkeypatch.setattr(speed, "start", lambda workspace, device: pytest.fail("it was measured"))
    speed.write(Workspace(workspace), "cpu", device_speed())
    return Workspace(workspace)


def expected(home: Workspace, seconds: int, start: RunSpec = START) -> RunSpec:
    return fit(start, sizes.size_of(home, start), device_speed(), seconds).spec


def choose(app: AppTest, seconds: int | None) -> AppTest:
    app.button_group(key=KEY).set_value(seconds)
    return settled(app.run())


def test_a_budget_sets_the_controls_says_why_and_is_launched(studio: Visit, home: Workspace) -> None:
    app = studio(device="cpu")
    assert app.button_group(key=KEY).value == 0
    wanted = expected(home, 300)
    choose(app, 300)
    assert app.number_input(key="control-iterations").value == wanted.distill.iterations
    assert app.number_input(key="control-networks").value == wanted.evaluation.networks
    assert "About 5 minutes on this CPU" in words(app)
    assert "Kept from the run or link" not in words(app)
    assert "Takes about 5 minutes on this machine" in words(app)
    address = {
        name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()
    }
    assert from_address(address) == (wanted, []), "the address has what was resolved"
    assert launched(app, home.root) == wanted


def test_taking_out_all_methods_under_a_budget_asks_for_one(studio: Visit, home: Workspace) -> None:
    app = choose(studio(device="cpu"), 300)
    app.session_state["control-kept"] = {**app.session_state["control-kept"], "distill.momentum": 0.25}
    app.session_state["control-arms"] = []
    assert "Choose at least one method." in words(settled(app.run()))


def test_a_link_to_its_settings_claims_no_budget(studio: Visit, home: Workspace) -> None:
    wanted = expected(home, 300)
    app = studio(**to_address(wanted))
    assert app.button_group(key=KEY).value is None
    assert launched(app, home.root) == wanted


def test_going_back_to_the_preset_undoes_it(studio: Visit, home: Workspace) -> None:
    app = choose(studio(device="cpu", seed="4"), 300)
    choose(app, 0)
    assert launched(app, home.root) == changed(START, {"seed": 4})


def test_what_is_changed_by_hand_stays(studio: Visit, home: Workspace) -> None:
    app = choose(studio(device="cpu"), 60)
    app.number_input(key="control-iterations").set_value(123).run()
    assert "You changed what the budget chose" in words(app)
    app.button_group(key="control-arms").set_value(["vanilla", "cobra", "fairdd"])
    settled(app.run())
    start = changed(START, {"distill.arms": arms_named("vanilla", "cobra", "fairdd")})
    wanted = fit(start, sizes.size_of(home, start), device_speed(), 60, {"distill.iterations": 123}).spec
    assert launched(app, home.root) == wanted


def test_it_follows_the_data(studio: Visit, home: Workspace) -> None:
    app = choose(studio(device="cpu"), 60)
    app.select_slider(key="control-groups").set_value(3)
    settled(app.run())
    now = changed(START, {"data.groups": 3})
    assert launched(app, home.root) == expected(home, 60, now)


def test_a_data_set_that_is_not_here_has_no_budget(studio: Visit, home: Workspace) -> None:
    app = choose(studio(device="cpu", dataset="colored-mnist-fg"), 60)
    assert "No budget is set" in words(app)
    assert app.button_group(key=KEY).value == 0


def test_a_published_recipe_has_no_budget(studio: Visit, home: Workspace) -> None:
    app = choose(studio(device="cpu"), 60)
    app.button_group(key="control-preset").set_value("published").run()
    settled(app)
    assert app.button_group(key=KEY).disabled
    assert app.button_group(key=KEY).value in (0, None)
    app.button_group(key="control-preset").set_value("quick").run()
    assert not settled(app).button_group(key=KEY).disabled


def test_the_machine_is_measured_beside_the_page(
    studio: Visit, home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = home.speeds.glob("cpu.json")
    file.unlink()
    started: list[str] = []
    monkeypatch.setattr(speed, "start", lambda workspace, device: started.append(device))
    monkeypatch.setattr(speed, "is_measuring", lambda workspace, device: bool(started))
    app = choose(studio(device="cpu"), 300)
    assert started == ["cpu"]
    assert "Measuring the speed of this machine" in words(app)
    assert app.number_input(key="control-iterations").value == quick().distill.iterations
    settled(app.run())
    assert started == ["cpu"], "once"
    speed.write(home, "cpu", device_speed())
    settled(app.run())
    assert launched(app, home.root) == expected(home, 300)


def test_a_machine_that_cannot_be_measured_is_explained(
    studio: Visit, home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = home.speeds.glob("cpu.json")
    file.unlink()
    monkeypatch.setattr(speed, "start", lambda workspace, device: None)
    app = choose(studio(device="cpu"), 300)
    settled(app.run())
    assert "cpu.log" in words(app)
    assert app.button_group(key=KEY).value == 0
    assert launched(app, home.root) == START


def test_dropping_what_was_kept_leaves_the_budget(studio: Visit, home: Workspace) -> None:
    app = choose(studio(device="cpu", **{"distill.momentum": "0.75"}), 300)
    assert "without a control here: Momentum of the images = 0.75." in words(app)
    app.button(key="drop-kept").click().run()
    assert launched(settled(app), home.root) == expected(home, 300)
