"""Folders of images, decoded once: what is rebuilt, what is not, and what a crash leaves."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fairdd_core.data.decoding import MAX_PIXELS, UnreadableImage, decode_image
from fairdd_core.data.image_store import BUILDING, ImageStore, NotBuilt, cache_folder, never_build, open_cache
from tests.data.custom.make import bomb_png

SIDE, N = 16, 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = tmp_path / "faces"
    base.mkdir()
    for i in range(N):
        Image.new("RGB", (24, 20), (i % 256, 100, 50)).save(base / f"{i:03d}.png")
    return base


def table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"file": [f"{i:03d}.png" for i in range(N)], "value": range(N), **columns})


def opened(folder: Path, about: pd.DataFrame | None = None) -> tuple[ImageStore, int]:
    """Open the store; return it and how many images were decoded for that."""
    decoded: list[int] = []

    def decode(path: Path, side: int) -> np.ndarray:
        decoded.append(1)
        return decode_image(path, side)

    about = table() if about is None else about
    store = open_cache(cache_folder(folder.parent), "faces", folder, about, SIDE, decode=decode)
    return store, len(decoded)


def built(folder: Path) -> list[Path]:
    return sorted(path for path in (folder.parent / ".cache" / "faces").iterdir())


def test_images_are_decoded_once_and_then_mapped(folder: Path) -> None:
    first, decoded = opened(folder)
    assert decoded == N
    again, decoded = opened(folder)
    assert decoded == 0
    assert isinstance(again.x_NCHW, np.memmap)
    assert not again.x_NCHW.flags.writeable
    assert again.x_NCHW.shape == (N, 3, SIDE, SIDE)
    assert (again.x_NCHW[:, 0, 0, 0] == np.arange(N) % 256).all()
    assert again.samples["value"].tolist() == list(range(N))
    assert (first.x_NCHW == again.x_NCHW).all()


@pytest.mark.parametrize("change", ["content", "time", "table", "gone"])
def test_a_change_of_the_source_builds_anew_and_drops_the_old(folder: Path, change: str) -> None:
    opened(folder)
    (old,) = built(folder)
    about, file = table(), folder / "007.png"
    if change == "content":
        Image.new("RGB", (50, 50), (250, 0, 0)).save(file)
    elif change == "time":
        os.utime(file, ns=(0, 12345))
    elif change == "table":
        about = table(value=range(1, N + 1))
    else:
        file.unlink()
        with pytest.raises(FileNotFoundError, match=r"007\.png"):
            opened(folder)
        about = about.drop(index=7)
    store, decoded = opened(folder, about)
    assert decoded == len(about)
    assert built(folder) != [old]
    assert len(built(folder)) == 1
    if change == "content":
        assert store.x_NCHW[7, 0].min() >= 249


def damage_header(store: Path) -> None:
    file = store / "images.npy"
    file.write_bytes(b"rubbish" + file.read_bytes()[7:])


def damage_length(store: Path) -> None:
    os.truncate(store / "images.npy", 5000)


def damage_hole(store: Path) -> None:
    content = bytearray((store / "images.npy").read_bytes())
    content[-40 * 3 * SIDE * SIDE :] = bytes(40 * 3 * SIDE * SIDE)
    (store / "images.npy").write_bytes(content)


def damage_index(store: Path) -> None:
    content = bytearray((store / "samples.parquet").read_bytes())
    content[len(content) // 2] ^= 255
    (store / "samples.parquet").write_bytes(content)


def damage_about(store: Path) -> None:
    (store / "store.json").write_text("[]")


def lose_images(store: Path) -> None:
    (store / "images.npy").unlink()


def damage_one_bit(store: Path) -> None:
    content = bytearray((store / "images.npy").read_bytes())
    content[-(N // 2) * 3 * SIDE * SIDE + 5] ^= 1  # of an image between those that the checksums take
    (store / "images.npy").write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [damage_one_bit, damage_header, damage_length, damage_hole, damage_index, damage_about, lose_images],
)
def test_a_damaged_store_is_built_again(folder: Path, damage) -> None:  # type: ignore[no-untyped-def]
    good = np.array(opened(folder)[0].x_NCHW)
    damage(built(folder)[0])
    store, decoded = opened(folder)
    assert decoded == N
    assert (store.x_NCHW == good).all()
    assert opened(folder)[1] == 0


def test_the_digest_is_of_the_content_whenever_it_was_stored(folder: Path) -> None:
    first = opened(folder)[0].content
    os.utime(folder / "007.png", ns=(0, 12345))
    assert opened(folder)[1] == N
    assert opened(folder)[0].content == first
    assert opened(folder, table(value=range(1, N + 1)))[0].content != first
    Image.new("RGB", (24, 20), (7, 100, 51)).save(folder / "007.png")
    assert opened(folder)[0].content != first


def test_a_byte_changed_with_the_time_set_back_is_noticed(folder: Path) -> None:
    opened(folder)
    images = built(folder)[0] / "images.npy"
    status = images.stat()
    damage_one_bit(images.parent)
    os.utime(images, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert opened(folder)[1] == N


def test_who_asks_for_a_cache_that_is_not_there_does_not_build_it(folder: Path) -> None:
    with pytest.raises(NotBuilt):
        open_cache(cache_folder(folder.parent), "faces", folder, table(), SIDE, progress=never_build)
    assert built(folder) == []


def test_a_crash_while_building_leaves_nothing_that_could_be_read(folder: Path) -> None:
    def dies(path: Path, side: int) -> np.ndarray:
        if path.name == "290.png":
            raise KeyboardInterrupt
        return decode_image(path, side)

    with pytest.raises(KeyboardInterrupt):
        open_cache(cache_folder(folder.parent), "faces", folder, table(), SIDE, decode=dies)
    assert built(folder) == []
    left = folder.parent / ".cache" / "faces" / f"{BUILDING}killed"
    left.mkdir()
    (left / "images.npy").write_bytes(b"half")
    assert opened(folder)[1] == N
    assert left.exists(), "it may be at work still"
    os.utime(left, (0, 0))
    os.utime(folder / "000.png", ns=(0, 1))
    opened(folder)
    assert not left.exists()


def test_whoever_builds_at_the_same_time_gets_the_same(folder: Path) -> None:
    def slow(path: Path, side: int) -> np.ndarray:
        if path.name == "299.png":
            assert opened(folder)[1] == N  # another builder is faster
        return decode_image(path, side)

    store = open_cache(cache_folder(folder.parent), "faces", folder, table(), SIDE, decode=slow)
    assert len(store) == N
    assert len(built(folder)) == 1


def test_unreadable_images_are_noted_and_black(folder: Path) -> None:
    (folder / "003.png").write_bytes(b"no image")
    (folder / "004.png").write_bytes((folder / "004.png").read_bytes()[:60])
    store, _ = opened(folder)
    assert store.samples.index[store.samples["error"] != ""].tolist() == [3, 4]
    assert "not an image" in store.samples["error"][3]
    assert not store.x_NCHW[3:5].any()


def test_progress_is_reported_to_the_end(folder: Path) -> None:
    reported: list[tuple[int, int]] = []
    open_cache(
        cache_folder(folder.parent),
        "f",
        folder,
        table(),
        SIDE,
        progress=lambda *now: reported.append(now[:2]),
    )
    assert reported[-1] == (N, N)
    assert reported == sorted(reported)


def test_a_read_only_data_folder_is_cached_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "own"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cache_folder(folder).is_relative_to(folder.parent / "own")


def test_decoding_makes_an_upright_square_in_colour(tmp_path: Path) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (200, 10, 10)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    square = decode_image(tmp_path / "wide.png", 10)
    assert square.shape == (3, 10, 10)
    assert (square[:, 3:-3, 3:-3] == np.array([200, 10, 10])[:, None, None]).all()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    half = np.zeros((40, 40), np.uint8)
    half[:20] = 255
    Image.fromarray(half).convert("RGB").save(tmp_path / "turned.jpg", exif=exif, quality=95)
    turned = decode_image(tmp_path / "turned.jpg", 8)[0]
    assert turned[:, 6:].min() > 200
    assert turned[:, :2].max() < 50


@pytest.mark.parametrize("size", [(1, 60_000_000), (60_000_000, 1)])
def test_one_row_of_millions_of_pixels_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadableImage, match="on a side"):
        decode_image(io.BytesIO(bomb_png(*size)), 8)


def test_too_many_pixels_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side = int(MAX_PIXELS**0.5) + 1
    Image.new("1", (side, side)).save(tmp_path / "bomb.png")
    with pytest.raises(UnreadableImage, match="million"):
        decode_image(tmp_path / "bomb.png", 8)
