"""Files inside a zip file, read where they are: nothing is ever unpacked to the disk."""

from __future__ import annotations

import stat
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import IO

from fairdd_core.data.custom.options import MAX_FILES, MAX_RATIO, MAX_UNPACKED_BYTES
from fairdd_core.data.custom.problems import Problems, shown
from fairdd_core.data.custom.source import hidden, unsafe

DAMAGED = (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, ValueError, RuntimeError, OSError)
"""What the zip reader raises on files that are damaged, locked or not zip files at all."""
_SMALL = 50_000_000
_UTF8_FLAG, _LOCKED_FLAG = 0x800, 0x1


class ZipSource:
    """A zip file, by path or open.

    Raises:
        Refused: when it is no zip file, or one that is not safe to open; all reasons are in ``problems``.
    """

    flat = False

    def __init__(self, file: Path | IO[bytes], title: str, problems: Problems) -> None:
        self.title = shown(title)
        self.files: dict[str, int] = {}
        self._entries: dict[str, zipfile.ZipInfo] = {}
        try:
            self._archive = zipfile.ZipFile(file)
            entries = self._archive.infolist()
        except DAMAGED as error:  # a name that says it is UTF-8 and is not raises a ValueError, too
            text = "no UTF-8 in a name" if isinstance(error, UnicodeError) else str(error)
            problems.add("unsafe", f"This is not a zip file, or a damaged one ({text}).", self.title)
            entries = []
        _check_size(entries, self.title, problems)
        self.links = self._list(entries, problems)
        if problems.fatal:
            self.close()
            problems.stop_if_fatal()

    def _list(self, entries: list[zipfile.ZipInfo], problems: Problems) -> frozenset[str]:
        links = set()
        for entry in entries:
            name = _name(entry)
            mode = stat.S_IFMT(entry.external_attr >> 16)
            if unsafe(name):
                problems.add("unsafe", "The archive has an entry that leads out of its folder.", name)
            elif entry.is_dir() or hidden(name):
                continue
            elif entry.flag_bits & _LOCKED_FLAG:
                problems.add("unsafe", "The archive has an entry that is locked with a password.", name)
            elif mode not in {0, stat.S_IFREG}:
                links.add(name)
            elif name in self.files:
                problems.add("unsafe", "The archive has two entries of this name.", name)
            else:
                self.files[name] = entry.file_size
                self._entries[name] = entry
        return frozenset(links)

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file; what the archive says of sizes is not believed."""
        try:
            with self._archive.open(self._entries[name]) as file:
                return file.read(limit)
        except DAMAGED as error:
            raise OSError(f"damaged in the archive ({error})") from error

    def close(self) -> None:
        """Close the archive."""
        if hasattr(self, "_archive"):
            self._archive.close()


def _check_size(entries: list[zipfile.ZipInfo], title: str, problems: Problems) -> None:
    """Refuse bombs by what the archive says of itself, before anything is read from it."""
    if len(entries) > MAX_FILES:
        problems.add("size", f"The archive has {len(entries):,} entries; {MAX_FILES:,} are allowed.", title)
    packed, unpacked = sum(e.compress_size for e in entries), sum(e.file_size for e in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        limit = f"{MAX_UNPACKED_BYTES / 1e9:g} GB"
        problems.add(
            "unsafe", f"The archive unpacks to {unpacked / 1e9:,.0f} GB; {limit} are allowed.", title
        )
    elif unpacked > max(_SMALL, MAX_RATIO * packed):
        text = f"The archive unpacks to {unpacked / max(1, packed):,.0f} times its size, as no images do."
        problems.add("unsafe", text, title)
    # Bombs let many entries share the same bytes, which makes the ratio look harmless.
    spans = sorted((entry.header_offset, entry.header_offset + entry.compress_size) for entry in entries)
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        problems.add("unsafe", "Entries of the archive overlap, as no honest program writes them.", title)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return the name as it was meant: many programs write UTF-8 without saying so.

    What is not UTF-8 keeps its bytes as surrogates, as names of files do.
    """
    # The reader cuts names at a zero byte; what follows it is shown, and refused, too.
    name = entry.orig_filename
    if entry.flag_bits & _UTF8_FLAG:
        return name
    return name.encode("cp437").decode("utf-8", "surrogateescape")
