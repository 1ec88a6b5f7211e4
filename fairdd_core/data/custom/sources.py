"""Where the files of a set come from: a folder, uploaded files or a zip file.

A source lists plain files under safe relative names and reads nothing else. Links are listed, never followed.
Zip files are read where they are; nothing is unpacked to the disk.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from fairdd_core.data.custom.options import MAX_FILES, MAX_RATIO, MAX_UNPACKED_BYTES
from fairdd_core.data.custom.problems import Problems, shown
from fairdd_core.zip_guard import (
    UNREADABLE,
    Limits,
    Rule,
    entry_name,
    leads_out,
    open_zip,
    packed_and_unpacked,
    violations,
)

HIDDEN = ("__MACOSX", "Thumbs.db", "desktop.ini")


class Source(Protocol):
    """Files to read from.

    Attributes:
        title: what to call the source.
        files: relative name with ``/`` -> size in bytes.
        links: names of links and of other things that are no plain files.
        flat: whether folders were lost on the way, so that a table's paths count by their last part.
    """

    @property
    def title(self) -> str: ...  # noqa: D102 - described above

    @property
    def files(self) -> Mapping[str, int]: ...  # noqa: D102

    @property
    def links(self) -> frozenset[str]: ...  # noqa: D102

    @property
    def flat(self) -> bool: ...  # noqa: D102

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            OSError: when it cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def hidden(name: str) -> bool:
    """Return whether a file is one that systems leave behind: nobody means it to be a sample."""
    return any(part.startswith(".") or part in HIDDEN for part in PurePosixPath(name).parts)


def is_utf8(name: str) -> bool:
    """Return whether a name is proper text; what is not comes with surrogates."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class FolderSource:
    """A folder of this machine."""

    flat = False

    def __init__(self, root: Path, problems: Problems) -> None:
        self.title = shown(root.name)
        self.root = root
        self.files: dict[str, int] = {}
        links: set[str] = set()
        waiting = [""]
        while waiting and len(self.files) <= MAX_FILES:
            inside = waiting.pop()
            try:
                entries = sorted(os.scandir(root / inside), key=lambda entry: entry.name)
            except OSError as error:
                problems.add(
                    "not-found", f"The folder cannot be read: {error.strerror}.", inside or str(root)
                )
                continue
            for entry in entries:
                name = f"{inside}/{entry.name}" if inside else entry.name
                if hidden(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                elif entry.is_file(follow_symlinks=False):
                    self.files[name] = entry.stat(follow_symlinks=False).st_size
                else:
                    links.add(name)
        self.links = frozenset(links)
        if len(self.files) > MAX_FILES:
            problems.add("size", f"There are more than {MAX_FILES:,} files.", self.title)

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file."""
        # The file may have been replaced since it was listed: still follow no link and wait for no pipe.
        handle = os.open(self.root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(handle, "rb") as file:  # noqa: PTH123 - pathlib opens no handles
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("no plain file")
            return file.read(limit)

    def close(self) -> None:
        """Nothing stays open."""


class FilesSource:
    """Files that lie side by side in memory, by name; the later of two with one name is left out."""

    def __init__(self, title: str, files: Iterable[tuple[str, IO[bytes]]], problems: Problems) -> None:
        self.title = title
        self.files: dict[str, int] = {}
        self.links: frozenset[str] = frozenset()
        self._open: dict[str, IO[bytes]] = {}
        for name, file in files:
            tidy = name.replace("\\", "/").removeprefix("./")
            if leads_out(tidy):
                problems.add("outside", "The name leads out of the folder.", name)
            elif hidden(tidy):
                continue
            elif tidy in self.files:
                problems.add("conflict", "Two files were uploaded under this name.", name)
            else:
                self.files[tidy] = file.seek(0, os.SEEK_END)
                self._open[tidy] = file
        self.flat = not any("/" in name for name in self.files)

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file."""
        file = self._open[name]  # every file is read by one thread only
        file.seek(0)
        return file.read(limit)

    def close(self) -> None:
        """The files belong to whoever uploaded them."""


_SMALL = 50_000_000
_MESSAGES = {
    Rule.OVERLAP: "Entries of the archive overlap, as no honest program writes them.",
    Rule.PATH: "The archive has an entry that leads out of its folder.",
    Rule.ENCRYPTED: "The archive has an entry that is locked with a password.",
    Rule.DUPLICATE: "The archive has two entries of this name.",
}


class ZipSource:
    """A zip file, by path or open.

    Raises:
        InvalidDataset: when it is not a zip file or not a safe one; all reasons are in ``problems``.
    """

    flat = False

    def __init__(self, file: Path | IO[bytes], title: str, problems: Problems) -> None:
        self.title = shown(title)
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self.links = frozenset[str]()
        try:
            self._archive = open_zip(file)
        except (zipfile.BadZipFile, OSError) as error:
            problems.add("unsafe", f"This is not a zip file, or a damaged one ({error}).", self.title)
            problems.stop_if_fatal()
        self._check(problems)
        if problems.fatal:
            self.close()
            problems.stop_if_fatal()
        self.files = {name: entry.file_size for name, entry in self._entries.items()}

    def _check(self, problems: Problems) -> None:
        """List the plain files and the links; add what is not safe to the problems."""
        entries = self._archive.infolist()
        links = set()
        for rule, name in violations(entries, Limits(MAX_FILES, MAX_UNPACKED_BYTES, MAX_RATIO, _SMALL)):
            if rule is Rule.PATH or not hidden(name):
                if rule is Rule.SPECIAL:
                    links.add(name)
                else:
                    kind = "size" if rule is Rule.COUNT else "unsafe"
                    problems.add(kind, _message(rule, entries), name or self.title)
        self.links = frozenset(links)
        names = ((entry_name(entry), entry) for entry in entries if not entry.is_dir())
        self._entries = {name: entry for name, entry in names if name not in links and not hidden(name)}

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file; what the archive says of sizes is not believed."""
        try:
            with self._archive.open(self._entries[name]) as file:
                return file.read(limit)
        except UNREADABLE as error:
            raise OSError(f"damaged in the archive ({error})") from error

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


def _message(rule: Rule, entries: list[zipfile.ZipInfo]) -> str:
    packed, unpacked = packed_and_unpacked(entries)
    match rule:
        case Rule.COUNT:
            return f"The archive has {len(entries):,} entries; {MAX_FILES:,} are allowed."
        case Rule.SIZE:
            limit = f"{MAX_UNPACKED_BYTES / 1e9:g} GB"
            return f"The archive unpacks to {unpacked / 1e9:,.0f} GB; {limit} are allowed."
        case Rule.RATIO:
            return f"The archive unpacks to {unpacked / max(1, packed):,.0f} times its size, as no images do."
    return _MESSAGES[rule]
