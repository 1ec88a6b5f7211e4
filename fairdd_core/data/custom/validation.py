"""Validation of a set: every problem, the cells, and a few images of each."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from fairdd_core.data.custom.cells import Cells, cells_of
from fairdd_core.data.custom.options import MAX_IMAGE_BYTES, Options
from fairdd_core.data.custom.problems import InvalidDataset, Problems
from fairdd_core.data.custom.samples import scan
from fairdd_core.data.custom.sources import FilesSource, FolderSource, Source, ZipSource
from fairdd_core.data.decoding import UnreadableImage, decode_image
from fairdd_core.errors import UserError

BLOCK = 256
WHITE = 255
Progress = Callable[[int, int], None]
"""Told how many images of how many are done."""


def decoded(
    rows: pd.DataFrame, table: str, source: Source, side: int, problems: Problems, progress: Progress
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read every image once.

    Args:
        rows: with ``file`` and ``line``.
        table: name of the table that the lines are of; empty when there is none.
        source: the files.
        side: height and width of the results.
        problems: what cannot be read is added here.
        progress: called after every block.

    Yields:
        int64 positions (B,) in ``rows`` of the images that could be read, and uint8 (B, 3, side, side).
    """
    files, lines = rows["file"].tolist(), rows["line"].tolist()

    def read(file: str) -> np.ndarray | str:
        return _read(source, file, side)

    # Threads, because decoding and resizing happen outside of the interpreter's lock.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(files), BLOCK):
            block = files[start : start + BLOCK]
            positions, images = [], []
            for i, result in enumerate(pool.map(read, block), start):
                if isinstance(result, str):
                    _note(result, files[i], lines[i], table, problems)
                else:
                    positions.append(i)
                    images.append(result)
            if images:
                yield np.array(positions), np.stack(images)
            progress(start + len(block), len(files))


def _read(source: Source, file: str, side: int) -> np.ndarray | str:
    """Return the image, or what is wrong with it."""
    if source.files[file] > MAX_IMAGE_BYTES:
        return f"larger than {MAX_IMAGE_BYTES // 10**6} MB"
    try:
        content = source.read(file, MAX_IMAGE_BYTES)
    except OSError as error:
        return error.strerror or str(error)
    try:
        return decode_image(io.BytesIO(content), side, ground=WHITE)
    except UnreadableImage as error:
        return str(error)


def _note(reason: str, file: str, line: int, table: str, problems: Problems) -> None:
    text = f"The image cannot be read: {reason}."
    if line:
        problems.add("image", text.replace("The image", file), table, line)
    else:
        problems.add("image", text, file)


class Tiles:
    """The first few images of every (label, groups) cell, for people to look at.

    Attributes:
        images: (label, groups) -> uint8 (3, S, S), in the order of the table.
    """

    def __init__(self, rows: pd.DataFrame, per_cell: int) -> None:
        self.images: dict[tuple[str, tuple[str, ...]], list[np.ndarray]] = {}
        self._cells: Sequence[tuple[str, tuple[str, ...]]] = list(
            zip(rows["label"], rows["groups"], strict=True)
        )
        self._per_cell = per_cell

    def see(self, positions_B: np.ndarray, images_BCHW: np.ndarray) -> None:
        """Keep what is still wanted of a block."""
        for position, image in zip(positions_B, images_BCHW, strict=True):
            kept = self.images.setdefault(self._cells[position], [])
            if len(kept) < self._per_cell:
                kept.append(image.copy())


Upload = tuple[str, IO[bytes]]
"""Name and content of an uploaded file."""
Sink = Callable[[np.ndarray], None]
"""Takes blocks of images uint8 (B, 3, S, S), in the order of the rows."""
TILES_PER_CELL = 4


@dataclass(frozen=True)
class ValidationReport:
    """What was found in a set.

    Attributes:
        title: of the source.
        problems: all of them.
        rows: one per usable image: ``file``, ``line``, ``label``, ``groups``, ``split``.
        cells: where each row belongs; None when there are no two classes and two groups.
        tiles: (class index, group index) -> the first few images, uint8 (3, S, S).
    """

    title: str
    problems: Problems
    rows: pd.DataFrame = field(repr=False)
    cells: Cells | None = field(repr=False, default=None)
    tiles: dict[tuple[int, int], list[np.ndarray]] = field(repr=False, default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether the set can be added."""
        return self.cells is not None and not self.problems.fatal


def validate(
    what: Path | Sequence[Upload],
    options: Options,
    *,
    progress: Progress | None = None,
    sink: Sink | None = None,
) -> ValidationReport:
    """Look through a folder, a zip file, a table of files beside it, or uploaded files.

    Every image is read once. Nothing is written, apart from what ``sink`` does with the images.

    Args:
        what: path, or uploaded files: one zip file, or a table and images.
        options: how the set is read.
        progress: told ``(done, total)`` images.
        sink: is given the images.

    Raises:
        UserError: when there is nothing at the path.
    """
    problems = Problems(skip_bad=options.skip_bad)
    try:
        source, table = _open(what, problems)
    except InvalidDataset:
        return ValidationReport(_title(what), problems, pd.DataFrame())
    try:
        return _inspect(source, table, options, problems, progress or (lambda done, total: None), sink)
    finally:
        source.close()


def _inspect(
    source: Source, table: str, options: Options, problems: Problems, progress: Progress, sink: Sink | None
) -> ValidationReport:
    rows, table = scan(source, options, problems, table)
    tiles, usable = Tiles(rows, TILES_PER_CELL), np.zeros(len(rows), bool)
    for positions, images in decoded(rows, table, source, options.side, problems, progress):
        usable[positions] = True
        tiles.see(positions, images)
        if sink is not None and not problems.fatal:
            sink(images)
    rows = rows[usable].reset_index(drop=True)
    cells = cells_of(rows, options, problems)
    shown = {} if cells is None else _by_index(tiles, rows, cells)
    return ValidationReport(source.title, problems, rows, cells, shown)


def _by_index(tiles: Tiles, rows: pd.DataFrame, cells: Cells) -> dict[tuple[int, int], list[np.ndarray]]:
    names = zip(rows["label"], rows["groups"], strict=True)
    place = dict(zip(names, zip(cells.y_N.tolist(), cells.a_N.tolist(), strict=True), strict=True))
    return {place[cell]: images for cell, images in tiles.images.items()}


def _open(what: Path | Sequence[Upload], problems: Problems) -> tuple[Source, str]:
    """Return the source and, where it was named, its table."""
    if isinstance(what, Path):
        return _open_path(what, problems)
    if len(what) == 1 and what[0][0].casefold().endswith(".zip"):
        return ZipSource(what[0][1], what[0][0], problems), ""
    return FilesSource("upload", what, problems), ""


def _open_path(path: Path, problems: Problems) -> tuple[Source, str]:
    try:
        folder, file = path.is_dir(), path.is_file()
    except (OSError, ValueError):  # a name too long for the file system, or with a zero byte
        folder = file = False
    if folder:
        return FolderSource(path, problems), ""
    if file and path.suffix.casefold() in {".csv", ".tsv"}:
        return FolderSource(path.parent, problems), path.name
    if file:
        return ZipSource(path, path.name, problems), ""
    raise UserError("path", "a folder, a zip file or a table (CSV)", repr(str(path)), "There is none.")


def _title(what: Path | Sequence[Upload]) -> str:
    return what.name if isinstance(what, Path) else what[0][0] if what else "upload"
