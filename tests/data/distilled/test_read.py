from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from fairdd_core.data.distilled.contents import Target
from fairdd_core.data.distilled.layouts import experiments
from fairdd_core.data.distilled.pictures import match_classes
from fairdd_core.data.distilled.read import ALL, Reading, as_images, as_labels, read_distilled
from fairdd_core.errors import UserError
from tests.data.distilled.files import LABELS, TARGET, levels

HALF = levels() * 2 - 1


def refused(path: Path, words: str, reading: Reading | None = None) -> None:
    with pytest.raises(UserError, match=words):
        read_distilled(path, TARGET, reading)


# Layouts


@pytest.mark.parametrize(
    "content",
    [
        {"data": [[HALF, LABELS]], "accs_all_exps": {"ConvNet": [0.5]}},
        {"data": HALF, "target": LABELS},
        {"syn_images": HALF, "Labels": LABELS},
        [HALF, LABELS],
        {"cobra/x": HALF, "cobra/y": LABELS},
    ],
)
def test_published_layouts_give_their_images_and_labels(content: object) -> None:
    (one,) = experiments(content, TARGET)  # type: ignore[arg-type]
    assert one.name == ""
    assert one.images is HALF
    assert one.labels is LABELS


def test_several_experiments_have_names() -> None:
    both = [[HALF, LABELS], [levels(seed=1), LABELS]]
    assert [one.name for one in experiments({"data": both}, TARGET)] == ["1", "2"]  # type: ignore[dict-item]
    arms = {"cobra/x": HALF, "cobra/y": LABELS, "van/illa/x": HALF, "van/illa/y": LABELS}
    assert [one.name for one in experiments(arms, TARGET)] == ["cobra", "van/illa"]  # type: ignore[arg-type]


def test_images_by_class_need_no_labels() -> None:
    parts = {str(c): HALF[c == LABELS] for c in range(3)}
    for content in (parts, list(parts.values())):
        (one,) = experiments(content, TARGET)
        assert one.labels is not None
        assert np.array_equal(one.labels, LABELS)
        assert np.array_equal(one.images, HALF)


def test_a_learned_step_size_is_mentioned() -> None:
    (one,) = experiments({"images": HALF, "labels": LABELS, "syn_lr": 0.02}, TARGET)
    assert "step size" in one.notes[0]


def test_what_is_no_set_is_refused_with_what_it_holds() -> None:
    with pytest.raises(UserError, match="weights: an array 3×4"):
        experiments({"weights": np.zeros((3, 4))}, TARGET)


# Images and labels


def test_grey_and_channels_last_become_rgb() -> None:
    grey, notes = as_images(HALF[:, 0], TARGET)
    assert np.array_equal(grey, HALF[:, :1].repeat(3, axis=1))
    assert "grey" in notes[0]
    assert np.array_equal(as_images(HALF.transpose(0, 2, 3, 1), TARGET)[0], HALF)
    by_class = HALF.reshape(3, 2, 3, 8, 8)
    assert np.array_equal(as_images(by_class, TARGET)[0], HALF)


@pytest.mark.parametrize("shape", [(6, 3, 9, 9), (6, 2, 8, 8), (6, 3, 8, 9)])
def test_images_of_another_size_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="8×8 pixels"):
        as_images(np.zeros(shape), TARGET)


def labelled(labels: np.ndarray | None, images: int = 6, **reading: object) -> tuple[list[int], str]:
    y_N, notes = as_labels(labels, images, TARGET, Reading(**reading))  # type: ignore[arg-type]
    return y_N.tolist(), " ".join(notes)


def test_labels_are_understood() -> None:
    assert labelled(LABELS)[0] == LABELS.tolist()
    assert "1 to 3 of each class" in labelled(LABELS)[1]
    assert labelled(LABELS.astype(float)[:, None])[0] == LABELS.tolist()
    assert labelled(LABELS + 1) == (
        LABELS.tolist(),
        "The labels count from 1. 6 images, 1 to 3 of each class.",
    )
    assert labelled(np.eye(3)[LABELS])[0] == LABELS.tolist()
    assert labelled(None)[0] == [0, 0, 1, 1, 2, 2]
    assert "no labels" in labelled(None)[1]
    assert labelled(LABELS, order=(2, 0, 1))[0] == [2, 2, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LABELS[:5], "5 labels for 6"),
        (LABELS + 2, "2 to 4"),
        (LABELS - 1, "-1 to 1"),
        (LABELS + 0.5, "fractions"),
        (np.where(LABELS == 2, np.nan, LABELS), "fractions"),
        (np.zeros(6), "none of one, two"),
        (np.eye(4)[LABELS], "of 4"),
        (np.eye(3)[LABELS] * 0.8, "--hard-labels"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: np.ndarray, words: str) -> None:
    with pytest.raises(UserError, match=words):
        labelled(labels)


