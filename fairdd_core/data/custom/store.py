"""The folders of custom sets, ``<data>/own/<name>/``: add, list, open, remove.

``about.json`` says what the set is, ``images.npy`` holds all images (training first, then test) and
``samples.parquet`` one row for each.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from fairdd_core.config.spec.base import Settings
from fairdd_core.data.custom.cells import Cells
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import OF_A_ROW, InvalidDataset
from fairdd_core.data.custom.validation import BLOCK, Progress, Upload, ValidationReport, validate
from fairdd_core.errors import UserError
from fairdd_core.files import sync

PREFIX = "own-"
FOLDER = "own"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
ABOUT, IMAGES, SAMPLES = "about.json", "images.npy", "samples.parquet"
_STAGED, _REMOVED = ".adding-", ".removed-"
_STALE_SECONDS = 86_400.0


class About(Settings):
    """What is known of an added set without opening its images.

    Attributes:
        format: of the folder.
        name: without the prefix ``own-``.
        title: for people.
        source: name of the folder or file that it came from.
        created: seconds since 1970.
        options: how it was read.
        classes, groups: names in index order.
        train, test: images of every (class, group) cell.
        drawn: whether the test images were drawn; else the set said which they are.
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
        """The name under which the set appears among all data sets."""
        return PREFIX + self.name

    @property
    def sizes(self) -> tuple[int, int]:
        """Numbers of training and of test images."""
        return sum(map(sum, self.train)), sum(map(sum, self.test))


def folder_of(data_dir: Path, name: str) -> Path:
    """Return the folder of an added set.

    Raises:
        UserError: when the name is not one that a set may have.
    """
    if not NAME.fullmatch(name):
        expected = "a name of 1 to 40 small letters, digits and inner hyphens"
        raise UserError("name", expected, repr(name[:60]))
    return data_dir / FOLDER / name


def free_folder(data_dir: Path, name: str) -> Path:
    """Return the folder of a set that is to be added.

    Raises:
        UserError: when the name is taken or no name.
    """
    folder = folder_of(data_dir, name)
    if folder.exists():
        raise UserError("name", "a name that is not taken", repr(name), "Remove that set, or choose another.")
    return folder


@contextmanager
def staging(data_dir: Path) -> Iterator[Path]:
    """Give a folder beside the sets to fill; whatever is left in it at the end is removed."""
    workspace = data_dir / FOLDER
    workspace.mkdir(parents=True, exist_ok=True)
    _sweep(workspace)
    staged = Path(tempfile.mkdtemp(prefix=_STAGED, dir=workspace))
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def custom_sets(data_dir: Path) -> dict[str, About]:
    """Return the added sets by key, in the order of their names; damaged ones are left out."""
    found = {}
    for folder in _folders(data_dir):
        about = read_about(folder)
        if about is not None:
            found[about.key] = about
    return found


def damaged_sets(data_dir: Path) -> list[str]:
    """Return the names of folders among the sets that cannot be read; they can be removed by name."""
    return [folder.name for folder in _folders(data_dir) if read_about(folder) is None]


def read_about(folder: Path) -> About | None:
    """Return what is known of the set in a folder, or None when that cannot be read."""
    try:
        about = About.model_validate_json((folder / ABOUT).read_bytes())
    except (OSError, ValidationError):
        return None
    return about if about.name == folder.name and (folder / IMAGES).exists() else None


def remove(data_dir: Path, name: str) -> None:
    """Remove a set for good. Runs that were made with it keep their results.

    Raises:
        UserError: when there is none of this name.
        OSError: when it cannot be removed; it is then still there, or gone from the list.
    """
    folder = folder_of(data_dir, name.removeprefix(PREFIX))
    if not folder.is_dir():
        known = ", ".join(path.name for path in _folders(data_dir)) or "none; there are no added sets"
        raise UserError("name", f"one of {known}", repr(name))
    # A run that is at work goes on: it has the images open already.
    gone = Path(tempfile.mkdtemp(prefix=_REMOVED, dir=folder.parent))
    folder.rename(gone / folder.name)
    shutil.rmtree(gone)


def write_about(folder: Path, about: About) -> None:
    """Write what is known of a set into its folder."""
    document = about.model_dump(mode="json")
    (folder / ABOUT).write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")


