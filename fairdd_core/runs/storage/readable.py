"""A view of the readable files of a run, for exports of the whole run."""

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
    """Provide a folder with the readable files of a run, and the names of its damaged files.

    Where a file is damaged, the folder is as if the run had ended before the file was written.

    Args:
        folder: of the run; it is not changed.

    Yields:
        A temporary folder of links, and the names of the files that are not in it.
    """
    damaged = []
    with TemporaryDirectory(prefix="fairdd-") as name:
        view = RunFolder(name)
        view.snapshots_folder.mkdir()
        for path in folder.artefacts():
            try:
                _READERS.get(path.suffix, Path.exists)(path)
            except DamagedFile:
                damaged.append(path.name)
                continue
            (view.path / path.relative_to(folder.path)).symlink_to(path.resolve())
        yield view, damaged


def damage_note(damaged: list[str]) -> str:
    """Return a sentence that names the damaged files; empty when there are none."""
    return f"Left out, because the file is damaged: {', '.join(damaged)}." if damaged else ""
