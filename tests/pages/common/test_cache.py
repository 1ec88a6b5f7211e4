"""The cache: a value is kept until a file that it depends on changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pages.ui.common.cache import cached, stamp


def test_a_value_is_read_again_when_its_file_changes(tmp_path: Path) -> None:
    file, calls = tmp_path / "value.txt", []

    @cached(lambda path: [path], size=2)
    def read(path: Path) -> str:
        calls.append(path)
        return path.read_text() if path.exists() else ""

    assert [read(file), read(file)] == ["", ""]
    file.write_text("one")
    assert [read(file), read(file)] == ["one", "one"]
    file.write_text("two")
    os.utime(file, ns=(0, 1))
    assert read(file) == "two"
    assert len(calls) == 3


def test_an_error_is_not_kept(tmp_path: Path) -> None:
    calls = []

    @cached(lambda path: [path], size=2)
    def read(path: Path) -> str:
        calls.append(path)
        raise OSError("not now")

    for _ in range(2):
        with pytest.raises(OSError, match="not now"):
            read(tmp_path)
    assert len(calls) == 2


def test_an_absent_file_has_a_stamp(tmp_path: Path) -> None:
    assert stamp(tmp_path / "nowhere") == (0,)
    assert stamp(tmp_path) != (0,)
