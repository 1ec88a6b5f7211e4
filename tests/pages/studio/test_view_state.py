"""A link brings back what was looked at: iteration, image, and how the maps were drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage.folder import RunFolder

Studio = Callable[..., AppTest]


def address(app: AppTest) -> dict[str, str]:
    """Its parameters but those of the controls."""
    texts = {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}
    return {name: texts[name] for name in texts if name in STATE}


STATE = {"at", "look", "size", "map", "color", "focus", "picked"}


def test_an_address_says_nothing_of_what_is_usual(studio: Studio, run: RunFolder) -> None:
    for view in ("data", "images", "maps", "fairness"):
        assert address(studio(run=run.path.name, view=view)) == {}


def test_images_come_back(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="images")
    app.button(key="scrub-back").click().run()
    app.selectbox(key="inspected-class").select_index(1).run()
    app.number_input(key="inspected-number").set_value(2).run()
    app.button_group(key="image-size").set_value("Large").run()
    told = address(app)
    assert told == {"at": "60", "look": "1.2", "size": "large"}
    again = studio(run=run.path.name, view="images", **told)
    assert again.select_slider(key="scrub-at").value == 60
    assert (
        again.selectbox(key="inspected-class").value == 1
        and again.number_input(key="inspected-number").value == 2
    )
    assert again.button_group(key="image-size").value == "Large"
    assert address(again) == told and not again.warning


def test_maps_come_back(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps")
    app.button(key="scrub-back").click().run()
    app.button_group(key="map-projection").set_value("umap").run()
    app.button_group(key="map-color").set_value("class").run()
    app.selectbox(key="map-focus").select("All classes").run()
    app.button_group(key="map-groups").set_value([0, 3]).run()
    told = address(app)
    assert told == {"at": "60", "map": "umap", "color": "class", "focus": "all", "picked": "0,3"}
    again = studio(run=run.path.name, view="maps", **told)
    assert address(again) == told and not again.warning
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
def test_what_cannot_be_used_is_told(
    studio: Studio, visit: Callable[..., AppTest], run: RunFolder, view: str, bad: dict[str, str]
) -> None:
    app = visit(run=run.path.name, view=view, **bad)
    ((name, value),) = bad.items()
    assert any(f"{name}={value}" in warning.value.replace("\\", "") for warning in app.warning)
    assert address(app) == {}


def test_a_link_that_says_nothing_shows_what_is_usual(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="images", at="10", size="large", look="1.2")
    app.query_params.clear()
    app.query_params["run"], app.query_params["view"] = run.path.name, "maps"
    app.run()
    assert not app.exception and not app.warning
    assert address(app) == {}
    app.query_params.clear()
    app.query_params["run"], app.query_params["view"], app.query_params["at"] = run.path.name, "images", "60"
    app.run()
    assert address(app) == {"at": "60"} and app.select_slider(key="scrub-at").value == 60


def test_the_frames_of_an_animation_are_no_addresses(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="images")
    app.button(key="scrub-play").click().run()
    assert app.select_slider(key="scrub-at").value == 0 and address(app) == {}
    app.button(key="scrub-play").click().run()
    assert address(app) == {"at": "0"}
