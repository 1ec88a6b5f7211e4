"""The maps, without a browser: scrubber, selection, zoom and distances."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow
from streamlit.testing.v1 import AppTest

from fairdd_core.embed.map_table import map_table
from fairdd_core.runs.storage.folder import RunFolder
from pages.ui.maps.selection import from_event
from pages.ui.maps.view import Shown
from tests.pages.conftest import remarks

Studio = Callable[..., AppTest]


def markup(app: AppTest) -> str:
    return "\n".join(part.proto.body for part in app.get("html"))


def figures(app: AppTest) -> list[dict[str, Any]]:
    """Return the maps as they are sent to the browser."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return [spec for spec in specs if any(trace["name"] == "real sample" for trace in spec["data"])]


def trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the last trace of a name: the one of the class in focus."""
    return [trace for trace in figure["data"] if trace["name"] == name][-1]


def where(figure: dict[str, Any], name: str) -> Any:
    x = trace(figure, name)["x"]
    return x if isinstance(x, list) else x["bdata"]


def test_the_scrubber_moves_synthetic_images_and_nothing_else(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps")
    end = figures(app)
    app.button(key="scrub-back").click().run()
    assert not app.exception
    assert app.session_state["scrub-at"] == 60
    for before, after in zip(end, figures(app), strict=True):
        for name in ("real sample", "mean of a group", "target of the method"):
            assert where(before, name) == where(after, name)
        for name in ("synthetic image", "mean of its synthetic images"):
            assert where(before, name) != where(after, name)
        assert before["layout"]["xaxis"]["range"] == after["layout"]["xaxis"]["range"]


def test_maps_and_images_stand_at_the_same_iteration(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps")
    app.button(key="scrub-back").click().run()
    app.button(key="scrub-back").click().run()
    app.button_group(key="view").set_value("images").run()
    assert app.select_slider(key="scrub-at").value == 10
    app.button_group(key="view").set_value("fairness").run()
    app.button_group(key="view").set_value("maps").run()
    assert app.select_slider(key="scrub-at").value == 10
    assert not app.exception


def test_a_run_without_trajectories_shows_the_end_and_says_so(studio: Studio, run: RunFolder) -> None:
    run.moments_file.unlink()
    app = studio(run=run.path.name, view="maps")
    assert "show the end of the run" in remarks(app)
    assert "scrub-at" not in {slider.key for slider in app.select_slider}
    assert len(figures(app)) == 2


def test_groups_are_selected_without_a_mouse(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps")
    assert trace(figures(app)[0], "real sample").get("selectedpoints") is None
    app.button_group(key="map-groups").set_value([0, 3]).run()
    assert not app.exception
    assert "Selected: 4 of the 16 real samples in the map**, class 0" in remarks(app)
    page = markup(app)
    assert "red 3 of 3" in page
    assert "orange 0 of 1" in page
    assert page.count('alt="real image, class 0, group red"') == 3
    assert page.count('alt="real image') == 4
    chosen = [trace(figure, "real sample")["selectedpoints"] for figure in figures(app)]
    assert chosen[0] == chosen[1]
    assert chosen[0]["bdata"]
    app.button(key="map-clear").click().run()
    assert "Selected:" not in remarks(app)
    assert trace(figures(app)[0], "real sample").get("selectedpoints") is None


def test_all_maps_share_their_zoom_until_it_is_reset(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps")
    whole = figures(app)[0]["layout"]["xaxis"]["range"]
    assert "map-whole" not in {button.key for button in app.button}
    app.session_state["map-viewport"] = {"pca": ([0.0, 0.5], [0.25, 1.0])}
    app.session_state["map-tool"] = "pan"
    app.button(key="scrub-back").click().run()
    for figure in figures(app):
        assert figure["layout"]["xaxis"]["range"] == [0.0, 0.5]
        assert figure["layout"]["yaxis"]["range"] == [0.25, 1.0]
        assert figure["layout"]["dragmode"] == "pan"
    app.button_group(key="map-projection").set_value("umap").run()
    assert "map-whole" not in {button.key for button in app.button}, "another projection has other axes"
    app.button_group(key="map-projection").set_value("pca").run()
    app.button(key="map-whole").click().run()
    assert figures(app)[0]["layout"]["xaxis"]["range"] == whole
    assert not app.exception


def test_at_most_24_images_are_shown_with_the_total(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="maps")
    app.selectbox(key="map-focus").select("All classes").run()
    app.button_group(key="map-groups").set_value([0, 1]).run()
    assert "Selected: 33 of the 159 real samples" in remarks(app)
    assert "first 24 of 33" in remarks(app)
    assert markup(app).count('alt="real image') == 24


def test_images_of_changed_data_are_not_shown(studio: Studio, run: RunFolder) -> None:
    points = run.points()
    assert points is not None
    points.loc[points["kind"] == "real", "class_id"] = 9 - points["class_id"]
    points.to_parquet(run.points_file, index=False)
    app = studio(run=run.path.name, view="maps")
    app.button_group(key="map-groups").set_value([0]).run()
    assert "data set has changed since this run" in remarks(app)
    assert 'alt="real image' not in markup(app)
    assert not app.exception


def test_the_table_of_distances_marks_the_farthest_group(studio: Studio, run: RunFolder) -> None:
    (table,) = studio(run=run.path.name, view="maps").table
    columns = [str(name).partition("  \n")[2] for name in table.value.columns]
    assert columns == ["", "", *["to target", "to images"] * 2]
    assert len(table.value) == 10
    styler = table.proto.arrow_data.styler
    bold = {(int(r), int(c)) for r, c in re.findall(r"row(\d+)_col(\d+)", styler.styles)}
    farthest = table.value.iloc[:, 2:].eq(table.value.iloc[:, 2:].max())
    assert bold == {(r, c + 2) for r, c in np.argwhere(farthest.to_numpy())}
    shown = pyarrow.ipc.open_stream(styler.display_values).read_pandas()
    assert shown.iloc[5, 2] == "1.00", "how far the groups opposite are from vanilla's target"


def test_a_browser_event_becomes_a_selection(run: RunFolder) -> None:
    points = run.points()
    assert points is not None
    table = map_table(points, "pca", "0123456789", "abcdefghij")
    table = Shown(table, "pca", "group", 0, 600).selectable()
    assert set(table["class_id"]) == {0}
    one = table[table["kind"] == "real"].iloc[4]
    data = [one["class"], one["group"], "real", "", int(one["index"])]
    clicked = from_event({"points": [{"customdata": data}], "box": [], "lasso": []}, table, "pca")
    assert clicked.real == {one["index"]}
    assert not clicked.region
    box = {"x": [one["x"] - 1e-6, one["x"] + 1e-6], "y": [one["y"] - 1e-6, one["y"] + 1e-6]}
    boxed = from_event({"points": [], "box": [box], "lasso": []}, table, "pca")
    assert boxed.real == {one["index"]}
    lasso = {"x": [-99.0, 99.0, 99.0, -99.0], "y": [-99.0, -99.0, 99.0, 99.0]}
    everything = from_event({"points": [], "box": [], "lasso": [lasso]}, table, "pca")
    assert len(everything.real) == 16
    assert {arm: len(places) for arm, places in everything.synthetic.items()} == {"cobra": 10, "vanilla": 10}
    landmark = {"points": [{"customdata": ["0", "red"]}, {"customdata": 600}, {}], "box": [], "lasso": []}
    assert not from_event(landmark, table, "pca")
