"""Files inside a zip file, read where they are: nothing is ever unpacked to the disk."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO

from fairdd_core.data.custom.options import MAX_FILES, MAX_RATIO, MAX_UNPACKED_BYTES
from fairdd_core.data.custom.problems import Problems, shown
from fairdd_core.data.custom.source import hidden
from fairdd_core.zip_guard import (
    UNREADABLE,
    Limits,
    Rule,
    entry_name,
    open_zip,
    packed_and_unpacked,
    violations,
)

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
        Refused: when it is no zip file, or one that is not safe to open; all reasons are in ``problems``.
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