def test_soft_labels_become_hard_on_request_only() -> None:
    y_N, said = labelled(np.eye(3)[LABELS] * 0.8 + 0.1, hard_labels=True)
    assert y_N == LABELS.tolist()
    assert "soft" in said


# Arrays in files


def npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_arrays_come_back_in_the_order_of_their_classes(tmp_path: Path) -> None:
    shuffled = np.array([5, 2, 0, 1, 3, 4])
    for path in (tmp_path / "a.npz", tmp_path / "a.safetensors"):
        arrays = {"images": HALF[shuffled], "labels": LABELS[shuffled]}
        if path.suffix == ".npz":
            npz(path, **arrays)
        else:
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
        (one,) = read_distilled(path, TARGET)
        assert one.y_N.tolist() == LABELS.tolist()
        assert one.x_NCHW.dtype == np.float32
        expected = levels()[[0, 1, 2, 3, 4, 5]]
        assert sorted(one.x_NCHW.mean((1, 2, 3))) == pytest.approx(sorted(expected.mean((1, 2, 3))), abs=1e-5)
        assert np.abs(one.x_NCHW[-1] - levels()[5]).max() < 1e-6
        assert any("half" in text for text in one.statements)


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    first, same = (npz(tmp_path / f"{n}.npz", x=HALF, y=LABELS) for n in "ab")
    other = npz(tmp_path / "c.npz", x=HALF, y=LABELS[::-1])
    digests = [read_distilled(path, TARGET)[0].digest for path in (first, same, other)]
    assert digests[0] == digests[1] != digests[2]
    assert len(digests[0]) == 64


def test_one_of_several_experiments_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"v/x": HALF, "v/y": LABELS, "w/x": HALF, "w/y": LABELS}, path)
    refused(path, "--experiment v")
    refused(path, "v, w", Reading(experiment="u"))
    assert [one.experiment for one in read_distilled(path, TARGET, Reading(experiment="w"))] == ["w"]
    assert [one.experiment for one in read_distilled(path, TARGET, Reading(experiment=ALL))] == ["v", "w"]


def test_a_stated_normalisation_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"x": HALF, "y": LABELS}, path, {"mean": "[0.5]", "std": json.dumps([0.25, 0.5, 0.5])})
    (one,) = read_distilled(path, TARGET)
    assert np.abs(one.x_NCHW[:, 0] - (HALF[:, 0] * 0.25 + 0.5)).max() < 1e-6
    assert any("states" in text for text in one.statements)


# Hostile files


