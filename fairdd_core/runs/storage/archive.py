"""Runs as zip files. An import is checked before it becomes a run: names, sizes and contents."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import zipfile
from pathlib import Path
from typing import IO, Any

from fairdd_core.errors import UserError
from fairdd_core.runs.storage.documents import About, NewerVersion, parse_json
from fairdd_core.runs.storage.external import take
from fairdd_core.runs.storage.folder import SNAPSHOT_PATH, RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.trash import IMPORT_PREFIX
from fairdd_core.runs.storage.validation import validate_run
from fairdd_core.units import bytes_text
from fairdd_core.workspace import Workspace
from fairdd_core.zip_guard import UNREADABLE, Limits, Rule, entry_name, is_hidden, open_zip, violations

ABOUT = "about.json"
FORMAT = 1
MAX_FILES = 1000
MAX_BYTES = 1_000_000_000
MAX_RATIO, SMALL = 100, 20_000_000
"""The most bytes of all files per packed byte, where they are more than ``SMALL``; images reach 10."""
_FOLDER = RunFolder(Path())
_MAX_SIZES = {
    ABOUT: 100_000,
    _FOLDER.spec_file.name: 1_000_000,
    _FOLDER.result_file.name: 10_000_000,
    _FOLDER.events_file.name: 10_000_000,
}
"""The most bytes of the files that are read as a whole for every list."""
_NAMES = {ABOUT, *map(str, _FOLDER.files())} - {str(_FOLDER.log_file)}
_CHUNK = 1 << 20
_COLUMNS = (
    *("title", "state", "created", "started", "finished", "phase", "done", "total"),
    *("message", "hint", "final"),
)
"""Columns of the index that an export carries."""


def export_run(workspace: Workspace, run_id: str, target: Path | IO[bytes]) -> None:
    """Write a run to a zip file, without its log, which may name folders of this machine.

    Raises:
        UserError: when there is no such run.
        OSError: when the file cannot be written.
    """
    store = Store(workspace)
    record, folder = store.get(run_id), store.folder(run_id)
    about = {"format": FORMAT, **{name: getattr(record, name) for name in _COLUMNS}}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ABOUT, json.dumps(about, indent=2))
        for path in folder.artefacts():
            name = path.relative_to(folder.path).as_posix()
            if _is_allowed(name):
                archive.write(path, name)


def import_run(workspace: Workspace, source: Path | IO[bytes]) -> str:
    """Add the run in a zip file as a new one, and return its id.

    Raises:
        UserError: when the file is not an exported run, or not a valid one.
    """
    workspace.create()
    workspace.runs.mkdir(exist_ok=True)
    # On the same disk as the runs, to be renamed.
    staged = Path(tempfile.mkdtemp(prefix=IMPORT_PREFIX, dir=workspace.runs))
    try:
        _extract(source, staged)
        folder = RunFolder(staged)
        about = _read_about(staged / ABOUT)
        validate_run(folder)
        take(workspace, folder)
        columns = _columns(about, finished=folder.result() is not None)
        return Store(workspace).enter(lambda new: staged.rename(new.path), **columns)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _extract(source: Path | IO[bytes], staged: Path) -> None:
    try:
        with open_zip(source) as archive:
            left = MAX_BYTES
            for name, entry in _checked(archive.infolist()).items():
                left -= _copy(archive, entry, staged / name, left)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise _refusal("a zip file", f"a damaged or different one ({error})") from error


def _is_allowed(name: str) -> bool:
    return name in _NAMES or SNAPSHOT_PATH.fullmatch(name) is not None


def _checked(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the files of a run by name, or raise when there are others.

    A person may have packed them again: folders have entries of their own then, one folder may hold
    everything, and the operating system may have left files of its own.
    """
    expected = {
        Rule.COUNT: f"at most {MAX_FILES} files",
        Rule.SIZE: f"at most {MAX_BYTES // 10**6} MB",
        Rule.RATIO: f"files of at most {MAX_RATIO} times their packed size",
        Rule.OVERLAP: "files that share no bytes",
        Rule.PATH: "the files of a run only",
        Rule.SPECIAL: "the files of a run only",
        Rule.ENCRYPTED: "files that are not encrypted",
        Rule.DUPLICATE: "every file once",
    }
    for rule, name in violations(entries, Limits(MAX_FILES, MAX_BYTES, MAX_RATIO, SMALL)):
        raise _refusal(expected[rule], repr(name[:80]) if name else "more")
    names = {entry_name(entry): entry for entry in entries}
    files = {name: entry for name, entry in names.items() if not name.endswith("/") and not is_hidden(name)}
    wrapper = next((name.removesuffix(ABOUT) for name in files if name.rpartition("/")[2] == ABOUT), "")
    if wrapper.count("/") == 1 and all(name.startswith(wrapper) for name in files):
        files = {name.removeprefix(wrapper): entry for name, entry in files.items()}
    for name, entry in files.items():
        if not _is_allowed(name):
            raise _refusal("the files of a run only", repr(name[:80]))
        if entry.file_size > (most := _MAX_SIZES.get(name, MAX_BYTES)):
            raise _refusal(f"at most {bytes_text(most)} of {name}", bytes_text(entry.file_size))
    return files


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, limit: int) -> int:
    """Unpack one entry and return its size; the size that it states itself is not trusted."""
    target.parent.mkdir(exist_ok=True)
    size = 0
    with archive.open(entry) as packed, target.open("xb") as file:
        while chunk := _next_chunk(packed):
            size += len(chunk)
            if size > limit:
                raise _refusal(f"at most {MAX_BYTES // 10**6} MB", "more")
            file.write(chunk)
    return size


def _next_chunk(packed: IO[bytes]) -> bytes:
    try:
        return packed.read(_CHUNK)
    except UNREADABLE as error:  # each way of packing raises errors of its own
        raise zipfile.BadZipFile(str(error)) from error


def _read_about(path: Path) -> About:
    try:
        about = About.model_validate(parse_json(path.read_bytes()))
        path.unlink()
    except (OSError, ValueError) as error:
        raise _refusal(f"a readable {ABOUT}", "none") from error
    if about.format > FORMAT:
        raise NewerVersion("file", FORMAT, f"format {about.format}")
    if about.format != FORMAT:
        raise _refusal(f"format {FORMAT}", about.format)
    return about


def _columns(about: About, finished: bool) -> dict[str, Any]:
    """Return the columns of the index of an imported run."""
    state, now = RunState.DONE if finished else RunState.STOPPED, time.time()
    if not finished and about.state in {RunState.FAILED, RunState.LOST}:
        state = RunState(about.state)
    columns = {name: getattr(about, name) for name in _COLUMNS}
    return {**columns, "state": state, "created": about.created or now, "imported": now}


def _refusal(expected: str, got: object) -> UserError:
    return UserError("file", expected, got, "Import a zip file that was exported from a run.")
