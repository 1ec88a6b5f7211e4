"""What becomes of images of every kind, and what is said about those that are none."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fairdd_core.data.custom import sources
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import Problem
from fairdd_core.data.custom.validation import ValidationReport, validate
from fairdd_core.data.image_store import BLOCK
from tests.data.custom.make import bomb_png, encoded, good_files, noise, picture, written, zipped

RED, BLUE = (255, 0, 0), (0, 0, 255)


def seen(tmp_path: Path, content: bytes, name: str = "images/0.png", side: Any = 32) -> np.ndarray:
    """The image of a set as it is kept, (3, side, side)."""
    blocks: list[np.ndarray] = []
    files = good_files() | {name: content}
    files["labels.csv"] = files["labels.csv"].replace(b"images/0.png", name.encode())
    report = validate(written(tmp_path, files), Options(side=side), sink=blocks.append)
    assert report.valid, list(report.problems)
    return np.concatenate(blocks)[0]


def image_problems(report: ValidationReport) -> list[Problem]:
    return [problem for problem in report.problems if problem.kind == "image"]


def half_red(size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image


@pytest.mark.parametrize("side", [32, 64])
@pytest.mark.parametrize("size", [(9, 7), (64, 64), (500, 3), (3, 500), (1, 1)])
def test_every_size_becomes_the_side(tmp_path: Path, size: tuple[int, int], side: int) -> None:
    image = seen(tmp_path, encoded(picture(123, size)), side=side)
    assert image.shape == (3, side, side)
    assert (image == 123).all()


def test_the_centre_is_kept(tmp_path: Path) -> None:
    wide = Image.new("RGB", (96, 32), RED)
    wide.paste(BLUE, (32, 0, 64, 32))
    image = seen(tmp_path, encoded(wide))
    assert (image[2] == 255).all()
    assert (image[0] == 0).all()


@pytest.mark.parametrize(
    ("image", "level"),
    [
        (Image.new("L", (8, 8), 77), 77),
        (Image.new("1", (8, 8), 1), 255),
        (Image.new("P", (8, 8), 0), 0),
        (Image.new("I;16", (8, 8), 77 * 257), 77),
        (Image.new("LA", (8, 8), (77, 0)), 255),
        (Image.new("RGBA", (8, 8), (10, 20, 30, 0)), 255),
        (Image.new("RGBA", (8, 8), (0, 0, 0, 127)), 128),
    ],
    ids=["grey", "bits", "palette", "16 bits", "grey and alpha", "transparent", "half transparent on white"],
)
def test_other_modes_become_rgb_and_alpha_lies_on_white(
    tmp_path: Path, image: Image.Image, level: int
) -> None:
    assert np.abs(seen(tmp_path, encoded(image)).astype(int) - level).max() <= 1


def test_cmyk_and_webp_and_gif_become_rgb(tmp_path: Path) -> None:
    cmyk = seen(tmp_path / "a", encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), "images/c.jpg")
    assert cmyk[0].min() > 230
    assert cmyk[1].max() < 60
    for form in ("WEBP", "GIF", "BMP", "TIFF", "PPM"):
        image = seen(tmp_path / form, encoded(picture(200), form), f"images/x.{form.lower()}")
        assert np.abs(image.astype(int) - 200).max() <= 2


@pytest.mark.parametrize(("orientation", "first_column"), [(1, RED), (3, BLUE), (2, BLUE)])
def test_the_cameras_rotation_is_applied(
    tmp_path: Path, orientation: int, first_column: tuple[int, int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(half_red((32, 32)), "PNG", exif=exif)
    assert tuple(seen(tmp_path, content)[:, 16, 2].tolist()) == first_column


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an image",
        encoded(noise(64))[:3000],
        encoded(noise(200), "JPEG")[:4000],
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
    ids=["empty", "text", "cut PNG", "cut JPEG", "postscript"],
)
def test_what_cannot_be_read_is_reported_with_its_line(tmp_path: Path, content: bytes) -> None:
    report = validate(written(tmp_path, good_files() | {"images/3.png": content}), Options())
    (problem,) = image_problems(report)
    assert problem.fatal
    assert (problem.file, problem.line) == ("labels.csv", 5)
    assert "images/3.png cannot be read" in problem.message


def test_a_bomb_is_refused_from_its_header(tmp_path: Path) -> None:
    files = good_files() | {"images/3.png": bomb_png(), "images/5.png": bomb_png(9_000, 8_000)}
    started = time.process_time()
    report = validate(written(tmp_path, files), Options(skip_bad=True))
    assert time.process_time() - started < 5
    assert [problem.line for problem in image_problems(report)] == [5, 7]
    assert all("64 million" in problem.message for problem in image_problems(report))
    assert "9000×8000" in image_problems(report)[1].message
    assert len(report.rows) == 6


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_IMAGE_BYTES", 1_000_000)
    files = good_files() | {"images/3.png": bytes(1_000_001)}
    (problem,) = image_problems(validate(zipped(tmp_path / "a.zip", files), Options()))
    assert "larger than 1 MB" in problem.message


def test_images_come_in_the_order_of_the_rows_without_the_bad_ones(tmp_path: Path) -> None:
    levels = [100 + i % 100 for i in range(600)]
    rows = [f"{i}.png,{'ab'[i % 2]},{'xy'[i // 2 % 2]}" for i in range(600)]
    files = {f"{i}.png": encoded(picture(level, (2, 2))) for i, level in enumerate(levels)}
    files["t.csv"] = "\n".join(["file,label,group", *rows]).encode()
    files["7.png"] = files["300.png"] = b"bad"
    blocks: list[np.ndarray] = []
    done: list[tuple[int, int]] = []
    report = validate(
        written(tmp_path, files),
        Options(skip_bad=True),
        sink=blocks.append,
        progress=lambda *count: done.append(count),
    )
    del levels[300], levels[7]
    assert np.concatenate(blocks)[:, 0, 0, 0].tolist() == levels
    assert len(report.rows) == 598
    assert done[-1] == (600, 600)
    assert max(map(len, blocks)) <= BLOCK


def test_a_few_tiles_of_every_cell_are_kept(tmp_path: Path) -> None:
    report = validate(written(tmp_path, good_files(40)), Options())
    assert set(report.tiles) == {(c, g) for c in (0, 1) for g in (0, 1)}
    assert {len(tiles) for tiles in report.tiles.values()} == {4}
    assert [int(tile[0, 0, 0]) for tile in report.tiles[1, 0]] == [10, 50, 90, 130]


@pytest.mark.parametrize("flat", [True, False])
def test_uploaded_files_are_a_set_too(flat: bool) -> None:
    files = [
        (name.split("/")[-1] if flat else name, io.BytesIO(content)) for name, content in good_files().items()
    ]
    assert validate(files, Options()).valid


def test_uploaded_files_that_lead_out_or_come_twice_are_reported() -> None:
    files = [(name, io.BytesIO(content)) for name, content in good_files().items()]
    twice = [*files, ("images/0.png", io.BytesIO(encoded())), ("../x.png", io.BytesIO(b""))]
    kinds = [problem.kind for problem in validate(twice, Options()).problems.fatal]
    assert kinds == ["conflict", "outside"]
