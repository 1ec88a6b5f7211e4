"""Decoding the images of a set, in blocks and on all cores; at most a block of small ones is held."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from fairdd_core.data.custom.options import MAX_IMAGE_BYTES
from fairdd_core.data.custom.problems import Problems
from fairdd_core.data.custom.source import Source
from fairdd_core.data.decoding import UnreadableImage, decode_image

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
