"""The part of a run that can be read, for what is made of the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fairdd_core.files import DamagedFile, read_arrays, read_json, read_table
from fairdd_core.runs.storage.folder import RunFolder

_READERS: Mapping[str, Callable[[Path], object]] = {
    ".safetensors": read_arrays,
    ".parquet": read_table,
    ".json": read_json,
}


@contextmanager
def readable_view(folder: RunFolder) -> Iterator[tuple[RunFolder, list[str]]]:
    """Give a folder that has the files of a run that can be read, and the names of those that cannot.

    Where a file is damaged, the folder is as if the run had ended before the file was written.

    Args:
        folder: of the run; nothing in it is changed.

    Yields:
        A folder of links, gone afterwards, and the names of the files that are not in it.
    """
    damaged = []
    with TemporaryDirectory(prefix="fairdd-") as name:
        part = RunFolder(name)
        part.snapshots_folder.mkdir()
        for path in folder.artefacts():
            try:
                _READERS.get(path.suffix, Path.exists)(path)
            except DamagedFile:
                damaged.append(path.name)
                continue
            (part.path / path.relative_to(folder.path)).symlink_to(path.resolve())
        yield part, damaged


def damage_note(damaged: list[str]) -> str:
    """Return a sentence about what is missing; empty where nothing is."""
    return f"Left out, because the file is damaged: {', '.join(damaged)}." if damaged else ""
