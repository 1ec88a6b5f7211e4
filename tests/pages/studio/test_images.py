"""The images, without a browser: the grids, and the image inspector."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.studio.image_inspector import Place
from tests.pages.conftest import remarks
from tests.pages.fake_run import write_fake_run

Studio = Callable[..., AppTest]


def markup(app: AppTest) -> str:
    return "\n".join(part.proto.body for part in app.get("html") if "<style>" not in part.proto.body)


def grids(app: AppTest) -> list[dict[str, Any]]:
    """Return the data of each grid."""
    return [json.loads(grid.proto.json) for grid in app.get("bidi_component")]


def inspected(studio: Studio, run: RunFolder, class_id: int = 3, number: int = 1) -> AppTest:
    app = studio(run=run.path.name, view="images")
    app.selectbox(key="inspected-class").select_index(class_id).run()
    app.number_input(key="inspected-number").set_value(number).run()
    assert not app.exception
    return app


def test_a_grid_per_arm_with_its_classes_as_rows(studio: Studio, run: RunFolder) -> None:
    shown = grids(studio(run=run.path.name, view="images"))
    assert [grid["name"] for grid in shown] == ["Vanilla", "COBRA"]
    for grid in shown:
        assert grid["rows"] == [str(c) for c in range(10)]
        assert grid["columns"] == 10
        assert grid["chosen"] is None
        assert "after 600 iterations" in grid["alt"]
    assert shown[0]["src"].startswith("data:image/png;base64,")


def test_images_can_be_made_large(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="images")
    app.button_group(key="image-size").set_value("Large").run()
    assert not app.exception
    assert all(grid["large"] and grid["width"] >= 10 * 64 for grid in grids(app))


def test_of_a_run_with_one_iteration_left_that_one_is_shown(studio: Studio, run: RunFolder) -> None:
    for iteration in (0, 10, 60):
        run.snapshot_file(iteration).unlink()
    for view in ("images", "maps"):
        app = studio(run=run.path.name, view=view)
        assert not app.exception
        assert "After 600 iterations; earlier images were not saved." in remarks(app)
        assert "scrub-at" not in {slider.key for slider in app.select_slider}


def test_one_image_of_every_arm_with_its_neighbours(studio: Studio, run: RunFolder) -> None:
    app = inspected(studio, run, class_id=3, number=2)
    assert [grid["chosen"] for grid in grids(app)] == [[3, 1], [3, 1]]
    page = markup(app)
    for arm in ("Vanilla", "COBRA"):
        assert page.count(f'alt="{arm} after 600 iterations, class 3, image 2"') == 1
    assert page.count("nearest group") == 2, "one for each method"
    assert page.count("searched among") == 20, "ten groups for each method"
    assert page.count('alt="real image, class 3, group pale yellow') == 6, "three for each method"
    own, other = run.nearest()["cobra"].searched_CG[3, [3, 6]]
    assert f"searched among {own} real images" in page
    assert f"searched among {other} real image" in page


def test_the_group_that_is_marked_is_the_nearest(studio: Studio, run: RunFolder) -> None:
    page = markup(inspected(studio, run, class_id=3, number=2))
    least = f"{np.nanmin(run.nearest()['vanilla'].real_distance_MGR[31]):.3g}"
    marked = page[page.index("<li class=fx-nearest>") :]
    assert f"at distance {least}" in marked[: marked.index("</li>")]


def test_neighbours_are_those_of_the_end_and_it_says_so(studio: Studio, run: RunFolder) -> None:
    app = inspected(studio, run)
    assert "images above are those after" not in remarks(app)
    app.button(key="scrub-back").click().run()
    assert "The images above are those after 60 iterations." in remarks(app)
    assert 'alt="COBRA after 60 iterations, class 3, image 1"' in markup(app)
    app.button(key="inspected-close").click().run()
    assert "nearest group" not in markup(app)
    assert not app.exception


def test_a_run_without_neighbours_still_shows_its_images(studio: Studio, run: RunFolder) -> None:
    run.nearest_file.unlink()
    app = inspected(studio, run)
    assert "did not search for them" in remarks(app)
    Store(Workspace(run.path.parents[1])).update(run.path.name, state=RunState.STOPPED)
    app.run()
    assert "ended before they were searched" in remarks(app)
    assert 'alt="COBRA after 600 iterations, class 3, image 1"' in markup(app)


def test_neighbours_without_the_data_are_distances(studio: Studio, run: RunFolder) -> None:
    points = run.points()
    assert points is not None
    points.loc[points["kind"] == "real", "class_id"] = 9 - points["class_id"]
    points.to_parquet(run.points_file, index=False)
    app = inspected(studio, run)
    assert "data set has changed since this run" in remarks(app)
    page = markup(app)
    assert 'alt="real image' not in page
    assert page.count("fx-far") >= 20


def test_rows_that_the_data_does_not_have_are_distances(studio: Studio, run: RunFolder) -> None:
    found = run.nearest()["vanilla"]
    found.real_MGR[30, found.real_MGR[30] >= 0] = 2**31 - 1
    run.write_nearest(found)
    page = markup(inspected(studio, run))
    assert page.count("fx-far") == (found.real_MGR[30] >= 0).sum()
    assert 'alt="real image' in page, "the other method's rows are valid"


def test_another_run_starts_with_no_image_chosen(studio: Studio, run: RunFolder, workspace: Path) -> None:
    app = inspected(studio, run)
    store = Store(Workspace(workspace))
    other = store.create(quick(), "another")
    store.update(other, state=RunState.DONE)
    write_fake_run(store.folder(other).path)
    app.run()
    app.selectbox(key="open-run").set_value(other).run()
    assert not app.exception
    assert [grid["chosen"] for grid in grids(app)] == [None, None]


def test_parts_of_mosaics_are_counted_within_their_image() -> None:
    assert Place(0, 0).index(ipc=10, factor=1) == 0
    assert Place(2, 3).index(ipc=10, factor=1) == 23
    assert Place(2, 3, 1).index(ipc=10, factor=2) == 93


def test_wrong_groups_are_said_to_be_wrong(studio: Studio, run: RunFolder) -> None:
    assert "are wrong" not in remarks(inspected(studio, run))
    spec = json.loads(run.spec_file.read_text())
    spec["data"]["label_noise"] = 0.2
    run.spec_file.write_text(json.dumps(spec))
    assert "of which 20% are wrong" in remarks(inspected(studio, run))
