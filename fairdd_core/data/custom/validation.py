"""Validation of a custom set: its problems, its cells, and a few images of each cell."""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from fairdd_core.data.custom.cells import Cells, cells_of, ordered
from fairdd_core.data.custom.matching import FOREIGN_SUFFIXES, suffix
from fairdd_core.data.custom.options import MAX_IMAGE_BYTES, Options
from fairdd_core.data.custom.problems import InvalidDataset, Problems
from fairdd_core.data.custom.reading import Reading
from fairdd_core.data.custom.repetition import note_repeated_images
from fairdd_core.data.custom.samples import Scan, scan
from fairdd_core.data.custom.sheets import TABLE_SUFFIXES
from fairdd_core.data.custom.sources import FilesSource, FolderSource, Source, ZipSource
from fairdd_core.data.decoding import HEAD, UnreadableImage, decode_image, may_be_deep, measure_levels
from fairdd_core.data.image_store import decode_blocks
from fairdd_core.data.levels import Levels, Ranges, common_range
from fairdd_core.errors import UserError
from fairdd_core.units import counted

Upload = tuple[str, IO[bytes]]
"""Name and content of an uploaded file."""
Sink = Callable[[np.ndarray], object]
"""Takes blocks of images uint8 (B, 3, S, S), in the order of the rows."""
Progress = Callable[[int, int], None]
"""Called with the images done and their total."""
TILES_PER_CELL = 4
WHITE = 255


@dataclass(frozen=True)
class ValidationReport:
    """What a set holds and what is wrong with it.

    Attributes:
        title: of the source.
        problems: all of them.
        rows: one per usable image: ``file``, ``line``, ``label``, ``groups``, ``split``, ``table``.
        cells: where each row belongs; None unless there are two classes and two groups.
        tiles: (class index, group index) -> the first few images, uint8 (3, S, S).
        reading: how the files were understood; None where there is nothing to understand.
    """

    title: str
    problems: Problems
    rows: pd.DataFrame = field(repr=False)
    cells: Cells | None = field(repr=False, default=None)
    tiles: dict[tuple[int, int], list[np.ndarray]] = field(repr=False, default_factory=dict)
    reading: Reading | None = field(repr=False, default=None)

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
    """Validate a folder, a zip file, a table beside its files, or uploaded files; read every image once.

    Args:
        what: path, or uploaded files: one zip file, or a table and images.
        options: how the set is read.
        progress: called after every block of images.
        sink: receives the images; nothing is written otherwise.

    Raises:
        UserError: when the path does not exist.
    """
    return _opened(what, options, partial(_validate, progress=progress, sink=sink))


def survey(what: Path | Sequence[Upload], options: Options) -> ValidationReport:
    """Return how a set is understood and which of its rows can be read, without reading any image.

    Raises:
        UserError: when the path does not exist.
    """

    def report(source: Source, found: Scan, options: Options, problems: Problems) -> ValidationReport:
        return ValidationReport(source.title, problems, found.rows, reading=found.reading)

    return _opened(what, options, report)


def _opened(
    what: Path | Sequence[Upload], options: Options, report: Callable[..., ValidationReport]
) -> ValidationReport:
    """Open a set, scan it, and return what ``report`` makes of it."""
    problems = Problems(skip_bad=options.skip_bad)
    try:
        source, table = _open(what, problems)
    except InvalidDataset:
        name = what.name if isinstance(what, Path) else what[0][0]
        return ValidationReport(name, problems, pd.DataFrame())
    try:
        return report(source, scan(source, options, problems, table), options, problems)
    finally:
        source.close()