def images_of(folder: Path) -> np.ndarray:
    """Return all images of a set, uint8 (N, 3, S, S), mapped from the disk.

    Raises:
        UserError: when the file is damaged.
    """
    try:
        return np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        hint = "Remove the set and add it again."
        raise UserError("data.dataset", f"readable images in {folder}", error, hint) from error


def _folders(data_dir: Path) -> list[Path]:
    try:
        found = sorted((data_dir / FOLDER).iterdir())
    except OSError:
        return []
    return [path for path in found if NAME.fullmatch(path.name) and path.is_dir()]


def _sweep(workspace: Path) -> None:
    """Remove what a killed import or removal has left behind."""
    for path in (*workspace.glob(f"{_STAGED}*"), *workspace.glob(f"{_REMOVED}*")):
        try:
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue  # somebody else was faster


_SPARE_BYTES = 100_000_000


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
        name: under which the set will be known, as ``own-NAME``.
        what: a path, or uploaded files.
        options: how the set is read.
        title: for people; by default the name.
        progress: told ``(done, total)`` images.
        accept: is shown what was found before the set is put in its place; an error from it stops the import.

    Raises:
        InvalidDataset: when the set has problems that keep it from being added; it carries all of them.
        UserError: when the name is taken, or the path leads nowhere.
        OSError: when the disk is full.
    """
    place = free_folder(data_dir, name)
    with staging(data_dir) as staged:
        raw = staged / "raw"
        with raw.open("wb") as file:
            found = validate(what, options, progress=progress, sink=lambda block: _keep(block, file))
        found.problems.stop_if_fatal()
        if found.cells is None:
            raise InvalidDataset(found.problems)
        if accept is not None:
            accept(found)
        order = np.argsort(found.cells.test_N, kind="stable")  # training first: both parts are then one slice
        _write_images(raw, staged / IMAGES, order, options.side)
        raw.unlink()
        _samples(found, order).to_parquet(staged / SAMPLES, index=False)
        about = _about(name, title, found, found.cells, options)
        write_about(staged, about)
        for part in (IMAGES, SAMPLES):
            sync(staged / part)
        try:
            staged.rename(place)
        except OSError as error:  # somebody else has added a set of this name meanwhile
            free_folder(data_dir, name)
            raise error
    return about


def _keep(block_BCHW: np.ndarray, file: IO[bytes]) -> None:
    if shutil.disk_usage(file.name).free < _SPARE_BYTES + 2 * block_BCHW.nbytes:
        raise UserError("disk", "room for the images", "a disk that is full", "Nothing was added.")
    file.write(block_BCHW.tobytes())


def _write_images(raw: Path, target: Path, order_N: np.ndarray, side: int) -> None:
    """Write the images in another order, a block at a time."""
    shape = (len(order_N), 3, side, side)
    if shutil.disk_usage(raw.parent).free < _SPARE_BYTES + raw.stat().st_size:
        raise UserError("disk", "room for the images", "a disk that is nearly full", "Nothing was added.")
    images_NCHW = np.memmap(raw, np.uint8, "r", shape=shape)
    with target.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(order_N), BLOCK):
            file.write(images_NCHW[order_N[start : start + BLOCK]].tobytes())


def _samples(found: ValidationReport, order_N: np.ndarray) -> pd.DataFrame:
    """Return one row per image in the order of the images, with its names and indices."""
    assert found.cells is not None
    rows = found.rows
    table = pd.DataFrame({"file": rows["file"], "label": rows["label"]})
    for i, column in enumerate(zip(*rows["groups"], strict=True)):
        table[f"group{i + 1}" if i else "group"] = column
    table["y"], table["a"], table["test"] = found.cells.y_N, found.cells.a_N, found.cells.test_N
    return table.iloc[order_N].reset_index(drop=True)


def _about(name: str, title: str, found: ValidationReport, cells: Cells, options: Options) -> About:
    return About(
        name=name,
        title=" ".join(title.split())[:80] or name,
        source=found.title,
        created=time.time(),
        options=options,
        classes=cells.class_names,
        groups=cells.group_names,
        train=tuple(map(tuple, cells.counts_CG(test=False).tolist())),
        test=tuple(map(tuple, cells.counts_CG(test=True).tolist())),
        drawn=not (found.rows["split"] != "").any(),
        left_out=sum(problem.kind in OF_A_ROW for problem in found.problems),
    )
