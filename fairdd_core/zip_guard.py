"""Checks of zip files that come from elsewhere, made before anything is read from them.

A zip file can claim anything about itself. ``violations`` reports what must not be unpacked; what it lets
pass may still lie about its sizes, so whoever reads an entry must count the bytes.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from pathlib import Path
from typing import IO

UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    zlib.error,
    ValueError,
    RuntimeError,
    OSError,
)
"""What the zip reader raises on files that are damaged, encrypted or not zip files."""
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1


class Rule(Enum):
    """A rule that a zip file can break."""

    COUNT = auto()
    """Too many entries."""
    SIZE = auto()
    """Unpacks to too many bytes."""
    RATIO = auto()
    """Unpacks to too many times its packed size."""
    OVERLAP = auto()
    """Entries share bytes, as in a zip bomb."""
    PATH = auto()
    """A name is absolute or leads out of the folder."""
    ENCRYPTED = auto()
    """An entry needs a password."""
    SPECIAL = auto()
    """An entry is a link, a device or anything else that is not a plain file or a folder."""
    DUPLICATE = auto()
    """Two entries have one name."""


@dataclass(frozen=True)
class Limits:
    """How large a zip file may be.

    Attributes:
        entries: most entries.
        size: most bytes when unpacked.
        ratio: most unpacked bytes per packed byte; None to allow any ratio and overlapping entries.
        small: bytes up to which the ratio does not matter.
    """

    entries: int
    size: int
    ratio: int | None = None
    small: int = 0


def open_zip(file: Path | IO[bytes]) -> zipfile.ZipFile:
    """Open a zip file.

    Raises:
        BadZipFile: when it is damaged or not a zip file, with the reason.
        OSError: when it cannot be read.
    """
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError):
        raise
    except UnicodeError as error:  # a name is marked as UTF-8 and is not
        raise zipfile.BadZipFile("no UTF-8 in a name") from error
    except UNREADABLE as error:
        raise zipfile.BadZipFile(str(error)) from error


def violations(entries: Sequence[zipfile.ZipInfo], limits: Limits) -> Iterator[tuple[Rule, str]]:
    """Yield every broken rule, with the name of the entry or "" for the file as a whole.

    An entry is reported once, for the first rule of ``PATH``, ``ENCRYPTED``, ``SPECIAL`` and ``DUPLICATE``
    that it breaks; folders are checked for ``PATH`` only.
    """
    if len(entries) > limits.entries:
        yield Rule.COUNT, ""
    packed, unpacked = packed_and_unpacked(entries)
    if unpacked > limits.size:
        yield Rule.SIZE, ""
    elif limits.ratio is not None and unpacked > max(limits.small, limits.ratio * packed):
        yield Rule.RATIO, ""
    # Entries that share bytes make the ratio of a bomb look harmless.
    spans = sorted((entry.header_offset, entry.header_offset + entry.compress_size) for entry in entries)
    if limits.ratio is not None and any(end > start for (_, end), (start, _) in pairwise(spans)):
        yield Rule.OVERLAP, ""
    accepted: set[str] = set()
    for entry in entries:
        name = entry_name(entry)
        if leads_out(name):
            yield Rule.PATH, name
        elif entry.is_dir():
            continue
        elif entry.flag_bits & _ENCRYPTED_FLAG:
            yield Rule.ENCRYPTED, name
        elif stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG}:
            yield Rule.SPECIAL, name
        elif name in accepted:
            yield Rule.DUPLICATE, name
        else:
            accepted.add(name)


def packed_and_unpacked(entries: Iterable[zipfile.ZipInfo]) -> tuple[int, int]:
    """Return the bytes of all entries, packed and unpacked, as the file states them."""
    sizes = [(entry.compress_size, entry.file_size) for entry in entries]
    return sum(packed for packed, _ in sizes), sum(unpacked for _, unpacked in sizes)


def entry_name(entry: zipfile.ZipInfo) -> str:
    """Return the name of an entry; many programs write UTF-8 without the flag that says so.

    A name that is not UTF-8 keeps its bytes as surrogates, as file names do in Python.
    """
    name = entry.orig_filename  # ``filename`` is cut at a zero byte, which may hide the rest
    if entry.flag_bits & _UTF8_FLAG:
        return name
    return name.encode("cp437").decode("utf-8", "surrogateescape")


def leads_out(path: str) -> bool:
    """Return whether a path is absolute, on a drive or share, climbs with ``..`` or holds a zero byte."""
    tidy = path.replace("\\", "/")
    return tidy.startswith("/") or tidy[1:2] == ":" or ".." in tidy.split("/") or "\0" in tidy