class Ran:
    """A pickle of it runs code."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return (open, ("PWNED", "w"))


def test_an_npz_with_objects_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = np.empty(1, object)
    hostile[0] = Ran()
    with Path("a.npz").open("wb") as file:
        np.savez(file, images=hostile, labels=LABELS)
    refused(tmp_path / "a.npz", "Python objects")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def npy(shape: tuple[int, ...], content: bytes = b"", descr: str = "<f4") -> bytes:
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("images.npy", npy((10**6, 10**6)), "MB of numbers"),
        ("images.npy", npy((-4, 4)), "MB of numbers|damaged"),
        ("images.npy", npy((4, 4)), "as many bytes"),
        ("images.npy", npy((1,), b"\0" * 99), "as many bytes"),
        ("images.npy", npy((1,), descr="|S4"), "objects or text"),
        ("images.npy", b"\x93NUMPY\x01\x00\x10\x00__import__('os')\n", "damaged"),
        ("../images.npy", npy((1,)), "path"),
        ("run.py", b"", "also has run.py"),
    ],
)
def test_damaged_and_hostile_npz_files_are_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr(name, content)
    refused(tmp_path / "a.npz", words)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", npy((30_000_000 // 4,), b"\0" * 30_000_000))
    refused(tmp_path / "a.npz", "ratio")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"{]",
        struct.pack("<Q", 75)
        + b'{"x":{"dtype":"F32","shape":[9999999,9999999,9999],"data_offsets":[0,4]}}   ',
        struct.pack("<Q", 64) + b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4294967295]}}  ',
    ],
)
def test_hostile_safetensors_headers_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    refused(tmp_path / "a.safetensors", "safetensors file")


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"")
    refused(tmp_path / "a.pkl", "ends in .safetensors")
    refused(tmp_path / "absent.npz", "absent|damaged")
    (tmp_path / "a.npz").write_text("no zip")
    refused(tmp_path / "a.npz", "numpy.savez")


# Pictures


def grid(gap: int, start: int, end: int, zoom: int = 1, columns: int = 2) -> np.ndarray:
    tiles = np.rint(levels() * 255).astype(np.uint8).transpose(0, 2, 3, 1).reshape(3, columns, 8, 8, 3)
    height, width = (start + n * (8 + gap) - gap + end for n in (3, columns))
    picture = np.zeros((height, width, 3), np.uint8)
    for c, i in np.ndindex(3, columns):
        top, left = start + c * (8 + gap), start + i * (8 + gap)
        picture[top : top + 8, left : left + 8] = tiles[c, i]
    return picture.repeat(zoom, 0).repeat(zoom, 1)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (grid(0, 0, 0), "8×8 pixels with 0 between"),
        (grid(2, 2, 2), "with 2 between"),
        (grid(1, 0, 1, zoom=3), "enlarged to 3×3"),
        (grid(3, 0, 0), "with 3 between"),
    ],
)
def test_the_tiles_of_a_grid_are_found(tmp_path: Path, picture: np.ndarray, words: str) -> None:
    Image.fromarray(picture).save(tmp_path / "a.png")
    (one,) = read_distilled(tmp_path / "a.png", TARGET)
    assert np.abs(one.x_NCHW - levels()).max() <= 0.5 / 255 + 1e-6
    assert one.y_N.tolist() == [0, 0, 1, 1, 2, 2]
    assert words in one.statements[0]


def test_transparent_tiles_stand_for_no_image(tmp_path: Path) -> None:
    picture = np.concatenate([grid(0, 0, 0), np.full((24, 16, 1), 255, np.uint8)], axis=2)
    picture[8:16, 8:] = 0
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert read_distilled(tmp_path / "a.png", TARGET)[0].y_N.tolist() == [0, 0, 1, 2, 2]


@pytest.mark.parametrize("picture", [grid(0, 0, 0)[:-1], grid(0, 0, 0)[:16], grid(2, 2, 2)[:, :-1]])
def test_a_picture_that_is_no_grid_of_the_classes_is_refused(tmp_path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(tmp_path / "a.png")
    refused(tmp_path / "a.png", "3 rows of tiles of 8×8")


def picture_files(names: dict[str, tuple[str, ...]]) -> dict[str, bytes]:
    files, left = {}, list(np.rint(levels() * 255).astype(np.uint8))
    for folder, pictures in names.items():
        for picture in pictures:
            buffer = io.BytesIO()
            Image.fromarray(left.pop(0).transpose(1, 2, 0)).save(buffer, "PNG")
            files[f"{folder}/{picture}.png"] = buffer.getvalue()
    return files


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_folder_for_each_class_may_hold_any_number_of_images(tmp_path: Path, kind: str) -> None:
    files = picture_files({"set/Zero": ("1", "2"), "set/one": ("9", "10", "11"), "set/two": ("a",)})
    if kind == "folder":
        path = tmp_path / "images"
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    else:
        path = tmp_path / "images.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    (one,) = read_distilled(path, TARGET)
    assert one.y_N.tolist() == LABELS.tolist()
    assert np.abs(one.x_NCHW - levels()).max() <= 0.5 / 255 + 1e-6
    assert "name the classes" in one.statements[0]


@pytest.mark.parametrize(
    ("folders", "order", "words"),
    [
        (("two", "ONE", "zero"), (2, 1, 0), "name"),
        (("class_2", "class_0", "class_1"), (2, 0, 1), "from 0"),
        (("3", "1", "2"), (2, 0, 1), "from 1"),
        (("b", "a", "c"), (1, 0, 2), "a is zero"),
    ],
)
def test_folders_are_matched_with_classes(
    folders: tuple[str, ...], order: tuple[int, ...], words: str
) -> None:
    index, how = match_classes(folders, TARGET.class_names)
    assert tuple(index[folder] for folder in folders) == order
    assert words in how


def test_a_zip_that_leads_out_or_has_other_classes_is_refused(tmp_path: Path) -> None:
    for name, words in (("../zero/1.png", "folder"), ("zero/1.png", "1: zero")):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(name, picture_files({"zero": ("1",)})["zero/1.png"])
        refused(tmp_path / "a.zip", words)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_images_of_another_size_in_a_folder_are_refused(tmp_path: Path) -> None:
    for name, content in picture_files(dict.fromkeys(TARGET.class_names, ("1",))).items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=r"9×9 pixels, got 8×8 in zero/1\.png"):
        read_distilled(tmp_path, Target(TARGET.class_names, 9))
