"""Small images: as PNG bytes, as an HTML grid with labelled rows, and as a strip of single ones."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_GAP = 1
"""Transparent pixels between tiles, before upscaling."""


def mosaic(images_RCKHW: np.ndarray, present_RC: np.ndarray | None = None) -> np.ndarray:
    """Lay out uint8 images (rows, columns, 3, H, W) as one RGBA picture with transparent gaps.

    Args:
        images_RCKHW: the tiles; where they are masked there is no such image.
        present_RC: bool; where False the tile is left transparent (there is no such image).
    """
    rows, columns, _, height, width = images_RCKHW.shape
    if present_RC is None and isinstance(images_RCKHW, np.ma.MaskedArray):
        present_RC = np.logical_not(np.ma.getmaskarray(images_RCKHW).all(axis=(2, 3, 4)))
    images_RCKHW = np.ma.getdata(images_RCKHW)
    out = np.zeros((rows, height + _GAP, columns, width + _GAP, 4), np.uint8)
    tiles = images_RCKHW.transpose(0, 3, 1, 4, 2)
    out[:, :height, :, :width, :3] = tiles
    alpha = np.ones((rows, columns), bool) if present_RC is None else present_RC
    out[:, :height, :, :width, 3] = 255 * alpha[:, None, :, None].astype(np.uint8)
    return out.reshape(rows * (height + _GAP), columns * (width + _GAP), 4)


def png(picture_HWK: np.ndarray, scale: int = 1) -> bytes:
    """Encode a uint8 picture (H, W, 3 or 4) as PNG, every pixel repeated ``scale`` times each way."""
    from PIL import Image

    large = picture_HWK.repeat(scale, axis=0).repeat(scale, axis=1)
    buffer = io.BytesIO()
    # Most pictures are shown once on the same machine: speed matters more than size.
    Image.fromarray(np.ascontiguousarray(large)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def data_uri(data: bytes) -> str:
    """Return PNG bytes as a ``data:`` URI."""
    return "data:image/png;base64," + base64.b64encode(data).decode()


def grid_png(images_RCKHW: np.ndarray, target: int = 720, present_RC: np.ndarray | None = None) -> bytes:
    """Return a ``mosaic`` as PNG, every pixel repeated so that it is about ``target`` pixels wide."""
    _, columns, _, _, side = images_RCKHW.shape
    return png(mosaic(images_RCKHW, present_RC), max(1, round(target / (columns * (side + _GAP)))))


def grid_html(
    images_RCKHW: np.ndarray,
    row_labels: Sequence[str],
    *,
    alt: str,
    present_RC: np.ndarray | None = None,
    swatches: Sequence[str] = (),
    max_width: int = 560,
) -> str:
    """Return a ``<div>`` with the grid and a label beside each row; text takes the page's colour and font.

    Args:
        images_RCKHW: uint8 (rows, columns, 3, H, W).
        row_labels: one per row.
        alt: for screen readers.
        present_RC: bool; False leaves a tile empty.
        swatches: a CSS colour per row, shown outlined before its label.
        max_width: of the picture in CSS pixels.
    """
    uri = data_uri(grid_png(images_RCKHW, present_RC=present_RC))
    chips = [f'<i style="background:{color}"></i>' for color in swatches] or [""] * len(row_labels)
    labels = "".join(
        f"<span>{chip}{html.escape(name)}</span>" for chip, name in zip(chips, row_labels, strict=True)
    )
    return (
        f'<div class="fx-grid" style="max-width:{max_width}px">'
        f'<div class="fx-rows" aria-hidden="true">{labels}</div>'
        f'<img src="{uri}" alt="{html.escape(alt, quote=True)}"></div>'
    )


GRID_CSS = """
.fx-grid{display:flex;gap:.5rem;align-items:stretch;width:100%}
.fx-grid img{flex:1;min-width:0;width:100%;height:auto;display:block}
.fx-rows{display:flex;flex-direction:column;font-size:.8rem;opacity:.85;text-align:right}
.fx-rows span{flex:1;display:flex;align-items:center;justify-content:flex-end;gap:.35rem;white-space:nowrap}
.fx-rows i{width:.75rem;height:.75rem;border:1px solid #808080;border-radius:2px;display:inline-block}
"""


@dataclass(frozen=True)
class Tile:
    """One image to show by itself.

    Attributes:
        x_KHW: uint8 (3, H, W).
        alt: for screen readers.
        caption: a word or two below it.
        swatch: a CSS colour shown before the caption; empty for none.
    """

    x_KHW: np.ndarray
    alt: str
    caption: str = ""
    swatch: str = ""


def tile_html(tile: Tile, side: int) -> str:
    """Return a ``<figure>`` with one image at ``side`` CSS pixels; its own pixels stay sharp squares."""
    uri = data_uri(png(tile.x_KHW.transpose(1, 2, 0)))
    chip = f'<i style="background:{tile.swatch}"></i>' if tile.swatch else ""
    caption = f"<figcaption>{chip}{html.escape(tile.caption)}</figcaption>" if tile.caption else ""
    return (
        f'<figure class="fx-tile"><img src="{uri}" alt="{html.escape(tile.alt, quote=True)}" '
        f'width="{side}" height="{side}">{caption}</figure>'
    )


def strip_html(tiles: Sequence[Tile], side: int = 56) -> str:
    """Return single images side by side, as many in a row as there is room for."""
    return f'<div class="fx-tiles">{"".join(tile_html(tile, side) for tile in tiles)}</div>'


def columns_html(columns: Mapping[str, Sequence[Tile]], side: int = 84) -> str:
    """Return a column of images for every title; a column without images says so."""
    sections = (
        f"<section><h4>{html.escape(title)}</h4>{strip_html(tiles, side) if tiles else 'None.'}</section>"
        for title, tiles in columns.items()
    )
    return f'<div class="fx-near">{"".join(sections)}</div>'


def part_of(x_KHW: np.ndarray, part: int, factor: int) -> np.ndarray:
    """Return one of the images that a mosaic holds, in its own few pixels (3, H / factor, W / factor).

    Args:
        x_KHW: the mosaic; an image itself where ``factor`` is 1.
        part: from 0, row by row.
        factor: parts along each side.
    """
    _, height, width = x_KHW.shape
    h, w = height // factor, width // factor
    row, column = divmod(part, factor)
    return x_KHW[:, row * h : (row + 1) * h, column * w : (column + 1) * w]


def sample_tiles(
    x_NCHW: np.ndarray, y_N: np.ndarray, a_N: np.ndarray, classes: int, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pick the first image of every (group, class) cell; numbers beyond the groups mean that none is known.

    Returns:
        Images uint8 (G, C, 3, H, W), zero where the cell is empty, and a bool (G, C), False there.
    """
    tiles = np.zeros((groups, classes, *x_NCHW.shape[1:]), np.uint8)
    present = np.zeros((groups, classes), bool)
    cell = a_N * classes + y_N
    found, first = np.unique(cell, return_index=True)
    found, first = found[found < groups * classes], first[found < groups * classes]
    tiles.reshape(-1, *x_NCHW.shape[1:])[found] = x_NCHW[first]
    present.reshape(-1)[found] = True
    return tiles, present
