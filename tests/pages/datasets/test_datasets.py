"""The Data page, without a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.data.custom import store
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.store import add
from fairdd_core.workspace import Workspace
from pages.ui.datasets import download as data_fetch
from pages.ui.datasets.add import proposed_title, slug
from pages.ui.datasets.preview import cells_warning, patches
from tests.data.archives import write_cifar_images
from tests.data.custom.make import bomb_png, encoded, good_files, noise, tabled, written, zipped
from tests.pages.conftest import settled, words

Visit = Callable[..., AppTest]


@pytest.fixture
def data_page(visit: Visit, no_examples: None) -> Visit:
    """Open the page as a second screen, as the navigation does."""

    def run(**params: str) -> AppTest:
        app = visit().switch_page("data.py")
        for name, value in params.items():
            app.query_params[name] = value
        return settled(app.run())

    return run


@pytest.fixture
def look(data_page: Visit) -> Callable[[Path], AppTest]:
    """Validate a path of this machine."""

    def run(path: Path) -> AppTest:
        app = data_page(do="add")
        app.button_group(key="data-where").set_value("From this machine").run()
        return settled(app.text_input(key="data-path").set_value(str(path)).run())

    return run


def test_every_set_has_its_card(data_page: Visit, workspace: Path, tmp_path: Path) -> None:
    add(
        Workspace(workspace).data,
        "mine",
        written(tmp_path / "set", good_files()),
        Options(),
        title="<b>Mine</b>",
    )
    text = words(data_page())
    for part in ("own-mine", "colored-digits-fg", "colored-mnist-fg", "Licence", "Limits", "Files missing"):
        assert part in text
    assert r"**\<b\>Mine\</b\>**" in text


def test_without_files_a_benchmark_says_how_to_get_them(data_page: Visit, workspace: Path) -> None:
    text = words(data_page())
    assert "MNIST" in text
    assert str(Workspace(workspace).data) in text


def test_folders_of_images_make_cifar_ready_but_not_verified(data_page: Visit, workspace: Path) -> None:
    write_cifar_images(Workspace(workspace).data / "cifar10", train=1, test=1)
    app = data_page()
    assert any("not verified" in caption.value for caption in app.caption)
    keys = {button.key for button in app.button}
    assert "open-card-cifar10-s" in keys
    assert "download-cifar10-s" not in keys


def test_from_a_folder_to_a_data_set(
    look: Callable[[Path], AppTest], workspace: Path, tmp_path: Path
) -> None:
    app = look(written(tmp_path / "My faces", good_files(40)))
    text = words(app)
    assert "**Ready to add**: 40 images, 2 classes, 2 groups." in text
    assert "Some cells are too small to trust" in text
    assert "Up to four images of each class (columns: cat, dog)" in text
    assert len(app.get("plotly_chart")) == 2
    assert app.text_input(key="data-name").value == "My faces"
    app.button(key="data-add-button").click().run()
    assert "was added as `own-my-faces`" in words(settled(app))
    assert store.custom_sets(Workspace(workspace).data)["own-my-faces"].sizes == (32, 8)
    app.button(key="open-flash-own-my-faces").click().run()
    settled(app)
    assert app.session_state["control-dataset"] == "own-my-faces"
    assert app.session_state["control-groups"] == 2


def test_every_problem_is_in_the_table_and_nothing_can_be_added(
    look: Callable[[Path], AppTest], tmp_path: Path
) -> None:
    app = look(tabled(tmp_path / "set", ["none.png,cat,indoors", "short"]))
    assert "**This set cannot be added yet.** 2 problems must be fixed. Or leave" in words(app)
    assert r"labels.csv\:10\: There is no file none.png" in app.error[0].value
    table = next(frame.value for frame in app.dataframe if "problem" in frame.value)
    assert table["line"].tolist()[:2] == [10, 11]
    assert "data-add-button" not in {button.key for button in app.button}
    app.toggle(key="data-skip").set_value(True).run()
    app.button(key="check").click().run()
    assert "**Ready to add**: 8 images" in words(settled(app))


def test_uploads_are_validated_at_once(data_page: Visit, tmp_path: Path) -> None:
    app = data_page(do="add")
    content = zipped(tmp_path / "faces.zip", good_files()).read_bytes()
    app.file_uploader[0].set_value([("faces.zip", content, "application/zip")]).run()
    assert "**Ready to add**: 8 images" in words(settled(app))
    files = [(name.split("/")[-1], content, "") for name, content in good_files(12).items()]
    app.file_uploader[0].set_value(files).run()
    assert "**Ready to add**: 12 images" in words(settled(app))


def keyed(app: AppTest, kind: str, start: str) -> Any:
    """The control of a kind whose key begins so."""
    return next(found for found in app.get(kind) if str(found.key).startswith(start))


def test_guesses_are_stated_and_can_be_changed(
    look: Callable[[Path], AppTest], workspace: Path, tmp_path: Path
) -> None:
    rows = [(f"{i}.png", "cd"[i % 2], "rb"[i // 2 % 2], "xy"[i // 4 % 2]) for i in range(16)]
    lines = ["picture,target,gender,site", *(",".join(row) for row in rows)]
    files = {row[0]: encoded(noise(6, i)) for i, row in enumerate(rows)}
    app = look(written(tmp_path / "set", {"labels.csv": "\n".join(lines).encode(), **files}))
    assert any("**Is that right?**" in info.value and "'gender'" in info.value for info in app.info)
    assert keyed(app, "selectbox", "data-file-").value == "picture"
    assert keyed(app, "selectbox", "data-label-").value == "target"
    assert "**Ready to add**: 16 images, 2 classes, 2 groups." in words(app)
    keyed(app, "multiselect", "data-group-").set_value(["gender", "site"]).run()
    app.button(key="check").click().run()
    assert "**Ready to add**: 16 images, 2 classes, 4 groups." in words(settled(app))
    app.button(key="data-add-button").click().run()
    about = store.custom_sets(Workspace(workspace).data)["own-set"]
    assert about.options.group_columns == ("gender", "site")


def test_the_levels_of_folders_change_places(look: Callable[[Path], AppTest], tmp_path: Path) -> None:
    files = {f"{g}/{c}/{i}.png": encoded(noise(6, i)) for g in "xy" for c in ("cat", "dog") for i in (0, 1)}
    app = look(written(tmp_path / "set", files))
    keyed(app, "selectbox", "data-label-").set_value("folder 2").run()
    assert keyed(app, "multiselect", "data-group-").value == ["folder 1"]
    app.button(key="check").click().run()
    assert "Up to four images of each class (columns: cat, dog)" in words(settled(app))


def test_one_of_several_tables_is_chosen(look: Callable[[Path], AppTest], tmp_path: Path) -> None:
    app = look(written(tmp_path / "set", good_files() | {"more.csv": b"file,label,group\n"}))
    assert "cannot be added yet" in words(app)
    keyed(app, "selectbox", "data-table-").set_value("labels.csv").run()
    app.button(key="check").click().run()
    assert "**Ready to add**: 8 images" in words(settled(app))


def test_a_folder_is_uploaded_with_its_folders(data_page: Visit) -> None:
    app = data_page(do="add")
    app.button_group(key="data-where").set_value("Upload a folder").run()
    names = [f"set/{c}/{g}/{i}.png" for c in "cd" for g in "xy" for i in (0, 1)]
    files = [(name, encoded(noise(6, i)), "") for i, name in enumerate(names)]
    app.file_uploader[0].set_value([*files, ("set/Thumbs.db", b"", ""), ("set/c/x/9.heic", b"", "")]).run()
    problems = next(frame.value for frame in settled(app).dataframe if "problem" in frame.value)["problem"]
    assert "HEIC is a format that is not read" in problems[0]
    app.file_uploader[0].set_value(files).run()
    assert "**Ready to add**: 8 images, 2 classes, 2 groups." in words(settled(app))


def test_a_repaired_folder_can_be_checked_again(look: Callable[[Path], AppTest], tmp_path: Path) -> None:
    folder = tabled(tmp_path / "set", ["late.png,cat,indoors"])
    app = look(folder)
    assert "cannot be added yet" in words(app)
    (folder / "late.png").write_bytes(encoded())
    app.button(key="check").click().run()
    assert "**Ready to add**: 9 images" in words(settled(app))


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path / "nothing",
        lambda path: path,
        lambda path: Path("relative/path"),
        lambda path: zipped(path / "a.zip", good_files() | {"../x.png": encoded()}),
        lambda path: zipped(path / "a.zip", good_files() | {"x.png": bytes(60_000_000)}),
        lambda path: written(path / "set", good_files() | {"images/1.png": bomb_png()}),
        lambda path: written(path / "set", {"labels.csv": b"\xff\xfe\x00"}) / "labels.csv",
        lambda path: written(path, {"a.zip": encoded(noise())}) / "a.zip",
    ],
    ids=["nothing", "empty", "relative", "leaves", "bomb", "large image", "no text", "no zip"],
)
def test_the_page_stays_up_on_bad_input(
    look: Callable[[Path], AppTest], workspace: Path, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    (tmp_path / "input").mkdir()
    app = look(make(tmp_path / "input"))
    assert len(app.error) == 1
    assert not store.custom_sets(Workspace(workspace).data)


def test_a_taken_name_and_no_name_cannot_be_added(
    look: Callable[[Path], AppTest], workspace: Path, tmp_path: Path
) -> None:
    folder = written(tmp_path / "set", good_files())
    add(Workspace(workspace).data, "set", folder, Options())
    app = look(folder)
    assert "which is taken" in words(app)
    app.button(key="data-add-button").click().run()
    assert len(store.custom_sets(Workspace(workspace).data)) == 1
    app.text_input(key="data-name").set_value("???").run()
    assert app.button(key="data-add-button").disabled


def test_a_set_is_shown_and_removed(data_page: Visit, workspace: Path, tmp_path: Path) -> None:
    add(Workspace(workspace).data, "mine", written(tmp_path / "set", good_files(40)), Options())
    (Workspace(workspace).data / "own" / "broken").mkdir()
    app = data_page()
    assert "**broken** is damaged and cannot be read" in words(app)
    app.toggle(key="show-own-mine").set_value(True).run()
    assert len(settled(app).get("plotly_chart")) == 2
    for name in ("mine", "broken"):
        app.button(key=f"remove-{name}").click().run()
        assert "was removed" in words(settled(app))
    assert list((Workspace(workspace).data / "own").iterdir()) == []


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("My  Faces!", "my-faces"),
        ("Städte 2024", "stadte-2024"),
        ("日本", ""),
        ("-a-", "a"),
        ("x" * 90, "x" * 40),
    ],
)
def test_names_follow_from_titles(title: str, name: str) -> None:
    assert slug(title) == name
    assert not name or store.NAME.fullmatch(name)


def test_titles_follow_from_files() -> None:
    assert proposed_title("my_faces.ZIP") == "my faces"
    assert proposed_title("faces.v2") == "faces.v2"


def test_the_warning_counts_empty_and_small_cells() -> None:
    large = np.full((2, 2), 100)
    assert cells_warning(large, large) == ""
    text = cells_warning(np.array([[0, 9], [10, 100]]), large)
    assert "Training images: 1 empty and 1 below 10 of 4 cells." in text
    assert "test images" not in text.lower()


def test_cells_are_shown_by_up_to_four_images() -> None:
    tiles = {(1, 0): [np.full((3, 2, 2), level, np.uint8) for level in (10, 20)]}
    pictures, present = patches(tiles, classes=2, groups=3)
    assert pictures.shape == (3, 2, 3, 4, 4)
    assert present.tolist() == [[False, True], [False, False], [False, False]]
    assert pictures[0, 1, 0, ::2, ::2].tolist() == [[10, 20], [10, 20]]


def test_a_download_shows_its_progress_its_end_and_its_failure(
    data_page: Visit, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = {"value": "import time; time.sleep(60)"}
    popen = subprocess.Popen

    def stand_in(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        assert command[1:] == ["-m", "fairdd_core", "data", "download", "colored-mnist-fg"]
        return popen([sys.executable, "-c", code["value"]], **options)

    monkeypatch.setattr(data_fetch.subprocess, "Popen", stand_in)
    monkeypatch.setattr(data_fetch, "_JOBS", {})
    app = data_page()
    app.button(key="download-colored-mnist-fg").click().run()
    bars = app.get("progress")
    assert "You may leave this page" in bars[0].proto.text
    process = data_fetch._JOBS["colored-mnist-fg"].process
    process.kill()
    process.wait()
    code["value"] = "import sys; sys.exit('no connection <here>')"
    app = settled(app.run())
    app.button(key="download-colored-mnist-fg").click().run()
    data_fetch._JOBS["colored-mnist-fg"].process.wait()
    assert r"no connection \<here\>" in words(settled(app.run()))
    assert app.button(key="download-colored-mnist-fg").label == "Download again"
