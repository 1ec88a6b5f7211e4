"""Adding, listing, loading and removing sets."""

from __future__ import annotations

import io
import os
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.data.custom import store
from fairdd_core.data.custom.cards import custom_cards
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import InvalidDataset
from fairdd_core.data.custom.store import add
from fairdd_core.data.image_store import IMAGES, SAMPLES
from fairdd_core.errors import UserError
from tests.data.custom.make import GROUPS, LABELS, bomb_png, encoded, good_files, tabled, written, zipped


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def everything(data: Path) -> list[str]:
    return sorted(path.relative_to(data).as_posix() for path in data.rglob("*"))


def test_a_set_is_added_listed_loaded_and_removed(tmp_path: Path, data: Path) -> None:
    folder = written(tmp_path / "set", good_files(20))
    about = add(data, "faces", folder, Options(test_share=0.4), title="My  faces")
    assert (about.key, about.title, about.source, about.sizes) == ("own-faces", "My faces", "set", (12, 8))
    assert everything(data / "own") == ["faces"] + [
        f"faces/{n}" for n in ("about.json", "images.npy", "samples.parquet", "store.json")
    ]
    assert store.custom_sets(data) == {"own-faces": about}
    card = custom_cards(data)["own-faces"]
    assert (card.class_names, card.group_names, card.side) == (LABELS, GROUPS, 32)
    split = card.load(card.usual(), 0, data)
    assert split.train.class_names == LABELS
    assert split.train.group_names == GROUPS
    assert split.train.counts_CG().tolist() == [[3, 3], [3, 3]]
    assert split.test.counts_CG().tolist() == [[2, 2], [2, 2]]
    store.remove(data, "own-faces")
    assert everything(data) == ["own"]


def test_every_image_keeps_its_label_and_group(tmp_path: Path, data: Path) -> None:
    about = add(data, "a", written(tmp_path / "set", good_files(24)), Options(seed=3))
    opened = store.open_set(data, about)
    samples, images = opened.samples, opened.x_NCHW
    number = samples["file"].str.extract(r"(\d+)")[0].astype(int).to_numpy()
    assert images[:, 0, 0, 0].tolist() == (10 * number).tolist()
    assert samples["label"].tolist() == [LABELS[i % 2] for i in number]
    assert samples["group"].tolist() == [GROUPS[i // 2 % 2] for i in number]
    assert samples["y"].tolist() == [about.classes.index(name) for name in samples["label"]]
    assert samples["test"].tolist() == sorted(samples["test"])


def test_skew_leaves_images_out(tmp_path: Path, data: Path) -> None:
    add(data, "a", written(tmp_path / "set", good_files(80)), Options())
    card = custom_cards(data)["own-a"]
    split = card.load(card.usual().model_copy(update={"skew": 0.75}), 0, data)
    assert split.train.counts_CG().max(axis=1).tolist() == [15, 15]
    assert split.train.counts_CG().min(axis=1).tolist() == [5, 5]
    assert split.dropped_CG is not None
    assert split.dropped_CG.sum() == 20
    for skew, sizes in ((0.75, [20, 20]), (None, [30, 30])):
        assert card.class_sizes(card.usual().model_copy(update={"skew": skew})) == sizes
    with pytest.raises(UserError, match="skew"):
        card.class_sizes(card.usual().model_copy(update={"skew": 0.99}))


@pytest.mark.parametrize("source", ["folder", "zip", "upload"])
def test_the_same_set_gives_the_same_files_however_it_comes(tmp_path: Path, data: Path, source: str) -> None:
    folder = written(tmp_path / "set", good_files(12))
    add(data, "first", folder, Options())
    what = {
        "folder": folder,
        "zip": zipped(tmp_path / "set.zip", good_files(12)),
        "upload": [(name, io.BytesIO(content)) for name, content in good_files(12).items()],
    }[source]
    add(data, "second", what, Options())  # type: ignore[arg-type]
    for file in (IMAGES, SAMPLES):
        assert (data / "own/first" / file).read_bytes() == (data / "own/second" / file).read_bytes()


@pytest.mark.parametrize(
    "bad",
    [
        {"images/3.png": b"no image"},
        {"images/3.png": bomb_png()},
        {"labels.csv": b"file,label\n"},
        {"labels.csv": b"file,label,group\nimages/0.png,a,b\nimages/1.png,b,b"},
    ],
    ids=["unreadable", "bomb", "column", "one group"],
)
def test_a_refused_set_leaves_nothing(tmp_path: Path, data: Path, bad: dict[str, bytes]) -> None:
    folder = written(tmp_path / "set", good_files() | bad)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidDataset) as refused:
        add(data, "a", folder, Options())
    assert refused.value.problems
    assert everything(data) == ["own"]
    assert [path for path in sorted(tmp_path.rglob("*")) if data not in (path, path.parent)] == before


def test_bad_images_can_be_left_out_and_are_counted(tmp_path: Path, data: Path) -> None:
    folder = tabled(tmp_path / "set", ["none.png,cat,indoors"])
    (folder / "images/0.png").write_bytes(b"bad")
    about = add(data, "a", folder, Options(skip_bad=True))
    assert (sum(about.sizes), about.left_out) == (7, 2)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "-a", "a-", "x" * 41, ".hidden", "naïve", "a\n"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, data: Path, name: str) -> None:
    folder = written(tmp_path / "set", good_files())
    with pytest.raises(UserError, match="name: expected a name of 1 to 40"):
        add(data, name, folder, Options())
    assert not data.exists()
    with pytest.raises(UserError):
        store.remove(data, name)


