"""Results that later runs reuse, each under the hash of what it depends on.

An entry is one safetensors file: the arrays of a result and, in its metadata, the rest as JSON, what it
depends on, the run that computed it, and a digest over all of that. (diskcache and joblib unpickle.)
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import fairdd_core
from fairdd_core.evaluate.reuse import Kept
from fairdd_core.files import TEMPORARY, DamagedFile, read_arrays, write_arrays
from fairdd_core.workspace import Workspace

MAX_BYTES = 2_000_000_000
STALE_SECONDS = 3600.0
"""Age from which a temporary file is taken to be left by a killed process."""
_SUFFIX = ".safetensors"
_PACKAGE = Path(fairdd_core.__file__).parent
_COMPUTING = ("config/spec", "data", "nets", "distill", "evaluate", "rng.py")
"""The code that results are computed by."""
log = logging.getLogger("worker")


def key_of(depends: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a result depends on, as canonical JSON."""
    return hashlib.sha256(_canonical(depends)).hexdigest()


@cache
def code_version() -> str:
    """Return a short digest of the code that results are computed by; it changes with every change of it."""
    digest = hashlib.sha256()
    for name in _COMPUTING:
        path = _PACKAGE / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            content = source.read_bytes()
            digest.update(f"{source.relative_to(_PACKAGE).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


class ResultCache:
    """The cache of a workspace. Several processes may use it; none of them has to wait for another.

    Attributes:
        path: its folder; created when first needed.
        max_bytes: what its entries may take together; those used longest ago are removed first.
    """

    def __init__(self, workspace: Workspace, max_bytes: int = MAX_BYTES) -> None:
        self.path, self.max_bytes = workspace.cache, max_bytes

    def get(self, key: str) -> Kept | None:
        """Return an entry and note that it was used; None without one, or where its file is damaged.

        Args:
            key: from ``key_of``.
        """
        file = self._file(key)
        try:
            arrays, metadata = read_arrays(file)
            if not metadata:
                return None
            if metadata.get("digest") != _digest(key, arrays, metadata):
                raise DamagedFile(file, "its content does not fit its digest")
            kept = Kept(arrays, json.loads(metadata["about"]), metadata["run"])
        except OSError:
            return None
        except (DamagedFile, ValueError, KeyError) as error:
            log.warning("Computing anew, because a file of the cache is damaged: %s", error)
            _remove(file)
            return None
        with suppress(OSError):
            os.utime(file)
        return kept

    def put(
        self,
        key: str,
        arrays: Mapping[str, np.ndarray],
        about: Mapping[str, Any],
        run: str,
        depends: Mapping[str, Any],
    ) -> None:
        """Keep a result, in place of an earlier one under the same key; do nothing where that fails.

        A full disk, for example, must not end the run that has just computed the result.

        Args:
            key: from ``key_of``.
            arrays: of the result.
            about: the rest of it, as JSON.
            run: id of the run that computed it.
            depends: what ``key`` was made from, for whoever looks into the file.
        """
        if sum(array.nbytes for array in arrays.values()) > self.max_bytes:
            return
        metadata = {"run": run, "about": _canonical(about).decode(), "depends": _canonical(depends).decode()}
        try:
            write_arrays(self._file(key), arrays, {**metadata, "digest": _digest(key, arrays, metadata)})
            self._trim()
        except OSError as error:
            log.warning("A result could not be kept for later runs: %s", error)

    def size(self) -> tuple[int, int]:
        """Return the number of entries, and the bytes they take."""
        sizes = [size for _, size, _ in self._entries()]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Remove every entry and return how many there were; results of runs are untouched."""
        return sum(_remove(path) for _, _, path in list(self._entries()))

    def _file(self, key: str) -> Path:
        return self.path / f"{key}{_SUFFIX}"

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Yield the time of the last use, the size and the path of every entry."""
        for path in self.path.glob(f"*{_SUFFIX}"):
            with suppress(FileNotFoundError):  # another process removed it just now
                status = path.stat()
                yield status.st_mtime, status.st_size, path

    def _trim(self) -> None:
        """Remove what was used longest ago until the rest fits, and what killed processes have left."""
        for path in self.path.glob(f"*{TEMPORARY}"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    _remove(path)
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total <= self.max_bytes:
                break
            _remove(path)
            total -= size


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _digest(key: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """Return a digest of all that an entry says, its key included."""
    digest = hashlib.sha256()
    for text in (key, *(metadata.get(name, "") for name in ("run", "about", "depends"))):
        digest.update(f"{len(text)} {text}\n".encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {arrays[name].shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:  # gone already, or a folder
        return False
    return True
