"""Runs with files that were torn, half copied or overwritten: the page says which, and shows the rest."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.files import DamagedFile
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import open_run
from pages.ui.studio.export import exports
from tests.pages.conftest import MAIN
from tests.pages.fake_run import write_fake_run

Visit = Callable[..., AppTest]


def enter(workspace: Path) -> RunFolder:
    """Put an invented finished run into the workspace."""
    store = Store(Workspace(workspace))
    run_id = store.enter(lambda folder: write_fake_run(folder.path, iterations=(0, 60)), state=RunState.DONE)
    return store.folder(run_id)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def errors(app: AppTest) -> str:
    assert not app.exception, app.exception[0].value
    return "\n".join(str(error.value) for error in app.error)


def damageable(folder: RunFolder) -> list[Path]:
    kept = {folder.spec_file, folder.events_file}
    return [path for path in folder.artefacts() if path not in kept]


def test_every_kind_of_file_is_named_when_it_is_damaged(tmp_path: Path) -> None:
    folder = write_fake_run(tmp_path / "run", iterations=(0, 60))
    readers: dict[Path, Callable[[], object]] = {
        folder.counts_file: folder.counts,
        folder.points_file: folder.points,
        folder.residuals_file: folder.residuals,
        folder.diagnostics_file: folder.diagnostics,
        folder.result_file: folder.result,
        folder.snapshot_file(60): lambda: folder.snapshot(60),
    }
    for path, read in readers.items():
        assert read() is not None
        for content in (path.read_bytes()[:-9], b"", b"\x00" * 4096, b"[1]"):
            path.write_bytes(content)
            with pytest.raises(DamagedFile, match=path.name) as caught:
                read()
            assert caught.value.path == path
        path.unlink()
        assert not read()


@pytest.mark.parametrize(
    ("view", "named"),
    [
        ("images", ("counts.safetensors", "000060.safetensors")),
        ("maps", ("points.parquet",)),
        ("fairness", ("counts.safetensors",)),
        ("data", ()),
    ],
)
def test_a_view_names_what_it_cannot_read(
    visit: Visit, workspace: Path, no_examples: None, view: str, named: tuple[str, ...]
) -> None:
    folder = enter(workspace)
    for path in damageable(folder):
        truncate(path)
    app = visit(run=folder.path.name, view=view)
    shown = errors(app)
    for name in named:
        assert f"`{name}` of this run is damaged" in shown
    assert shown.count("Every other file of the run is kept and untouched.") == len(named)
    assert app.button(key="launch-button").label == "Launch"  # the one next action
    app.button_group(key="view").set_value("data").run()
    assert errors(app) == ""


@pytest.mark.parametrize(
    ("view", "files"),
    [
        ("maps", ("moments.parquet", "residuals.parquet")),
        ("fairness", ("answers.safetensors", "diagnostics.parquet", "result.json")),
    ],
)
def test_what_needs_no_damaged_file_is_shown(
    visit: Visit, workspace: Path, no_examples: None, view: str, files: tuple[str, ...]
) -> None:
    folder = enter(workspace)
    for name in files:
        truncate(folder.path / name)
    app = visit(run=folder.path.name, view=view)
    shown = errors(app)
    assert [name for name in files if f"`{name}` of this run is damaged" in shown] == list(files)
    assert len(app.error) == len(files)
    assert len(app.get("plotly_chart")) >= 2


def test_the_rest_of_a_view_works(visit: Visit, workspace: Path, no_examples: None) -> None:
    folder = enter(workspace)
    truncate(folder.snapshot_file(60))
    truncate(folder.result_file)
    app = visit(run=folder.path.name, view="images")
    assert "`000060.safetensors` of this run is damaged" in errors(app)
    app.button(key="scrub-back").click().run()
    assert errors(app) == ""
    assert any("after 0 iterations" in grid.proto.json for grid in app.get("bidi_component"))


def test_looking_closer_names_the_points_that_it_checks_real_images_by(
    visit: Visit, workspace: Path, no_examples: None
) -> None:
    folder = enter(workspace)
    truncate(folder.points_file)
    app = visit(run=folder.path.name, view="images")
    assert errors(app) == ""
    app.selectbox(key="inspected-class").select_index(3).run()
    assert "`points.parquet` of this run is damaged" in errors(app)


def test_lists_and_comparisons_go_on_without_a_damaged_run(
    visit: Visit, workspace: Path, no_examples: None
) -> None:
    broken, *intact = (enter(workspace) for _ in range(3))
    for path in damageable(broken):
        truncate(path)
    app = visit().switch_page("runs.py").run()
    assert errors(app) == ""
    listed = "\n".join(str(part.proto.body) for part in app.get("html"))
    assert all(folder.path.name in listed for folder in [broken, *intact])
    app.switch_page("compare.py")
    app.query_params["runs"] = ",".join(folder.path.name for folder in [broken, *intact])
    app.run()
    assert "`counts.safetensors` of this run is damaged" in errors(app)
    assert len(app.get("plotly_chart")) == 1 + 3 + 3 + 4 + 2, "differences between runs and within them"
    app.multiselect(key="compare-runs").set_value([broken.path.name, intact[0].path.name]).run()
    assert "Choose other" in app.info[0].value
    truncate(intact[0].snapshot_file(60))
    app.multiselect(key="compare-runs").set_value([folder.path.name for folder in intact]).run()
    assert errors(app).count("`000060.safetensors`") == 2  # both methods of the one run


EXPORTS = {"report", "figures", "tables", "images"}


def test_what_is_exported_leaves_out_what_is_damaged(workspace: Path) -> None:
    intact = enter(workspace)
    names = [path.relative_to(intact.path) for path in damageable(intact)]
    assert len(names) > 5
    for name in names:
        folder = enter(workspace)
        truncate(folder.path / name)
        before = {path: path.read_bytes() for path in folder.artefacts()}
        offered = [e for e in exports(open_run(folder.path.name)) if e.part in EXPORTS]
        made = {export.part: export.make() for export in offered}
        assert set(made) == EXPORTS
        read = {".safetensors", ".parquet", ".json"} & {name.suffix}
        for page in ("report", "figures"):
            assert (f"damaged: {name.name}" in made[page].decode()) == bool(read)
        about = ZipFile(BytesIO(made["images"])).read("README.txt").decode()
        assert (f"damaged: {name.name}" in about) == bool(read)
        assert before == {path: path.read_bytes() for path in folder.artefacts()}
    whole = {e.part: e.make() for e in exports(open_run(intact.path.name)) if e.part in ("report", "tables")}
    assert "damaged" not in whole["report"].decode()


@pytest.mark.parametrize("page", ["", "runs.py", "sweep.py"])
def test_a_damaged_index_is_named_with_the_way_to_repair_it(page: str, workspace: Path) -> None:
    Workspace(workspace).index.write_bytes(b"not an index " * 1000)
    app = AppTest.from_file(str(MAIN), default_timeout=60).run()
    if page:
        app.switch_page(page).run()
    assert "fairdd\\_core repair" in errors(app)
