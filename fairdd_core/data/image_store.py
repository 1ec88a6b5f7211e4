"""Folders of images, decoded and resized once, then memory-mapped.

A store is a folder of its own: ``images.npy`` (uint8, N × 3 × S × S), ``index.parquet`` (a row per image) and
``store.json``. It is called ``SIDE-STAMP``, where the stamp is a digest of the paths, sizes and times of all
source files, of the table about them and of the version of this format. A change to any of them names another
folder, so a store is never updated, only replaced. It is built under a temporary name and renamed when it is
on the disk, so half a store is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fairdd_core.data.decoding import UnreadableImage, decode_image
from fairdd_core.files import sync

if TYPE_CHECKING:
    import pandas as pd

VERSION = 1
BLOCK = 256
"""Images decoded between two writes: what is held in memory at a time."""
PROBES = 64
STALE_SECONDS = 6 * 3600.0
TEMPORARY = ".building-"

Progress = Callable[[int, int, str], None]
"""Told ``(done, total, what is going on)``."""
Decoder = Callable[[Path, int], np.ndarray]
"""From a path and a side to uint8 (3, side, side); raises ``UnreadableImage``."""


@dataclass(frozen=True)
class ImageStore:
    """Images of one size in a file, and what is known about them.

    Attributes:
        x_NCHW: uint8 (N, 3, S, S), memory-mapped and read-only: rows are read from the disk when asked for.
        index: N rows in the same order: the columns of the source table, and ``error``: empty, or why the
            image could not be read (its pixels are then black).
    """

    x_NCHW: np.ndarray = field(repr=False)
    index: pd.DataFrame = field(repr=False)

    def __len__(self) -> int:
        return len(self.index)


def open_store(
    cache: Path,
    name: str,
    base: Path,
    table: pd.DataFrame,
    side: int,
    *,
    progress: Progress | None = None,
    decode: Decoder = decode_image,
) -> ImageStore:
    """Return the store of a list of images; build it first when there is none, or not a sound one.

    Args:
        cache: folder that holds stores; see ``cache_folder``.
        name: of the data set, fit for a folder; its stores of this size with other stamps are removed after
            a build.
        base: folder that the files are relative to.
        table: a row per image. Column ``file`` is its path relative to ``base``; other columns are kept.
        side: height and width to resize to.
        progress: told after every block while building.
        decode: reads one image.

    Raises:
        FileNotFoundError: a listed file is not there.
        OSError: the cache cannot be written; nothing half-done is left.
    """
    stamp = stamp_of(base, table, side)
    folder = cache / name / f"{side}-{stamp}"
    if (store := read_store(folder, len(table), side)) is not None:
        return store
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    building = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder.parent))
    try:
        _build(building, base, table, side, progress, decode)
        _put_in_place(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    for old in folder.parent.glob(f"{side}-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    store = read_store(folder, len(table), side)
    if store is None:
        raise OSError(f"{folder} was written but cannot be read back")
    return store


def stamp_of(base: Path, table: pd.DataFrame, side: int) -> str:
    """Return a digest of everything that decides a store: 24 hexadecimal digits.

    Raises:
        FileNotFoundError: a listed file is not there.
    """
    import pandas as pd

    digest = hashlib.sha256(f"{VERSION} {side} {BLOCK}\n".encode())
    root = f"{base}{os.sep}"
    for file in table["file"]:
        status = os.stat(root + file)  # noqa: PTH116 - 20 000 times: pathlib takes three times as long
        digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:24]


def read_store(folder: Path, rows: int, side: int) -> ImageStore | None:
    """Return the store in ``folder``, or None when there is none or it is damaged."""
    import pandas as pd

    try:
        about = json.loads((folder / "store.json").read_bytes())
        x_NCHW = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        index = pd.read_parquet(folder / "index.parquet")
    except Exception:  # a damaged file has as many exceptions as formats; a store can always be built again
        return None
    sound = (
        x_NCHW.dtype == np.uint8
        and x_NCHW.shape == (rows, 3, side, side)
        and len(index) == rows
        and about == _about(folder, x_NCHW)
    )
    return ImageStore(x_NCHW, index) if sound else None


def cache_folder(data_dir: Path) -> Path:
    """Return where stores of the data under ``data_dir`` go.

    That is in it, or, where it is read-only, in the user's cache folder.
    """
    here = data_dir / ".cache"
    existing = next(path for path in (here, *here.parents) if path.exists())
    if os.access(existing, os.W_OK):
        return here
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("fairdd")) / hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:12]


def _build(
    folder: Path, base: Path, table: pd.DataFrame, side: int, progress: Progress | None, decode: Decoder
) -> None:
    errors: list[str] = []
    with (folder / "images.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(table), 3, side, side)}
        np.lib.format.write_array_header_1_0(file, header)
        for images, reasons in _decoded(base, table["file"].tolist(), side, decode):
            # Plain writes: pages of a writable map would count as this process's memory.
            file.write(images.tobytes())
            errors += reasons
            if progress is not None:
                progress(len(errors), len(table), "Reading and resizing the images, once")
        _to_disk(file.fileno(), file.flush)
    table.reset_index(drop=True).assign(error=np.array(errors, object)).to_parquet(
        folder / "index.parquet", index=False
    )
    x_NCHW = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    (folder / "store.json").write_text(json.dumps(_about(folder, x_NCHW)))
    for path in (folder / "index.parquet", folder / "store.json", folder):
        sync(path)


def _decoded(
    base: Path, files: list[str], side: int, decode: Decoder
) -> Iterator[tuple[np.ndarray, list[str]]]:
    """Yield blocks of images uint8 (B, 3, side, side) and the reason for each that could not be read."""

    def one(file: str) -> tuple[np.ndarray, str]:
        try:
            return decode(base / file, side), ""
        except UnreadableImage as error:
            return np.zeros((3, side, side), np.uint8), str(error)

    # Threads, for PIL lets go of the interpreter while it unpacks and resizes.
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(files), BLOCK):
            images, reasons = zip(*pool.map(one, files[start : start + BLOCK]), strict=True)
            yield np.stack(images), list(reasons)


def _about(folder: Path, x_NCHW: np.ndarray) -> dict[str, int]:
    """Return the checksums that a sound store has noted down."""
    return {"probe": _probe(x_NCHW), "index": zlib.crc32((folder / "index.parquet").read_bytes())}


def _probe(x_NCHW: np.ndarray) -> int:
    """Return a checksum of rows spread over the whole array: finds holes without reading everything."""
    rows = np.unique(np.linspace(0, len(x_NCHW) - 1, min(len(x_NCHW), PROBES)).astype(int))
    return zlib.crc32(np.ascontiguousarray(x_NCHW[rows]).tobytes()) if len(rows) else 0


def _put_in_place(building: Path, folder: Path) -> None:
    """Rename; whoever was faster keeps the place, unless what is there is damaged."""
    if folder.exists():  # damaged, or it would have been used
        shutil.rmtree(folder, ignore_errors=True)
    try:
        building.rename(folder)
    except OSError:
        if not (folder / "store.json").exists():
            raise
    sync(folder.parent)


def _sweep(folder: Path) -> None:
    """Remove what builders that were killed have left."""
    for path in folder.glob(f"{TEMPORARY}*"):
        try:
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue


def _to_disk(handle: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(handle)
