"""Zip files, honest and not."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.data.custom import sources as module
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.validation import ValidationReport, validate
from fairdd_core.zip_guard import Limits
from tests.data.custom.make import (
    GROUPS,
    LABELS,
    encoded,
    good_files,
    noise,
    tabled,
    written,
    zipped,
)


def kinds(report: ValidationReport) -> set[str]:
    return {problem.kind for problem in report.problems.fatal}


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", good_files())
    before = sorted(tmp_path.rglob("*"))
    blocks: list[np.ndarray] = []
    report = validate(path, Options(), sink=blocks.append)
    folder: list[np.ndarray] = []
    validate(written(tmp_path / "set", good_files()), Options(), sink=folder.append)
    assert report.valid
    assert np.array_equal(np.concatenate(blocks), np.concatenate(folder))
    assert [path for path in sorted(tmp_path.rglob("*")) if "set/" not in f"{path}/"] == before


def test_one_folder_that_holds_everything_is_searched(tmp_path: Path) -> None:
    files = {f"my faces/{name}": content for name, content in good_files().items()}
    files |= {"__MACOSX/my faces/._0.png": b"x", "my faces/.DS_Store": b"x"}
    report = validate(zipped(tmp_path / "set.zip", files), Options())
    assert report.valid
    assert len(report.rows) == 8


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "..\\evil.png", "ok.png\0/../../x"],
)
def test_entries_that_lead_out_refuse_the_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "inside" / "set.zip"
    path.parent.mkdir()
    zipped(path, good_files())
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        archive.writestr(info, encoded())
    report = validate(path, Options(skip_bad=True))
    assert kinds(report) == {"unsafe"}
    assert "leads out of its folder" in report.problems.fatal[0].message
    assert list(tmp_path.iterdir()) == [path.parent]
    assert list(path.parent.iterdir()) == [path]


def test_links_in_an_archive_are_not_followed(tmp_path: Path) -> None:
    files = good_files()
    files["labels.csv"] += b"\nlink.png,cat,indoors"
    path = zipped(tmp_path / "set.zip", files)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    report = validate(path, Options())
    (problem,) = report.problems.fatal
    assert (problem.kind, problem.line) == ("link", 10)


def test_archives_inside_are_reported(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", good_files()).read_bytes()
    only = validate(zipped(tmp_path / "only.zip", {"inner.zip": inner}), Options())
    assert [problem.kind for problem in only.problems if "inner" in problem.file] == ["archive"]
    assert kinds(only) == {"layout"}
    beside = validate(zipped(tmp_path / "beside.zip", good_files() | {"inner.zip": inner}), Options())
    assert beside.valid


def test_a_bomb_by_ratio_is_refused_unread(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", good_files() | {"zeros.png": bytes(60_000_000)})
    assert path.stat().st_size < 100_000
    report = validate(path, Options())
    assert kinds(report) == {"unsafe"}
    assert "times its size" in report.problems.fatal[0].message


def test_a_bomb_by_size_and_one_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "set.zip", good_files() | {"noise.png": encoded(noise(256))})
    monkeypatch.setattr(module, "LIMITS", Limits(entries=9, size=100_000, ratio=100, small=50_000_000))
    assert kinds(validate(path, Options())) == {"unsafe", "size"}


def test_entries_that_overlap_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", good_files())
    with zipfile.ZipFile(path, "a") as archive:  # a second name for the bytes of the first entry
        first = archive.infolist()[0]
        again = zipfile.ZipInfo("again.png")
        for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
            setattr(again, field, getattr(first, field))
        archive.filelist.append(again)
        archive.NameToInfo["again.png"] = again
        archive._didModify = True  # type: ignore[attr-defined]
    report = validate(path, Options())
    assert kinds(report) == {"unsafe"}
    assert "overlap" in report.problems.fatal[0].message


@pytest.mark.parametrize("content", [b"", b"no zip", zipfile.ZIP_DEFLATED.to_bytes(4, "big") * 500])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(content)
    for report in (validate(path, Options()), validate([("set.zip", io.BytesIO(content))], Options())):
        assert kinds(report) == {"unsafe"}
        assert "not a zip file" in report.problems.fatal[0].message


def test_a_cut_or_flipped_zip_never_raises(tmp_path: Path) -> None:
    content = zipped(tmp_path / "set.zip", good_files()).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content[: rng.integers(len(content) // 2, len(content))])
        if rng.random() < 0.7:
            damaged = bytearray(content)
            damaged[rng.integers(len(damaged))] ^= int(rng.integers(1, 256))
        report = validate([("set.zip", io.BytesIO(damaged))], Options())
        assert report.valid or report.problems.fatal


def test_damaged_content_is_a_problem_of_its_row(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", good_files())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("images/4.png")
    content = bytearray(path.read_bytes())
    start = entry.header_offset + 30 + len(entry.filename)
    content[start : start + entry.compress_size] = b"\xff" * entry.compress_size
    path.write_bytes(content)
    (problem,) = validate(path, Options()).problems.fatal
    assert (problem.kind, problem.line) == ("image", 6)


def test_locked_and_doubled_entries_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", good_files())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("images/0.png", encoded())
    assert "two entries of this name" in validate(path, Options()).problems.fatal[0].message
    locked = bytearray(zipped(path, good_files()).read_bytes())
    place = locked.index(b"PK\x01\x02")
    locked[place + 8] |= 1
    path.write_bytes(locked)
    assert "locked with a password" in validate(path, Options()).problems.fatal[0].message


@pytest.mark.parametrize(
    ("raw", "name", "guessed"), [("né".encode(), "né", False), ("né".encode("cp437") + b"x", "néx", True)]
)
def test_names_without_the_flag_are_utf8_or_else_code_page_437(
    tmp_path: Path, raw: bytes, name: str, guessed: bool
) -> None:
    files = {f"{c}/{g}/0.png": encoded() for c in ("QQQ", LABELS[1]) for g in GROUPS}
    path = zipped(tmp_path / "set.zip", files)
    path.write_bytes(path.read_bytes().replace(b"QQQ", raw))
    report = validate(path, Options())
    assert report.cells is not None
    assert set(report.cells.class_names) == {name, LABELS[1]}
    notes = [problem.message for problem in report.problems if problem.kind == "spelling"]
    assert [name in note for note in notes] == [True] * guessed


def test_a_table_in_the_archive_names_its_lines(tmp_path: Path) -> None:
    folder = tabled(tmp_path / "set", ["none.png,cat,indoors"])
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    (problem,) = validate(zipped(tmp_path / "set.zip", files), Options()).problems.fatal
    assert str(problem) == "labels.csv:10: There is no file none.png."
