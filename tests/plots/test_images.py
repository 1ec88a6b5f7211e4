"""Small images: pixels stay where and what they are."""

import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from fairdd_core.plots.images import (
    Tile,
    columns_html,
    data_uri,
    grid_html,
    mosaic,
    part_of,
    png,
    sample_tiles,
    strip_html,
)


def test_mosaic_puts_images_where_they_belong_and_keeps_gaps_clear() -> None:
    images = np.zeros((2, 3, 3, 4, 4), np.uint8)
    images[1, 2] = 200
    picture = mosaic(images, np.array([[True, True, True], [True, False, True]]))
    assert picture.shape == (10, 15, 4)
    assert (picture[5:9, 10:14, :3] == 200).all()
    assert picture[4, :, 3].max() == 0
    assert picture[5:9, 5:9, 3].max() == 0, "an image that is not there is transparent"


def test_png_repeats_pixels_exactly(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (3, 2, 4), np.uint8)
    (tmp_path / "a.png").write_bytes(png(picture, 3))
    back = np.asarray(Image.open(tmp_path / "a.png"))
    assert (back == picture.repeat(3, 0).repeat(3, 1)).all()
    assert data_uri(b"x").startswith("data:image/png;base64,")


def test_grid_names_its_rows_and_says_what_it_shows() -> None:
    markup = grid_html(
        np.zeros((2, 3, 3, 4, 4), np.uint8), ["<b>", "dog"], alt='a "b"', swatches=["red", "blue"]
    )
    assert "&lt;b&gt;" in markup
    assert 'alt="a &quot;b&quot;"' in markup
    assert markup.count("<i ") == 2


def test_a_tile_keeps_its_pixels_and_says_what_it_is() -> None:
    x_KHW = np.random.default_rng(0).integers(0, 255, (3, 4, 5), np.uint8)
    markup = strip_html([Tile(x_KHW, 'a "dog"', "<dog>", "red"), Tile(x_KHW, "cat")], 40)
    assert markup.count("<figure") == 2
    assert markup.count("<figcaption") == 1
    assert 'alt="a &quot;dog&quot;"' in markup
    assert "&lt;dog&gt;" in markup
    found = re.search(r"base64,([^\"]+)", markup)
    assert found
    back = np.asarray(Image.open(BytesIO(base64.b64decode(found[1]))))
    assert (back == x_KHW.transpose(1, 2, 0)).all()


def test_the_parts_of_a_mosaic_are_counted_row_by_row() -> None:
    x_KHW = np.arange(16, dtype=np.uint8).reshape(1, 4, 4).repeat(3, axis=0)
    assert part_of(x_KHW, 0, 1).tolist() == x_KHW.tolist()
    assert part_of(x_KHW, 1, 2)[0].tolist() == [[2, 3], [6, 7]]
    assert part_of(x_KHW, 2, 2)[0].tolist() == [[8, 9], [12, 13]]


def test_sample_tiles_have_no_place_for_images_of_unknown_group() -> None:
    x = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1) * np.ones((1, 3, 2, 2), np.uint8)
    tiles, present = sample_tiles(x, np.array([0, 0, 1]), np.array([2, 1, 2]), classes=2, groups=2)
    assert present.tolist() == [[False, False], [True, False]]
    assert (tiles[1, 0] == 1).all()


def test_sample_tiles_leave_empty_cells_out() -> None:
    x = np.arange(3, dtype=np.uint8)[:, None, None, None] + np.zeros((3, 3, 4, 4), np.uint8) + 1
    tiles, present = sample_tiles(x, np.array([0, 1, 1]), np.array([1, 0, 0]), classes=2, groups=2)
    assert present.tolist() == [[False, True], [True, False]]
    assert tiles[1, 0, 0, 0, 0] == 1
    assert tiles[0, 1, 0, 0, 0] == 2, "the first image of the cell"
    assert not tiles[0, 0].any()


def test_columns_of_images_are_titled_and_may_be_empty() -> None:
    tile = Tile(np.full((3, 4, 4), 9, np.uint8), "the test image", "<b>7</b> ✗ 1.23")
    page = columns_html({"Nearest in <Vanilla>": [tile], "Nearest in COBRA": []})
    assert "&lt;b&gt;7&lt;/b&gt; ✗ 1.23" in page
    assert 'alt="the test image"' in page
    assert "<h4>Nearest in &lt;Vanilla&gt;</h4>" in page
    assert "<h4>Nearest in COBRA</h4>None." in page
