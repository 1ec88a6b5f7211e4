"""Looking through a set: every problem, the cells, and a few images of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from fairdd_core.data.custom.cells import Cells, cells_of
from fairdd_core.data.custom.images import Progress, Tiles, decoded
from fairdd_core.data.custom.layout import scan
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import Problems, Refused
from fairdd_core.data.custom.source import FilesSource, FolderSource, Source
from fairdd_core.data.custom.zip_source import ZipSource
from fairdd_core.errors import UserError

Upload = tuple[str, IO[bytes]]
"""Name and content of an uploaded file."""
Sink = Callable[[np.ndarray], None]
"""Takes blocks of images uint8 (B, 3, S, S), in the order of the rows."""
TILES_PER_CELL = 4


@dataclass(frozen=True)
class Inspection:
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
    def sound(self) -> bool:
        """Whether the set can be added."""
        return self.cells is not None and not self.problems.fatal


def inspect(
    what: Path | Sequence[Upload],
    options: Options,
    *,
    progress: Progress | None = None,
    sink: Sink | None = None,
) -> Inspection:
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
    except Refused:
        return Inspection(_title(what), problems, pd.DataFrame())
    try:
        return _inspect(source, table, options, problems, progress or (lambda done, total: None), sink)
    finally:
        source.close()


def _inspect(
    source: Source, table: str, options: Options, problems: Problems, progress: Progress, sink: Sink | None
) -> Inspection:
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
    return Inspection(source.title, problems, rows, cells, shown)


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
