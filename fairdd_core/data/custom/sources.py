"""Where the files of a set come from: a folder, uploaded files or a zip file.

A source lists plain files under safe relative names and reads nothing else. Links are listed, never followed.
Zip files are read where they are; nothing is unpacked to the disk.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from fairdd_core.data.custom.options import LIMITS, MAX_FILES, MAX_IMAGE_BYTES
from fairdd_core.data.custom.parquet import ParquetFile
from fairdd_core.data.custom.problems import Problems, printable
from fairdd_core.units import counted
from fairdd_core.zip_guard import (
    UNREADABLE,
    Rule,
    entry_name,
    guessed_name,
    is_folder,
    is_hidden,
    leads_out,
    open_zip,
    packed_and_unpacked,
    violations,
)


class Source:
    """Files to read from.

    Attributes:
        title: what to call the source.
        files: relative name with ``/`` -> size in bytes.
        links: names of links and of anything else that is not a plain file.
        flat: whether uploading dropped the folders, so that only the last part of a table's paths counts.
        rows: images inside Parquet files: name -> the open file and the row, from 0.
        indices: what was derived from the names once, by the function that did it.
    """

    def __init__(self, title: str) -> None:
        self.title = printable(title)
        self.files: dict[str, int] = {}
        self.links: set[str] = set()
        self.flat = False
        self.rows: dict[str, tuple[ParquetFile, int]] = {}
        self.indices: dict[object, Any] = {}

    def open(self, name: str) -> IO[bytes]:
        """Return a file to read from in any order.

        Raises:
            OSError: when it cannot be read, or not in any order.
        """
        raise OSError("it lies in an archive; unpack this first")

    def image(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of an image, which may be a row of a Parquet file.

        Raises:
            OSError: when it cannot be read.
        """
        if name in self.rows:
            file, row = self.rows[name]
            return file.read(row, limit)
        if self.files[name] > MAX_IMAGE_BYTES:
            raise OSError(f"larger than {MAX_IMAGE_BYTES // 10**6} MB")
        return self.read(name, limit)

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            OSError: when it cannot be read.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close what the source has opened."""


def is_utf8(name: str) -> bool:
    """Return whether text is free of surrogates, which stand for bytes that are not UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class FolderSource(Source):
    """A folder of this machine."""

    def __init__(self, root: Path, problems: Problems) -> None:
        super().__init__(root.name)
        self.root = root
        self._opened: list[IO[bytes]] = []
        waiting = [""]
        while waiting and len(self.files) <= MAX_FILES:
            inside = waiting.pop()
            try:
                entries = sorted(os.scandir(root / inside), key=lambda entry: entry.name)
            except OSError as error:
                text = f"The folder cannot be read: {error.strerror}."
                problems.add("not-found", text, inside or str(root))
                continue
            for entry in entries:
                name = f"{inside}/{entry.name}" if inside else entry.name
                if is_hidden(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                elif entry.is_file(follow_symlinks=False):
                    self.files[name] = entry.stat(follow_symlinks=False).st_size
                else:
                    self.links.add(name)
        if len(self.files) > MAX_FILES:
            problems.add("size", f"There are more than {MAX_FILES:,} files.", self.title)

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file."""
        with self._open(name) as file:
            return file.read(limit)

    def open(self, name: str) -> IO[bytes]:
        """Return a file, which ``close`` closes."""
        self._opened.append(self._open(name))
        return self._opened[-1]

    def close(self) -> None:
        """Close the files that were opened."""
        for file in self._opened:
            file.close()

    def _open(self, name: str) -> IO[bytes]:
        # The file may have been replaced since it was listed: still follow no link and wait for no pipe.
        handle = os.open(self.root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        file = open(handle, "rb")  # noqa: PTH123, SIM115 - pathlib opens no handles
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            file.close()
            raise OSError("not a plain file")
        return file


class FilesSource(Source):
    """Uploaded files by name; the later of two with one name is left out."""

    def __init__(self, title: str, files: Iterable[tuple[str, IO[bytes]]], problems: Problems) -> None:
        super().__init__(title)
        self._open: dict[str, IO[bytes]] = {}
        for name, file in files:
            tidy = name.replace("\\", "/").removeprefix("./")
            if leads_out(tidy):
                problems.add("outside", "The name leads out of the folder.", name)
            elif is_hidden(tidy):
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

    def open(self, name: str) -> IO[bytes]:
        """Return an uploaded file from its beginning."""
        self._open[name].seek(0)
        return self._open[name]


class ZipSource(Source):
    """A zip file, by path or open.

    Raises:
        InvalidDataset: when it is not a zip file or not a safe one; all reasons are in ``problems``.
    """

    def __init__(self, file: Path | IO[bytes], title: str, problems: Problems) -> None:
        super().__init__(title)
        try:
            self._archive = open_zip(file)
        except (zipfile.BadZipFile, OSError) as error:
            problems.add("unsafe", f"This is not a zip file, or a damaged one ({error}).", self.title)
            problems.stop_if_fatal()
        entries = self._archive.infolist()
        messages = _messages(entries)
        for rule, name in violations(entries, LIMITS):
            if rule is Rule.SPECIAL:
                self.links |= set() if is_hidden(name) else {name}
            elif rule is Rule.PATH or not is_hidden(name):
                kind = "size" if rule is Rule.COUNT else "unsafe"
                problems.add(kind, messages[rule], name or self.title)
        if problems.fatal:
            self.close()
            problems.stop_if_fatal()
        names = ((entry_name(entry), entry) for entry in entries if not is_folder(entry))
        self._entries = {
            name: entry for name, entry in names if name not in self.links and not is_hidden(name)
        }
        guessed = [name for name, entry in self._entries.items() if guessed_name(entry)]
        if guessed:
            text = f"{counted(len(guessed), 'name')} read as code page 437, e.g. {guessed[0]}."
            problems.add("spelling", text)
        self.files = {name: entry.file_size for name, entry in self._entries.items()}

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file, whatever size the archive states."""
        try:
            with self._archive.open(self._entries[name]) as file:
                return file.read(limit)
        except UNREADABLE as error:
            raise OSError(f"damaged in the archive ({error})") from error

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


def _messages(entries: list[zipfile.ZipInfo]) -> dict[Rule, str]:
    packed, unpacked = packed_and_unpacked(entries)
    allowed = f"{LIMITS.size / 1e9:g} GB are allowed"
    return {
        Rule.COUNT: f"The archive has {len(entries):,} entries; {LIMITS.entries:,} are allowed.",
        Rule.SIZE: f"The archive unpacks to {unpacked / 1e9:,.0f} GB; {allowed}.",
        Rule.RATIO: f"The archive unpacks to {unpacked / max(1, packed):,.0f} times its size; images do not.",
        Rule.OVERLAP: "Entries of the archive overlap, as in a zip bomb.",
        Rule.PATH: "The archive has an entry that leads out of its folder.",
        Rule.ENCRYPTED: "The archive has an entry that is locked with a password.",
        Rule.DUPLICATE: "The archive has two entries of this name.",
    }
