"""Grey levels beyond eight bits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fairdd_core.data.decoding import HEAD, UnreadableImage, decode_image, may_be_deep, measure_levels
from fairdd_core.data.levels import Levels, common_range


def file_of(pixels: np.ndarray, form: str = "TIFF", **options: object) -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("kind", "ranges", "expected"),
    [
        ("I", [(0, 63), (0, 255)], (0, 255)),
        ("I", [(0, 63), (0, 4032)], (0, 4095)),
        ("I", [(0, 252), (0, 63000)], (0, 65535)),
        ("I", [(0, 65536)], None),
        ("I", [(-1000, 3000)], None),
        ("F", [(0, 1), (0.2, 0.3)], (0, 1)),
        ("F", [(-0.0001, 1.0005)], (0, 1)),
        ("F", [(-1, 1)], (-1, 1)),
        ("F", [(0, 254.7)], (0, 255)),
        ("F", [(0, 3.5)], None),
        ("F", [(-5, 1)], None),
    ],
)
def test_the_range_follows_from_all_images(
    kind: str, ranges: list[tuple[float, float]], expected: tuple[float, float] | None
) -> None:
    assert common_range(kind, ranges) == (None if expected is None else Levels(*expected))


def test_levels_become_bytes_by_their_range() -> None:
    ramp = np.linspace(0, 4095, 64).reshape(8, 8).astype(np.uint16)
    for form in ("PNG", "TIFF"):
        seen = decode_image(file_of(ramp, form), 8, ranges={"I": Levels(0, 4095)})
        assert np.abs(seen[0].astype(float) - np.linspace(0, 255, 64).reshape(8, 8)).max() <= 1
    dim = decode_image(file_of(ramp), 8)
    assert dim.max() == round(4095 * 255 / 65535)
    signed = decode_image(file_of(np.array([[-1.0, 1.0]] * 2, np.float32)), 2, ranges={"F": Levels(-1, 1)})
    assert signed[0, 0].tolist() == [0, 255]


@pytest.mark.parametrize("level", [0.5, 3.0, float("nan")])
def test_fractions_without_a_range_and_levels_beyond_it_are_refused(level: float) -> None:
    pixels = np.full((4, 4), level, np.float32)
    with pytest.raises(UnreadableImage, match="grey levels"):
        decode_image(file_of(pixels), 4)
    if level != 0.5:
        with pytest.raises(UnreadableImage, match="grey levels"):
            decode_image(file_of(pixels), 4, ranges={"F": Levels(0, 1)})


def test_only_grey_images_of_more_than_eight_bits_are_measured() -> None:
    deep = file_of(np.full((4, 4), 700, np.uint16), "PNG")
    assert may_be_deep(deep.getvalue()[:HEAD])
    assert measure_levels(deep) == ("I", 700, 700)
    assert measure_levels(file_of(np.array([[0.25, 0.75]], np.float32))) == ("F", 0.25, 0.75)
    assert measure_levels(file_of(np.full((4, 4, 3), 7, np.uint8))) is None
    assert measure_levels(io.BytesIO(b"II*\0 damaged")) is None
    assert not may_be_deep(file_of(np.full((4, 4), 7, np.uint8), "PNG").getvalue()[:HEAD])


def test_long_texts_in_a_png_do_not_matter() -> None:
    text = PngInfo()
    text.add_text("workflow", "x" * 2_000_000, zip=True)
    seen = decode_image(file_of(np.full((4, 4, 3), 90, np.uint8), "PNG", pnginfo=text), 4)
    assert (seen == 90).all()
