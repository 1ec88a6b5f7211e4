"""Writing files atomically, so that neither a reader nor a crash leaves half of one; and reading them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fairdd_core.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

TEMPORARY = ".tmp"


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; a process reads a file again only where its size, times or place changed.

    Raises:
        OSError: when it cannot be read.
    """
    status = path.stat()
    # The time of the last change of the entry itself moves with every write, whoever resets the other one.
    return _file_digest(path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(maxsize=256)
def _file_digest(path: Path, *version: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DamagedFile(UserError):  # noqa: N818 - names the state
    """A file of a run that exists but cannot be read.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        hint = "The other files of the run are untouched; launch it again to write this one again."
        super().__init__(path.name, "a readable file", f"a damaged one ({reason})", hint)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn every error of a reader into one that names the file.

    Raises:
        DamagedFile: when the content cannot be read.
        FileNotFoundError: when the file does not exist.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or "no reason given"
        raise DamagedFile(path, f"{type(error).__name__}: {reason}"[:200]) from error


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a temporary file beside ``path``, bring that to the disk, then rename it.

    The folder is made where only it is missing: whoever writes must not make a workspace that was removed
    meanwhile again.

    Raises:
        OSError: when the disk is full or not writable; ``path`` is then unchanged.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, atomically."""

    def write(temporary: Path) -> None:
        # write_bytes of pathlib does not report a short write at a file-size limit; a loop does.
        with temporary.open("wb", buffering=0) as file:
            view = memoryview(content)
            while view:
                view = view[file.write(view) or 0 :]

    write_atomically(path, write)


def write_json(path: Path, document: Any) -> None:
    """Replace ``path`` by ``document`` as readable JSON, atomically."""
    write_bytes(path, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: dict[str, str] | None = None) -> None:
    """Replace ``path`` by a safetensors file of ``arrays``, atomically; ``about`` is its metadata."""
    write_bytes(path, arrays_bytes(arrays, about))


def arrays_bytes(arrays: Mapping[str, np.ndarray], about: dict[str, str] | None = None) -> bytes:
    """Return a safetensors file of ``arrays``; the same arrays and metadata give the same bytes."""
    from safetensors.numpy import save

    tidy = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    content: bytes = save(tidy, metadata=about)
    return _in_order(content) if about and len(about) > 1 else content


def _in_order(content: bytes) -> bytes:
    """Return a safetensors file with its metadata sorted: the library writes them in an order of chance."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the arrays begin at a multiple of 8, as the format asks
    return len(text).to_bytes(8, "little") + text + content[start:]


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the arrays and the metadata of a safetensors file; an absent file has neither.

    Raises:
        DamagedFile: when the file is not one.
    """
    from safetensors import safe_open

    if not path.exists():
        return {}, {}
    with reading(path), safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the document of a JSON file, or None when the file does not exist.

    Raises:
        DamagedFile: when the file is not a JSON object.
    """
    if not path.exists():
        return None
    with reading(path):
        document = json.loads(path.read_bytes())  # an error of too deep nesting is caught as any other
        if not isinstance(document, dict):
            raise ValueError("not a JSON object")
        return document


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Replace ``path`` by a Parquet file of ``table``, atomically."""
    write_atomically(path, lambda temporary: table.to_parquet(temporary, index=False))


def read_table(path: Path) -> pd.DataFrame | None:
    """Return the table of a Parquet file, or None when the file does not exist.

    Raises:
        DamagedFile: when the file is not one.
    """
    import pandas as pd

    if not path.exists():
        return None
    with reading(path):
        return pd.read_parquet(path)
