"""What the guard of zip files reports."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

import pytest

from fairdd_core.zip_guard import (
    Limits,
    Rule,
    entry_name,
    guessed_name,
    is_hidden,
    leads_out,
    open_zip,
    violations,
)

LIMITS = Limits(entries=4, size=10_000, ratio=10, small=500)


def entries(*files: tuple[str, bytes], mode: int = 0) -> list[zipfile.ZipInfo]:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return open_zip(target).infolist()


def test_plain_files_and_folders_break_no_rule() -> None:
    assert list(violations(entries(("a/", b""), ("a/b.txt", b"b"), ("c", b"c")), LIMITS)) == []


@pytest.mark.parametrize(
    ("files", "mode", "expected"),
    [
        ([(str(i), b"") for i in range(5)], 0, (Rule.COUNT, "")),
        ([("a", bytes(10_001))], 0, (Rule.SIZE, "")),
        ([("a", bytes(5_000))], 0, (Rule.RATIO, "")),
        ([("../a", b"")], 0, (Rule.PATH, "../a")),
        ([("/a/", b"")], 0, (Rule.PATH, "/a/")),
        ([("a", b"/etc/passwd")], stat.S_IFLNK, (Rule.SPECIAL, "a")),
    ],
)
def test_a_broken_rule_is_reported(
    files: list[tuple[str, bytes]], mode: int, expected: tuple[Rule, str]
) -> None:
    assert list(violations(entries(*files, mode=mode), LIMITS)) == [expected]


def test_a_name_that_comes_twice_is_reported_once_for_each_repetition() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = entries(("a", b"1"), ("a", b"2"), ("b", b"3"), ("a", b"4"))
    assert list(violations(twice, LIMITS)) == [(Rule.DUPLICATE, "a")] * 2


def test_encrypted_and_overlapping_entries_are_reported() -> None:
    first, second = entries(("a", b"1" * 100), ("b", b"2"))
    first.flag_bits |= 1
    second.header_offset = first.header_offset
    assert list(violations([first, second], LIMITS)) == [(Rule.OVERLAP, ""), (Rule.ENCRYPTED, "a")]
    assert list(violations([first, second], Limits(4, 10_000))) == [(Rule.ENCRYPTED, "a")]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06"])
def test_what_is_no_zip_file_is_refused_with_one_kind_of_error(content: bytes) -> None:
    with pytest.raises(zipfile.BadZipFile):
        open_zip(io.BytesIO(content))


@pytest.mark.parametrize("path", ["/a", "a/../b", "..\\a", "C:/a", "\\\\share\\a", "a\0b"])
def test_paths_that_lead_out(path: str) -> None:
    assert leads_out(path)


@pytest.mark.parametrize("path", ["a", "a/b", "a..b/c", ".a"])
def test_paths_that_stay_inside(path: str) -> None:
    assert not leads_out(path)


@pytest.mark.parametrize(
    ("raw", "flag", "stated", "name"),
    [
        ("a/é.png".encode(), 0x800, None, "a/é.png"),
        ("a/é.png".encode(), 0, None, "a/é.png"),
        ("a/é.png".encode("cp437"), 0, None, "a/é.png"),
        ("a/é.png".encode("cp437"), 0, "a/日.png", "a/日.png"),
        (b"a\\b\\c.png", 0, None, "a/b/c.png"),
    ],
    ids=["flag", "no flag", "code page 437", "Unicode path", "backslashes"],
)
def test_names_are_read_as_programs_write_them(raw: bytes, flag: int, stated: str | None, name: str) -> None:
    entry = zipfile.ZipInfo("x")
    entry.orig_filename = raw.decode("utf-8" if flag else "cp437")
    entry.flag_bits = flag
    if stated is not None:
        body = struct.pack("<BL", 1, zlib.crc32(raw)) + stated.encode()
        entry.extra = struct.pack("<HH", 0x7075, len(body)) + body
    assert entry_name(entry) == name
    assert guessed_name(entry) == (flag == 0 and stated is None and b"\x82" in raw)


def test_a_unicode_path_of_another_name_or_a_cut_one_does_not_count() -> None:
    entry = zipfile.ZipInfo("x")
    for body in (struct.pack("<BL", 1, zlib.crc32(b"other")) + b"evil", b"\x01\x00", b""):
        entry.extra = struct.pack("<HH", 0x7075, len(body) + 9) + body
        assert entry_name(entry) == "x"


@pytest.mark.parametrize("name", ["a/.DS_Store", "@eaDir/0.png", "a/THUMBS.DB", "__MACOSX/a"])
def test_files_of_operating_systems_are_hidden(name: str) -> None:
    assert is_hidden(name)
    assert not is_hidden("a/@b/thumb.png")
