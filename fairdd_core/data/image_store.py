"""Images of one size in a folder, decoded once and memory-mapped ever after.

A store is a folder with ``images.npy`` (uint8, N × 3 × S × S), ``samples.parquet`` (a row per image) and
``store.json`` (checksums and a digest of the content). It is filled under a temporary name and renamed when
it is on the disk, so nobody reads half a store. Custom sets are stores; so is the cache of every benchmark
that consists of image files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fairdd_core.data.decoding import UnreadableImage, decode_image
from fairdd_core.errors import UserError
from fairdd_core.files import file_digest, sync

if TYPE_CHECKING:
    import pandas as pd

VERSION = 3
"""Of the cache; another version is built anew."""
IMAGES, SAMPLES, CHECKSUMS = "images.npy", "samples.parquet", "store.json"
BLOCK = 256
"""Images decoded between two writes, which are all that memory holds at a time."""
PROBES = 64
_CHANGED = "the files differ from what was written"
BUILDING, ADDING, REMOVED = ".building-", ".adding-", ".removed-"
"""Prefixes of temporary folders: of a cache, of a custom set, and of what is being removed."""
STALE_SECONDS = 86_400.0
"""Age from which a temporary folder is taken to be left by a killed process."""

Progress = Callable[[int, int, str], None]
"""Called with what is done, the total, and a description of the work."""
Decoder = Callable[[Path, int], np.ndarray]
"""From a path and a side to uint8 (3, side, side); raises ``UnreadableImage``."""


@dataclass(frozen=True)
class ImageStore:
    """Images of one size and a table about them.

    Attributes:
        x_NCHW: uint8 (N, 3, S, S), memory-mapped and read-only.
        samples: N rows in the same order. In a cache they are those of the source table with a column
            ``error``: empty, or why the image could not be read, in which case it is black.
        content: SHA-256 of the images and the rows: the same for the same data, whenever it was stored.
    """

    x_NCHW: np.ndarray = field(repr=False)
    samples: pd.DataFrame = field(repr=False)
    content: str = ""

    def __len__(self) -> int:
        return len(self.samples)


@contextmanager
def staging(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in ``parent`` to fill and rename; remove it, if it is still there, at the end.

    Folders that killed processes have left in ``parent`` are removed first.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for path in parent.glob(".*"):
        if path.name.startswith((BUILDING, ADDING, REMOVED)) and _age(path) > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
    staged = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def decode_blocks(
    files: Sequence[str], decode: Callable[[str], np.ndarray], threads: int = 8
) -> Iterator[list[np.ndarray | UnreadableImage]]:
    """Decode files in their order; yield blocks of at most ``BLOCK`` images, or errors in their place.

    Args:
        files: names that ``decode`` understands.
        decode: returns uint8 (3, S, S) or raises ``UnreadableImage``.
        threads: at most so many at a time, and no more than there are cores.
    """

    def attempt(file: str) -> np.ndarray | UnreadableImage:
        try:
            return decode(file)
        except UnreadableImage as error:
            return error

    # Threads suffice, because PIL releases the interpreter lock while it decodes and resizes.
    with ThreadPoolExecutor(min(threads, os.cpu_count() or 1)) as pool:
        for start in range(0, len(files), BLOCK):
            yield list(pool.map(attempt, files[start : start + BLOCK]))


def write_store(
    folder: Path,
    blocks: Iterable[np.ndarray],
    shape: tuple[int, int, int, int],
    samples: Callable[[], pd.DataFrame],
) -> None:
    """Write a store into an existing folder and bring it to the disk.

    Args:
        folder: to write into.
        blocks: the images, uint8 (B, 3, S, S).
        shape: (N, 3, S, S), of all blocks together.
        samples: returns the table of N rows; called after the last block.

    Raises:
        OSError: when the disk is full or not writable.
    """
    with (folder / IMAGES).open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(block.tobytes())  # pages of a writable map would count as this process's memory
    table = samples()
    table.to_parquet(folder / SAMPLES, index=False)
    x_NCHW = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
    noted = {**_checksums(folder, x_NCHW), **_digests(folder, table)}
    (folder / CHECKSUMS).write_text(json.dumps(noted))
    for path in (folder / IMAGES, folder / SAMPLES, folder / CHECKSUMS, folder):
        sync(path)


def read_store(folder: Path, side: int) -> ImageStore:
    """Open a store whose images and rows are those that were written.

    Every byte of the images is compared with the digest from when they were written: once in a process, and
    again when the file has changed. A store of an earlier version is checked by what it has: its shape, or
    checksums of a few images; its digest is then that of what is there now.

    Raises:
        ValueError: when the store is damaged, or its images are of another size.
        OSError: when a file is missing or cannot be read.
    """
    import pandas as pd

    try:
        x_NCHW = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
        samples = pd.read_parquet(folder / SAMPLES)
        noted = json.loads((folder / CHECKSUMS).read_bytes()) if (folder / CHECKSUMS).exists() else None
    except OSError:
        raise
    except Exception as error:  # each format raises errors of its own on damaged files
        raise ValueError(str(error)) from error
    if x_NCHW.dtype != np.uint8 or x_NCHW.shape != (len(samples), 3, side, side):
        raise ValueError(f"{x_NCHW.dtype} images of shape {x_NCHW.shape} for {len(samples)} rows")
    found: dict[str, int | str] = dict(_checksums(folder, x_NCHW))
    if not isinstance(noted, dict) or "content" not in noted:
        if noted not in (None, found):
            raise ValueError(_CHANGED)
        return ImageStore(x_NCHW, samples, _digests(folder, samples)["content"])
    found |= {"images": file_digest(folder / IMAGES), "content": noted["content"]}
    if noted != found:
        raise ValueError(_CHANGED)
    return ImageStore(x_NCHW, samples, str(noted["content"]))


def open_cache(
    cache: Path,
    name: str,
    base: Path,
    table: pd.DataFrame,
    side: int,
    *,
    progress: Progress | None = None,
    decode: Decoder = decode_image,
) -> ImageStore:
    """Return the images of a table from the cache; build the store first where it is missing or damaged.

    A store is called ``SIDE-STAMP``, where the stamp depends on all that decides its content: a store is
    never updated, only replaced.

    Args:
        cache: folder that holds the stores of all data sets; see ``cache_folder``.
        name: of the data set; its stores of this size with other stamps are removed after a build.
        base: folder that the files are relative to.
        table: a row per image. Column ``file`` is its path relative to ``base``; other columns are kept.
        side: height and width to resize to.
        progress: called after every block while building.
        decode: reads one image.

    Raises:
        FileNotFoundError: a listed file is missing.
        OSError: the cache cannot be written; nothing half-done is left.
    """
    folder = cache / name / f"{side}-{stamp_of(base, table, side)}"
    try:
        return read_store(folder, side)
    except (OSError, ValueError):
        pass
    with staging(folder.parent, BUILDING) as staged:
        _build(staged, base, table, side, progress, decode)
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or it would have been used
        try:
            staged.rename(folder)
        except OSError:
            if not (folder / CHECKSUMS).exists():  # else another process was faster
                raise
        sync(folder.parent)
    for old in folder.parent.glob(f"{side}-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return read_store(folder, side)


class NotBuilt(UserError):  # noqa: N818 - names the state
    """The cache of a data set is not built yet."""


def never_build(done: int, total: int, note: str) -> None:
    """Stop the building of a cache: the progress function of whoever only asks for one that exists.

    Raises:
        NotBuilt: always.
    """
    raise NotBuilt("data.dataset", "images that were read before", "none", "A run reads them.")


def stamp_of(base: Path, table: pd.DataFrame, side: int) -> str:
    """Return 24 hexadecimal digits: a digest of the table and of the sizes and times of its files.

    Raises:
        FileNotFoundError: a listed file is missing.
    """
    import pandas as pd

    digest = hashlib.sha256(f"{VERSION} {side} {BLOCK}\n".encode())
    root = f"{base}{os.sep}"
    for file in table["file"]:
        status = os.stat(root + file)  # noqa: PTH116 - 20 000 times: pathlib takes three times as long
        digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:24]


def cache_folder(data_dir: Path) -> Path:
    """Return the folder of the caches: in the data folder or, where that is read-only, in the user's."""
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
    black = np.zeros((3, side, side), np.uint8)

    def blocks() -> Iterator[np.ndarray]:
        for results in decode_blocks(table["file"].tolist(), lambda file: decode(base / file, side)):
            yield np.stack([black if isinstance(x, UnreadableImage) else x for x in results])
            errors.extend(str(x) if isinstance(x, UnreadableImage) else "" for x in results)
            if progress is not None:
                progress(len(errors), len(table), "Reading and resizing the images, once")

    write_store(
        folder,
        blocks(),
        (len(table), *black.shape),
        lambda: table.reset_index(drop=True).assign(error=np.array(errors, object)),
    )


def _checksums(folder: Path, x_NCHW: np.ndarray) -> dict[str, int]:
    """Return checksums of the table and of image rows spread over the file, which finds holes fast."""
    rows = np.unique(np.linspace(0, len(x_NCHW) - 1, min(len(x_NCHW), PROBES)).astype(int))
    return {
        "probe": zlib.crc32(np.ascontiguousarray(x_NCHW[rows]).tobytes()) if len(rows) else 0,
        "index": zlib.crc32((folder / SAMPLES).read_bytes()),
    }


def _digests(folder: Path, samples: pd.DataFrame) -> dict[str, str]:
    """Return the digest of the file of images, and that of images and rows."""
    images = file_digest(folder / IMAGES)
    # As text, because a Parquet file also depends on the library that wrote it.
    rows = samples.to_csv(index=False).encode("utf-8", "surrogateescape")
    return {"images": images, "content": hashlib.sha256(f"{images}\n".encode() + rows).hexdigest()}


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # removed meanwhile
        return 0.0