def _validate(
    source: Source,
    found: Scan,
    options: Options,
    problems: Problems,
    progress: Progress | None,
    sink: Sink | None,
) -> ValidationReport:
    rows = found.rows
    files, keys = rows["file"].tolist(), list(zip(rows["label"], rows["groups"], strict=True))
    usable, tiles = np.zeros(len(rows), bool), defaultdict[tuple[str, str], list[np.ndarray]](list)
    digests: list[bytes] = []
    done = 0
    decode = partial(_decode, source, options.side, _ranges(source, files, problems))
    for results in decode_blocks(files, decode, threads=4):
        images = []
        for i, result in enumerate(results, done):
            if isinstance(result, UnreadableImage):
                line = int(rows["line"][i])
                what, place = (files[i], rows["table"][i]) if line else ("The image", files[i])
                problems.add("image", f"{what} cannot be read: {result}.", place, line)
                continue
            usable[i] = True
            images.append(result)
            digests.append(hashlib.blake2b(result.tobytes(), digest_size=16).digest())
            if len(tiles[keys[i]]) < TILES_PER_CELL:
                tiles[keys[i]].append(result)
        if images and sink is not None and not problems.fatal:
            sink(np.stack(images))
        done += len(results)
        if progress is not None:
            progress(done, len(files))
    rows = rows[usable].reset_index(drop=True)
    report = ValidationReport(source.title, problems, rows, reading=found.reading)
    cells = cells_of(rows, options, problems)
    _report_lost(found, rows, problems)
    if cells is None:
        return report
    note_repeated_images(digests, rows, cells.test_N, problems)
    names = zip(rows["label"], rows["groups"], strict=True)
    index = dict(zip(names, zip(cells.y_N.tolist(), cells.a_N.tolist(), strict=True), strict=True))
    return replace(report, cells=cells, tiles={index[key]: kept for key, kept in tiles.items()})


def _report_lost(found: Scan, rows: pd.DataFrame, problems: Problems) -> None:
    """Report classes and groups that are described but of which no image can be used."""
    if rows.empty:
        return
    labels = {label for label, _ in found.described}
    groups = {names for _, names in found.described}
    lost = [("class", name) for name in ordered(labels - set(rows["label"]))]
    lost += [("group", " × ".join(names)) for names in sorted(groups - set(rows["groups"]))]
    for what, name in lost:
        problems.add("classes", f"No image of the {what} {name!r} can be used.")


def _read(source: Source, file: str, limit: int) -> bytes:
    try:
        return source.image(file, limit)
    except OSError as error:
        raise UnreadableImage(error.strerror or str(error)) from error


def _decode(source: Source, side: int, ranges: Ranges, file: str) -> np.ndarray:
    if suffix(file) in FOREIGN_SUFFIXES:
        form = suffix(file)[1:].upper()
        raise UnreadableImage(f"{form} is a format that is not read; convert it to PNG or JPEG")
    return decode_image(io.BytesIO(_read(source, file, MAX_IMAGE_BYTES)), side, ground=WHITE, ranges=ranges)


def _ranges(source: Source, files: Sequence[str], problems: Problems) -> Ranges:
    """Return the ranges of the grey levels beyond eight bits in a set, and note how they are used."""
    found = defaultdict[str, list[tuple[float, float]]](list)
    for file in files:
        try:
            if may_be_deep(_read(source, file, HEAD)):
                measured = measure_levels(io.BytesIO(_read(source, file, MAX_IMAGE_BYTES)))
                if measured is not None:
                    found[measured[0]].append(measured[1:])
        except UnreadableImage:  # reported when it is decoded
            continue
    ranges: dict[str, Levels | None] = {kind: common_range(kind, values) for kind, values in found.items()}
    for kind, levels in ranges.items():
        if levels is not None:
            what = "fractions" if kind == "F" else "more than eight bits"
            text = f"{counted(len(found[kind]), 'image')} of {what}: levels from {levels} become 0 to 255."
            problems.add("levels", text)
    return ranges


def _open(what: Path | Sequence[Upload], problems: Problems) -> tuple[Source, str]:
    """Return the source and the name of its table, or "" where none was named."""
    if not isinstance(what, Path):
        if len(what) == 1 and what[0][0].casefold().endswith(".zip"):
            return ZipSource(what[0][1], what[0][0], problems), ""
        return FilesSource("upload", what, problems), ""
    try:
        folder, file = what.is_dir(), what.is_file()
    except (OSError, ValueError):  # a name too long for the file system, or with a zero byte
        folder = file = False
    if folder:
        return FolderSource(what, problems), ""
    if file and what.suffix.casefold() in TABLE_SUFFIXES:
        return FolderSource(what.parent, problems), what.name
    if file:
        return ZipSource(what, what.name, problems), ""
    raise UserError(
        "path", "a folder, a zip file or a table (CSV, Parquet)", repr(str(what)), "It does not exist."
    )
