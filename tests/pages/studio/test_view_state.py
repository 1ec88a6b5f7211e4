"""A link restores the iteration, the inspected image and the controls of the maps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage.folder import RunFolder

Studio = Callable[..., AppTest]


def address(app: AppTest) -> dict[str, str]:
    """Return its parameters except those of the sidebar."""
    texts = {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}
    return {name: texts[name] for name in texts if name in STATE}


STATE = {"at", "look", "size", "map", "color", "focus", "picked"}


def test_defaults_are_not_in_the_address(studio: Studio, run: RunFolder) -> None:
    for view in ("data", "images", "maps", "fairness"):
        assert address(studio(run=run.path.name, view=view)) == {}


def test_a_link_restores_the_images(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="images")
    app.button(key="scrub-back").click().run()
    app.selectbox(key="inspected-class").select_index(1).run()
    app.number_input(key="inspected-number").set_value(2).run()
    app.button_group(key="image-size").set_value("Large").run()
    written = address(app)
    assert written == {"at": "60", "look": "1.2", "size": "large"}
    again = studio(run=run.path.name, view="images", **written)
    assert again.select_slider(key="scrub-at").value == 60
    assert (
        again.selectbox(key="inspected-class").value == 1
        and again.number_input(key="inspected-number").value == 2
    )
    assert again.button_group(key="image-size").value == "Large"
    assert address(again) == written
    assert not again.warning


def test_a_link_restores_the_maps(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps")
    app.button(key="scrub-back").click().run()
    app.button_group(key="map-projection").set_value("umap").run()
    app.button_group(key="map-color").set_value("class").run()
    app.selectbox(key="map-focus").select("All classes").run()
    app.button_group(key="map-groups").set_value([0, 3]).run()
    written = address(app)
    assert written == {"at": "60", "map": "umap", "color": "class", "focus": "all", "picked": "0,3"}
    again = studio(run=run.path.name, view="maps", **written)
    assert address(again) == written
    assert not again.warning
    assert again.button_group(key="map-groups").value == [0, 3]


def test_another_view_has_an_address_of_its_own(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps", at="10", map="umap")
    app.button_group(key="view").set_value("images").run()
    assert address(app) == {"at": "10"}
    app.button_group(key="view").set_value("fairness").run()
    assert address(app) == {}
    app.button_group(key="view").set_value("maps").run()
    assert address(app) == {"at": "10", "map": "umap"}, "what was chosen is not lost"


@pytest.mark.parametrize(
    ("view", "bad"),
    [
        ("images", {"at": "11"}),
        ("images", {"at": "x"}),
        ("images", {"look": "99.1"}),
        ("images", {"look": "0.0"}),
        ("images", {"look": "1.2.2"}),
        ("images", {"look": "a.b"}),
        ("images", {"look": "1"}),
        ("images", {"size": "huge"}),
        ("maps", {"map": "tsne"}),
        ("maps", {"color": "red"}),
        ("maps", {"focus": "99"}),
        ("maps", {"picked": "0,99"}),
        ("maps", {"picked": "-1"}),
    ],
)
def test_an_unusable_value_is_named(
    studio: Studio, visit: Callable[..., AppTest], run: RunFolder, view: str, bad: dict[str, str]
) -> None:
    app = visit(run=run.path.name, view=view, **bad)
    ((name, value),) = bad.items()
    assert any(f"{name}={value}" in warning.value.replace("\\", "") for warning in app.warning)
    assert address(app) == {}


def test_a_link_without_state_restores_the_defaults(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="images", at="10", size="large", look="1.2")
    app.query_params.clear()
    app.query_params["run"], app.query_params["view"] = run.path.name, "maps"
    app.run()
    assert not app.exception
    assert not app.warning
    assert address(app) == {}
    app.query_params.clear()
    app.query_params["run"], app.query_params["view"], app.query_params["at"] = run.path.name, "images", "60"
    app.run()
    assert address(app) == {"at": "60"}
    assert app.select_slider(key="scrub-at").value == 60


def test_the_frames_of_an_animation_are_no_addresses(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="images")
    app.button(key="scrub-play").click().run()
    assert app.select_slider(key="scrub-at").value == 0
    assert address(app) == {}
    app.button(key="scrub-play").click().run()
    assert address(app) == {"at": "0"}