def test_a_taken_name_is_refused_before_the_work(tmp_path: Path, data: Path) -> None:
    folder = written(tmp_path / "set", good_files())
    add(data, "a", folder, Options())
    with pytest.raises(UserError, match="not taken"):
        add(data, "a", folder, Options(), progress=lambda done, total: pytest.fail("read the images"))


def test_an_interruption_leaves_nothing(tmp_path: Path, data: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(data, "a", written(tmp_path / "set", good_files()), Options(), progress=interrupt)
    assert everything(data) == ["own"]


def test_a_full_disk_is_reported(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match="disk"):
        add(data, "a", written(tmp_path / "set", good_files()), Options())
    assert everything(data) == ["own"]


def test_what_a_killed_import_left_is_swept_in_time(tmp_path: Path, data: Path) -> None:
    old, new = data / "own/.adding-old", data / "own/.adding-new"
    for path in (old, new):
        path.mkdir(parents=True)
    day = 86_400
    os.utime(old, (time.time() - 2 * day, time.time() - 2 * day))
    assert store.custom_sets(data) == {}
    add(data, "a", written(tmp_path / "set", good_files()), Options())
    assert not old.exists()
    assert new.exists()


def test_a_damaged_set_is_set_apart_and_can_be_removed(tmp_path: Path, data: Path) -> None:
    folder = written(tmp_path / "set", good_files())
    for name in ("a", "b", "c"):
        add(data, name, folder, Options())
    (data / "own/a/about.json").write_text("{")
    (data / "own/b/images.npy").write_bytes(b"\x93NUMPY")
    (data / "own/c/samples.parquet").write_bytes(b"PAR1")
    cards = custom_cards(data)
    assert set(cards) == {"own-b", "own-c"}
    assert store.damaged_sets(data) == ["a"]
    for card in cards.values():
        with pytest.raises(UserError, match=r"data\.dataset"):
            card.load(card.usual(), 0, data)
    for name in ("a", "b", "c"):
        store.remove(data, name)
    assert everything(data) == ["own"]


def test_a_set_added_by_an_earlier_version_still_opens(data: Path) -> None:
    """``added_before.zip`` was written by ``data add`` before sets had checksums."""
    with zipfile.ZipFile(Path(__file__).with_name("added_before.zip")) as archive:
        archive.extractall(data / "own")
    about = store.custom_sets(data)["own-before"]
    assert (about.title, about.source, about.sizes) == ("Before the move", "src", (16, 8))
    card = custom_cards(data)["own-before"]
    assert card.group_names == ("old × f", "old × m", "young × f", "young × m")
    split = card.load(card.usual(), 0, data)
    assert split.train.counts_CG().tolist() == [[2, 2, 2, 2]] * 2
    assert split.test.counts_CG().tolist() == [[1, 1, 1, 1]] * 2
    number = store.open_set(data, about).samples["file"].str.extract(r"(\d+)")[0].astype(int)
    assert store.open_set(data, about).x_NCHW[:, 0, 0, 0].tolist() == (10 * number).tolist()
    assert (number % 2 == np.concatenate([split.train.y_N, split.test.y_N])).all()


def test_a_set_whose_images_were_changed_is_refused(tmp_path: Path, data: Path) -> None:
    about = add(data, "a", written(tmp_path / "set", good_files()), Options())
    with (data / "own/a" / IMAGES).open("r+b") as file:
        file.seek(-3 * 32 * 32, os.SEEK_END)
        file.write(bytes([77]) * 3 * 32 * 32)
    with pytest.raises(UserError, match="differ from what was written"):
        store.open_set(data, about)


def test_an_unknown_set_is_not_removed(data: Path) -> None:
    with pytest.raises(UserError, match="there are no added sets"):
        store.remove(data, "a")


def test_a_link_among_the_sets_is_removed_without_what_it_leads_to(tmp_path: Path, data: Path) -> None:
    add(data, "a", written(tmp_path / "set", good_files()), Options())
    (data / "own/a").rename(tmp_path / "elsewhere")
    (data / "own/a").symlink_to(tmp_path / "elsewhere")
    store.remove(data, "a")
    assert (tmp_path / "elsewhere/about.json").exists()


def test_images_are_read_only_when_asked_for(tmp_path: Path, data: Path) -> None:
    about = add(data, "a", written(tmp_path / "set", good_files()), Options())
    assert isinstance(store.open_set(data, about).x_NCHW, np.memmap)


def test_colour_images_are_not_confused(tmp_path: Path, data: Path) -> None:
    from PIL import Image

    colors = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
    files = {
        f"{c}/{g}/{i}.png": encoded(Image.new("RGB", (5, 5), rgb))
        for c, rgb in colors.items()
        for g in GROUPS
        for i in range(3)
    }
    add(data, "a", written(tmp_path / "set", files), Options())
    card = custom_cards(data)["own-a"]
    train = card.load(card.usual(), 0, data).train
    for y, image in zip(train.y_N, np.asarray(train.x_NCHW), strict=True):
        assert tuple(image[:, 0, 0].tolist()) == colors[train.class_names[y]]
