"""The folders of custom sets, ``<data>/own/<name>/``: add, list, open and remove.

A folder is an image store (training images first, then test images) with a file ``about.json``. It is renamed
into its place when it is complete, and renamed away before it is removed.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from fairdd_core.config.spec.base import Settings
from fairdd_core.data.custom.cells import Cells
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import OF_A_ROW, InvalidDataset
from fairdd_core.data.custom.validation import Progress, Upload, ValidationReport, validate
from fairdd_core.data.image_store import (
    ADDING,
    BLOCK,
    IMAGES,
    REMOVED,
    ImageStore,
    read_store,
    staging,
    write_store,
)
from fairdd_core.errors import UserError
from fairdd_core.files import sync

PREFIX = "own-"
"""Begins the key of every custom set; part of the format of specifications."""
FOLDER = "own"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
ABOUT = "about.json"
_SPARE_BYTES = 100_000_000


class About(Settings):
    """The description of a custom set, in ``about.json``.

    Attributes:
        format: of the folder.
        name: without the prefix ``own-``.
        title: for people.
        source: name of the folder or file that it came from.
        created: seconds since 1970.
        options: how it was read.
        classes, groups: names in index order.
        train, test: images of every (class, group) cell.
        drawn: whether the test images were drawn at random; else the set named them.
        left_out: images with problems that were left out.
    """

    format: int = Field(1, ge=1, le=1)
    name: str
    title: str
    source: str
    created: float
    options: Options
    classes: tuple[str, ...] = Field(min_length=2)
    groups: tuple[str, ...] = Field(min_length=2)
    train: tuple[tuple[int, ...], ...]
    test: tuple[tuple[int, ...], ...]
    drawn: bool
    left_out: int = 0

    @property
    def key(self) -> str:
        """The name of the set in a specification."""
        return PREFIX + self.name

    @property
    def sizes(self) -> tuple[int, int]:
        """Numbers of training and of test images."""
        return sum(map(sum, self.train)), sum(map(sum, self.test))


def add(
    data_dir: Path,
    name: str,
    what: Path | Sequence[Upload],
    options: Options,
    *,
    title: str = "",
    progress: Progress | None = None,
    accept: Callable[[ValidationReport], None] | None = None,
) -> About:
    """Add a set to the data folder, or leave the data folder as it was.

    Args:
        data_dir: the data folder.
        name: of the set; its key is ``own-NAME``.
        what: a path, or uploaded files.
        options: how the set is read.
        title: for people; by default the name.
        progress: called after every block of images.
        accept: called with the report before the set is stored; an error from it stops the import.

    Raises:
        InvalidDataset: when the set has problems that keep it from being added; it carries all of them.
        UserError: when the name is taken or malformed, the path does not exist, or the disk is nearly full.
        OSError: when the disk is full.
    """
    place = _free_folder(data_dir, name)
    with staging(data_dir / FOLDER, ADDING) as staged:
        raw = staged / "raw"
        with raw.open("wb") as file:
            report = validate(what, options, progress=progress, sink=lambda block: _append(block, file))
        report.problems.stop_if_fatal()
        if report.cells is None:
            raise InvalidDataset(report.problems)
        if accept is not None:
            accept(report)
        _write_images(raw, staged, report.rows, report.cells, options.side)
        about = _about(name, title, report, report.cells, options)
        document = json.dumps(about.model_dump(mode="json"), indent=1, ensure_ascii=False)
        (staged / ABOUT).write_text(document, encoding="utf-8")
        sync(staged / ABOUT)
        try:
            staged.rename(place)
        except OSError as error:  # another process has added a set of this name meanwhile
            _free_folder(data_dir, name)
            raise error
    return about


def custom_sets(data_dir: Path) -> dict[str, About]:
    """Return the descriptions of the custom sets by key, sorted by name; damaged sets are left out."""
    abouts = (_read_about(folder) for folder in _folders(data_dir))
    return {about.key: about for about in abouts if about is not None}


def damaged_sets(data_dir: Path) -> list[str]:
    """Return the names of the custom sets whose description cannot be read; ``remove`` takes them."""
    return [folder.name for folder in _folders(data_dir) if _read_about(folder) is None]


def folder_of(data_dir: Path, name: str) -> Path:
    """Return the folder of a custom set, whether it exists or not.

    Raises:
        UserError: when the name is malformed.
    """
    if not NAME.fullmatch(name):
        expected = "a name of 1 to 40 small letters, digits and inner hyphens"
        raise UserError("name", expected, repr(name[:60]))
    return data_dir / FOLDER / name


def open_set(data_dir: Path, about: About) -> ImageStore:
    """Return a custom set; the columns are ``file``, ``label``, ``group``…, ``y``, ``a`` and ``test``.

    Raises:
        UserError: when its files are damaged or missing.
    """
    folder = folder_of(data_dir, about.name)
    try:
        return read_store(folder, about.options.side)
    except (OSError, ValueError) as error:
        hint = "Remove the set and add it again."
        raise UserError("data.dataset", f"a readable set in {folder}", error, hint) from error


def remove(data_dir: Path, name: str) -> None:
    """Remove a set permanently; runs that used it keep their results.

    Raises:
        UserError: when the set does not exist.
        OSError: when it cannot be removed; it is then still there, or gone from the list.
    """
    folder = folder_of(data_dir, name.removeprefix(PREFIX))
    if not folder.is_dir():
        known = ", ".join(path.name for path in _folders(data_dir)) or "none; there are no added sets"
        raise UserError("name", f"one of {known}", repr(name))
    # A running process has the images open already and can go on.
    gone = Path(tempfile.mkdtemp(prefix=REMOVED, dir=folder.parent))
    folder.rename(gone / folder.name)
    shutil.rmtree(gone)


def _free_folder(data_dir: Path, name: str) -> Path:
    folder = folder_of(data_dir, name)
    if folder.exists():
        raise UserError("name", "a name that is not taken", repr(name), "Remove that set, or choose another.")
    return folder


def _folders(data_dir: Path) -> list[Path]:
    try:
        paths = sorted((data_dir / FOLDER).iterdir())
    except OSError:
        return []
    return [path for path in paths if NAME.fullmatch(path.name) and path.is_dir()]


def _read_about(folder: Path) -> About | None:
    try:
        about = About.model_validate_json((folder / ABOUT).read_bytes())
    except (OSError, ValidationError):
        return None
    return about if about.name == folder.name and (folder / IMAGES).exists() else None


def _append(block_BCHW: np.ndarray, file: IO[bytes]) -> None:
    _check_space(Path(file.name), 2 * block_BCHW.nbytes)
    file.write(block_BCHW.tobytes())


def _write_images(raw: Path, folder: Path, rows: pd.DataFrame, cells: Cells, side: int) -> None:
    """Write the store from the images as they were read, and delete these."""
    order_N = np.argsort(cells.test_N, kind="stable")  # training first: each part is one slice
    shape = (len(order_N), 3, side, side)
    _check_space(folder, raw.stat().st_size)
    raw_NCHW = np.memmap(raw, np.uint8, "r", shape=shape)
    blocks = (raw_NCHW[order_N[start : start + BLOCK]] for start in range(0, len(order_N), BLOCK))
    samples = _samples(rows, cells).iloc[order_N].reset_index(drop=True)
    write_store(folder, blocks, shape, lambda: samples)
    raw.unlink()


def _check_space(path: Path, size: int) -> None:
    if shutil.disk_usage(path).free < _SPARE_BYTES + size:
        raise UserError("disk", "room for the images", "a disk that is nearly full", "Nothing was added.")


def _samples(rows: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    table = rows[["file", "label"]].copy()
    for i, column in enumerate(zip(*rows["groups"], strict=True)):
        table[f"group{i + 1}" if i else "group"] = column
    return table.assign(y=cells.y_N, a=cells.a_N, test=cells.test_N)


def _about(name: str, title: str, report: ValidationReport, cells: Cells, options: Options) -> About:
    return About(
        name=name,
        title=" ".join(title.split())[:80] or name,
        source=report.title,
        created=time.time(),
        options=options,
        classes=cells.class_names,
        groups=cells.group_names,
        train=tuple(map(tuple, cells.counts_CG(test=False).tolist())),
        test=tuple(map(tuple, cells.counts_CG(test=True).tolist())),
        drawn=not (report.rows["split"] != "").any(),
        left_out=sum(problem.kind in OF_A_ROW for problem in report.problems),
    )
