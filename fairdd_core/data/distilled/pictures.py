"""Sets kept as pictures: a PNG grid with a row for each class, and a folder (or zip) ``class/*.png``."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from fairdd_core.data.custom.problems import InvalidDataset, Problems
from fairdd_core.data.custom.sources import FolderSource, Source, ZipSource
from fairdd_core.data.decoding import FORMATS, MAX_PIXELS, UnreadableImage, decode_image
from fairdd_core.data.distilled.contents import MAX_IMAGES, Experiment, Target, refusal

MAX_GAP, MAX_ZOOM = 8, 32
MAX_FILE_BYTES = 5_000_000
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".jfif")


@dataclass(frozen=True)
class Grid:
    """Where the tiles of a picture are.

    Attributes:
        zoom: pixels that every pixel is repeated each way.
        start: of the first tile, before zooming.
        stride: from one tile to the next.
        columns: tiles in a row.
    """

    zoom: int
    start: int
    stride: int
    columns: int


def read_grid(path: Path, target: Target) -> list[Experiment]:
    """Return the set in a PNG with a row of tiles for each class; transparent tiles stand for none.

    Raises:
        UserError: when no grid of the right tiles fits the picture.
    """
    picture_HW4 = _picture(path.read_bytes(), path.name)
    grid = find_grid(picture_HW4, target)
    small = picture_HW4[:: grid.zoom, :: grid.zoom]
    side, tiles, labels = target.side, [], []
    for c in range(target.classes):
        top = grid.start + c * grid.stride
        for column in range(grid.columns):
            left = grid.start + column * grid.stride
            tile = small[top : top + side, left : left + side]
            if tile[..., 3].any():
                tiles.append(tile[..., :3].transpose(2, 0, 1))
                labels.append(c)
    if not tiles:
        raise refusal("a grid of images", "a transparent picture")
    zoom = f", every pixel enlarged to {grid.zoom}×{grid.zoom}" if grid.zoom > 1 else ""
    note = (
        f"The grid has {target.classes} rows, one for each class, of {grid.columns} tiles of {side}×{side} "
        f"pixels with {grid.stride - side} between them{zoom}."
    )
    return [Experiment("", np.stack(tiles), np.array(labels), notes=(note,))]


def find_grid(picture_HW4: np.ndarray, target: Target) -> Grid:
    """Return the grid whose rows are the classes and whose gaps are of one colour.

    Raises:
        UserError: when there is none.
    """
    height, width = picture_HW4.shape[:2]
    side, rows = target.side, target.classes
    for zoom in range(1, MAX_ZOOM + 1):
        if height % zoom or width % zoom or not _enlarged(picture_HW4, zoom):
            continue
        small = picture_HW4[::zoom, ::zoom]
        for gap in range(MAX_GAP + 1):
            # Gaps all around (torchvision), after every tile (ours), or between tiles only.
            for start, end in ((gap, gap), (0, gap), (0, 0)):
                stride = side + gap
                columns, left = divmod(width // zoom - start - end + gap, stride)
                fits = height // zoom == start + rows * stride - gap + end
                grid = Grid(zoom, start, stride, columns)
                if fits and not left and columns >= 1 and _gaps_are_empty(small, grid, side):
                    return grid
    raise refusal(
        f"a grid with {rows} rows of tiles of {side}×{side} pixels, one row for each class of {target.title}",
        f"a picture of {width}×{height} pixels",
        f"Its height must be {rows * side} pixels, or more by equal gaps, or a multiple of that.",
    )


def _enlarged(picture: np.ndarray, zoom: int) -> bool:
    height, width = picture.shape[:2]
    blocks = picture.reshape(height // zoom, zoom, width // zoom, zoom, -1)
    return bool((blocks == blocks[:, :1, :, :1]).all())


def _gaps_are_empty(small: np.ndarray, grid: Grid, side: int) -> bool:
    """Return whether everything between the tiles has one colour."""
    inside = [
        np.zeros(length, bool) if grid.start else np.arange(length) % grid.stride < side
        for length in small.shape[:2]
    ]
    if grid.start:
        for mask in inside:
            mask[grid.start :] = np.arange(len(mask) - grid.start) % grid.stride < side
    between = small[~(inside[0][:, None] & inside[1][None, :])]
    return len(between) == 0 or bool((between == between[0]).all())


def _picture(content: bytes, name: str) -> np.ndarray:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise refusal(f"at most {MAX_PIXELS // 10**6} million pixels", f"more in {name}")
                return np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise refusal("a PNG picture", f"a damaged or different one ({error})") from error


def read_folder(path: Path, target: Target) -> list[Experiment]:
    """Return the set in a folder, or zip file, with a folder of images for each class.

    Raises:
        UserError: when the folders are not the classes, or the images are not of the right size.
    """
    problems = Problems()
    try:
        source = FolderSource(path, problems) if path.is_dir() else ZipSource(path, path.stem, problems)
        problems.stop_if_fatal()
    except InvalidDataset as error:
        raise refusal("a folder or zip file with a folder for each class", error.got) from error
    try:
        return [_from_source(source, target)]
    finally:
        source.close()


def _from_source(source: Source, target: Target) -> Experiment:
    names = sorted(name for name in source.files if name.lower().endswith(_ENDINGS) and "/" in name)
    if not names:
        raise refusal("images in a folder for each class, as in CLASS/0001.png", "none")
    if len(names) > MAX_IMAGES:
        raise refusal(f"at most {MAX_IMAGES:,} images", f"{len(names):,}")
    folders = sorted({PurePosixPath(name).parent.name for name in names})
    index, how = match_classes(folders, target.class_names)
    ordered = sorted(names, key=lambda name: (index[PurePosixPath(name).parent.name], natural(name)))
    images = np.stack(list(_decoded(source, ordered, target.side)))
    labels = np.array([index[PurePosixPath(name).parent.name] for name in ordered])
    lossy = [name for name in names if name.lower().endswith((".jpg", ".jpeg", ".jfif"))]
    notes = (how, *(["JPEG has changed the pixels a little."] if lossy else []))
    return Experiment("", images, labels, notes=notes)


def _decoded(source: Source, names: Sequence[str], side: int) -> Iterator[np.ndarray]:
    from PIL import Image

    for name in names:
        if source.files[name] > MAX_FILE_BYTES:
            raise refusal(f"images of at most {MAX_FILE_BYTES // 10**6} MB", f"more in {name}")
        try:
            content = source.read(name, MAX_FILE_BYTES)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                    size = image.size
            if size != (side, side):
                hint = "Resize the images, or choose the data set that they were made for."
                raise refusal(f"images of {side}×{side} pixels", f"{size[0]}×{size[1]} in {name}", hint)
            yield decode_image(io.BytesIO(content), side)
        except (UnreadableImage, OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise refusal("images that can be read", f"{name} ({error})") from error


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names by their value."""
    return [(int(part[:18]), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", name)]


def match_classes(folders: Sequence[str], class_names: Sequence[str]) -> tuple[dict[str, int], str]:
    """Return the class of every folder, and in a sentence how it was found.

    Names of classes count most, then numbers at the end of the names, then the alphabet.

    Raises:
        UserError: when there are not as many folders as classes.
    """
    if len(folders) != len(class_names):
        expected = f"{len(class_names)} folders, one for each class: {', '.join(class_names)}"
        raise refusal(expected, f"{len(folders)}: {', '.join(folders)}")
    by_name = {name.casefold(): c for c, name in enumerate(class_names)}
    if {folder.casefold() for folder in folders} == set(by_name):
        return {folder: by_name[folder.casefold()] for folder in folders}, "The folders name the classes."
    ends = {folder: re.search(r"(\d{1,6})$", folder) for folder in folders}
    numbers = {folder: int(end[1]) for folder, end in ends.items() if end}
    for first in (0, 1):
        if sorted(numbers.values()) == list(range(first, first + len(folders))):
            text = f"The folders are taken as the numbers of the classes, from {first}."
            return {folder: number - first for folder, number in numbers.items()}, text
    order = sorted(folders, key=natural)
    pairs = ", ".join(f"{folder} is {name}" for folder, name in zip(order, class_names, strict=True))
    return {folder: c for c, folder in enumerate(order)}, f"The folders are taken in this order: {pairs}."
