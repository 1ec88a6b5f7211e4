"""Adding a set: look through it, keep its images small, and put it in its place in one step."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from fairdd_core.data.custom.cells import Cells
from fairdd_core.data.custom.images import BLOCK, Progress
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import OF_A_ROW, Refused
from fairdd_core.data.custom.store import IMAGES, SAMPLES, About, free_folder, staging, write_about
from fairdd_core.data.custom.validation import Inspection, Upload, inspect
from fairdd_core.errors import UserError
from fairdd_core.files import sync

_SPARE_BYTES = 100_000_000


def add(
    data_dir: Path,
    name: str,
    what: Path | Sequence[Upload],
    options: Options,
    *,
    title: str = "",
    progress: Progress | None = None,
    accept: Callable[[Inspection], None] | None = None,
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
        Refused: when the set has problems that keep it from being added; it carries all of them.
        UserError: when the name is taken, or the path leads nowhere.
        OSError: when the disk is full.
    """
    place = free_folder(data_dir, name)
    with staging(data_dir) as staged:
        raw = staged / "raw"
        with raw.open("wb") as file:
            found = inspect(what, options, progress=progress, sink=lambda block: _keep(block, file))
        found.problems.stop_if_fatal()
        if found.cells is None:
            raise Refused(found.problems)
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


def _samples(found: Inspection, order_N: np.ndarray) -> pd.DataFrame:
    """Return one row per image in the order of the images, with its names and indices."""
    assert found.cells is not None
    rows = found.rows
    table = pd.DataFrame({"file": rows["file"], "label": rows["label"]})
    for i, column in enumerate(zip(*rows["groups"], strict=True)):
        table[f"group{i + 1}" if i else "group"] = column
    table["y"], table["a"], table["test"] = found.cells.y_N, found.cells.a_N, found.cells.test_N
    return table.iloc[order_N].reset_index(drop=True)


def _about(name: str, title: str, found: Inspection, cells: Cells, options: Options) -> About:
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
