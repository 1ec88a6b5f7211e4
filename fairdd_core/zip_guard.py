"""Checks of zip files that come from elsewhere, made before anything is read from them.

A zip file can claim anything about itself. ``violations`` reports what must not be unpacked; what it lets
pass may still lie about its sizes, so whoever reads an entry must count the bytes.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO

UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    RuntimeError,
    OSError,
)
"""What the zip reader raises on files that are damaged, encrypted or not zip files."""
_SYSTEM_FILES = frozenset(
    {
        *("__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
        *(
            "@eadir",
            "#recycle",
            "#snapshot",
            "@recycle",
            "@recently-snapshot",
            "@__thumb",
        ),  # of network storage
        *("icon\r", "lost+found"),
    }
)
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_UNICODE_PATH = 0x7075


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
        shrinking: endings, in lower case, of files that may shrink by any ratio, such as plain bitmaps.
    """

    entries: int
    size: int
    ratio: int | None = None
    small: int = 0
    shrinking: tuple[str, ...] = ()


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
    _, unpacked = packed_and_unpacked(entries)
    if unpacked > limits.size:
        yield Rule.SIZE, ""
    elif limits.ratio is not None:
        packed, unpacked = packed_and_unpacked(e for e in entries if not _shrinks(e, limits))
        if unpacked > max(limits.small, limits.ratio * packed):
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
        elif name.endswith("/"):
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


def _shrinks(entry: zipfile.ZipInfo, limits: Limits) -> bool:
    return entry.filename.lower().endswith(limits.shrinking)


def entry_name(entry: zipfile.ZipInfo) -> str:
    r"""Return the name of an entry, with ``/`` between folders as the format asks for.

    A name without the flag for UTF-8 is, in this order, what the Unicode path field says (0x7075 of the
    format's appendix), UTF-8, which many programs write without the flag, or code page 437, as the format
    says. Programs of Windows that write ``\\`` mean a folder.
    """
    return _decoded(entry).replace("\\", "/")


def is_folder(entry: zipfile.ZipInfo) -> bool:
    """Return whether an entry is a folder."""
    return entry_name(entry).endswith("/")


def guessed_name(entry: zipfile.ZipInfo) -> bool:
    """Return whether the name of an entry is read as code page 437 because nothing says what it is."""
    if entry.flag_bits & _UTF8_FLAG or _unicode_path(entry) is not None:
        return False
    try:
        _raw_name(entry).decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _decoded(entry: zipfile.ZipInfo) -> str:
    name = entry.orig_filename  # ``filename`` is cut at a zero byte, which may hide the rest
    if entry.flag_bits & _UTF8_FLAG:
        return name
    if (stated := _unicode_path(entry)) is not None:
        return stated
    try:
        return _raw_name(entry).decode("utf-8")
    except UnicodeDecodeError:
        return name


def _raw_name(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("cp437")


def _unicode_path(entry: zipfile.ZipInfo) -> str | None:
    """Return the name in the Unicode path field, if it belongs to the name in the header."""
    extra = entry.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if struct.unpack_from("<L", field, 1)[0] != zlib.crc32(_raw_name(entry)):
                continue
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                continue
    return None


def is_hidden(name: str) -> bool:
    """Return whether a path is hidden or was left behind by an operating system."""
    return any(part.startswith(".") or part.casefold() in _SYSTEM_FILES for part in PurePosixPath(name).parts)


def leads_out(path: str) -> bool:
    """Return whether a path is absolute, on a drive or share, climbs with ``..`` or holds a zero byte."""
    tidy = path.replace("\\", "/")
    return tidy.startswith("/") or tidy[1:2] == ":" or ".." in tidy.split("/") or "\0" in tidy
