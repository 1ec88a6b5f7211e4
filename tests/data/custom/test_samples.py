"""Tables and folders: what is taken, and what is said about the rest."""

from __future__ import annotations

import os
import time
import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import Problem, Problems
from fairdd_core.data.custom.samples import scan
from fairdd_core.data.custom.sources import Source
from fairdd_core.data.custom.validation import ValidationReport, validate
from fairdd_core.errors import UserError
from tests.data.custom.make import GROUPS, LABELS, encoded, good_files, row, tabled, written

ALL = Options()


def of_kind(report: ValidationReport, kind: str) -> list[Problem]:
    return [problem for problem in report.problems if problem.kind == kind]


def only(report: ValidationReport, kind: str) -> Problem:
    (problem,) = of_kind(report, kind)
    return problem


def test_a_good_folder_has_its_cells_and_nothing_fatal(tmp_path: Path) -> None:
    report = validate(written(tmp_path, good_files(8)), ALL)
    assert report.valid
    assert report.cells is not None
    assert report.cells.class_names == LABELS
    assert report.cells.group_names == GROUPS
    total = report.cells.counts_CG(test=False) + report.cells.counts_CG(test=True)
    assert total.tolist() == [[2, 2], [2, 2]]
    assert {problem.kind for problem in report.problems} == {"small-cell"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_separators_line_ends_a_byte_order_mark_and_blanks(
    tmp_path: Path, separator: str, ending: str
) -> None:
    lines = ["File, LABEL ,Group", *(row(f"images/{i}.png", i) for i in range(8)), "", ""]
    text = ending.join(lines).replace(",", separator)
    files = good_files(8) | {"labels.csv": b"\xef\xbb\xbf" + text.encode()}
    assert validate(written(tmp_path, files), ALL).valid


@pytest.mark.parametrize("missing", ["label", "group"])
def test_a_missing_column_is_named_with_what_there_is(tmp_path: Path, missing: str) -> None:
    header = "file,label,group".replace(missing, "other")
    problem = only(validate(tabled(tmp_path, [], header), ALL), "column")
    assert problem.fatal
    assert (problem.file, problem.line) == ("labels.csv", 1)
    assert missing in problem.message
    assert "other" in problem.message


def test_all_missing_columns_are_named_at_once(tmp_path: Path) -> None:
    assert len(of_kind(validate(tabled(tmp_path, [], "a,b,c"), ALL), "column")) == 2


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    report = validate(written(tmp_path, {"t.csv": b"file,label,group,Label\n", "a.png": encoded()}), ALL)
    assert "'label' comes 2 times" in only(report, "column").message


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    folder = tabled(tmp_path, [], "path,kind,place")
    options = Options(file_column="path", label_column="kind", group_columns=("place",))
    report = validate(folder, options)
    assert report.valid
    assert report.cells is not None
    assert report.cells.group_names == GROUPS


def test_every_problem_is_reported_with_its_line(tmp_path: Path) -> None:
    lines = [
        "images/none.png,cat,indoors",
        "images/0.png,cat",
        ",cat,indoors",
        "images/1.png,,indoors",
        "../secret.png,cat,indoors",
        "/etc/passwd,cat,indoors",
        "C:\\secret.png,cat,indoors",
        "images/x/../../y.png,cat,indoors",
        f"images/2.png,{'x' * 100},indoors",
        "images/3.png,cat,in\x07doors",
    ]
    report = validate(tabled(tmp_path, lines), ALL)
    assert not report.valid
    kinds = {problem.line: problem.kind for problem in report.problems if problem.line}
    outside = "outside"
    expected = ["not-found", "row", "row", "row", outside, outside, outside, outside, "name", "name"]
    assert [kinds[line] for line in range(10, 20)] == expected
    assert all(problem.file == "labels.csv" for problem in report.problems if problem.line)


def test_bad_rows_can_be_left_out(tmp_path: Path) -> None:
    report = validate(tabled(tmp_path, ["none.png,cat,indoors", "short"]), Options(skip_bad=True))
    assert report.valid
    assert len(report.rows) == 8
    assert {problem.kind for problem in report.problems if problem.line} == {"not-found", "row"}


def test_lines_are_counted_across_quoted_line_breaks(tmp_path: Path) -> None:
    folder = tabled(tmp_path, ['"a\nb.png",cat,indoors', "none.png,cat,indoors"])
    assert [problem.line for problem in of_kind(validate(folder, ALL), "not-found")] == [10, 12]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"file,label,group\na.png,caf\xe9,x\n", 2), (b'file,label,group\na.png,x,y\n"open,x,y\n', 3)],
)
def test_a_table_that_cannot_be_read_names_the_line(tmp_path: Path, content: bytes, line: int) -> None:
    problem = only(validate(written(tmp_path, {"t.csv": content, "a.png": encoded()}), ALL), "table")
    assert problem.fatal
    assert problem.line == line


def test_all_lines_that_are_no_text_are_reported(tmp_path: Path) -> None:
    content = b"file,label,group\na.png,caf\xe9,x\nb.png,y,x\nc.png,\xff,x"
    report = validate(written(tmp_path, {"t.csv": content, "a.png": encoded()}), ALL)
    assert [problem.line for problem in of_kind(report, "table")] == [2, 4]


def test_accents_may_be_spelt_in_two_ways(tmp_path: Path) -> None:
    files = {f"{unicodedata.normalize('NFD', 'é')}{i}.png": encoded() for i in range(8)}
    spellings: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
    lines = [
        f"é{i}.png,{unicodedata.normalize(spellings[i // 4], 'né')}{i % 2},{GROUPS[i // 2 % 2]}"
        for i in range(8)
    ]
    files["t.csv"] = "\n".join(["file,label,group", *lines]).encode()
    report = validate(written(tmp_path, files), ALL)
    assert report.valid
    assert report.cells is not None
    assert report.cells.class_names == ("né0", "né1")


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    report = validate(written(tmp_path, {"t.csv": b"", "a.png": encoded()}), ALL)
    assert not report.valid
    assert of_kind(report, "column")


def test_the_same_row_twice_counts_once(tmp_path: Path) -> None:
    report = validate(tabled(tmp_path, [row("images/0.png", 0)]), ALL)
    assert report.valid
    assert len(report.rows) == 8
    assert "on line 2 already" in only(report, "duplicate").message
    assert only(report, "duplicate").line == 10


def test_two_descriptions_of_one_file_are_a_conflict(tmp_path: Path) -> None:
    folder = tabled(tmp_path, [row("images/0.png", 1)])
    assert not validate(folder, ALL).valid
    left = validate(folder, Options(skip_bad=True))
    assert only(left, "conflict").line == 10
    assert "images/0.png" not in set(left.rows["file"])


def test_two_tables_are_one_too_many(tmp_path: Path) -> None:
    report = validate(written(tmp_path, good_files() | {"more.csv": b"file,label,group\n"}), ALL)
    assert "2 tables" in only(report, "layout").message
    assert validate(tmp_path / "labels.csv", ALL).valid  # unless one of them is named


def test_an_empty_folder_and_no_folder(tmp_path: Path) -> None:
    assert only(validate(tmp_path, ALL), "layout").message == "There are no images."
    for path in (tmp_path / "nothing", Path("bad\0name"), tmp_path / ("x" * 500)):
        with pytest.raises(UserError, match="expected a folder, a zip file"):
            validate(path, ALL)


def test_unused_images_hidden_files_and_archives_are_reported_or_passed_over(tmp_path: Path) -> None:
    more = {".hidden.png": b"", "__MACOSX/0.png": b"", "extra.png": encoded(), "more.zip": b"PK"}
    report = validate(written(tmp_path, good_files() | more), ALL)
    assert report.valid
    assert "1 image is in no row of the table, e.g. extra.png." in only(report, "ignored").message
    assert only(report, "archive").file == "more.zip"


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = written(tmp_path / "elsewhere", {"secret.png": encoded()})
    folder = tabled(tmp_path / "set", ["link.png,cat,indoors", "folder/secret.png,cat,indoors"])
    (folder / "link.png").symlink_to(secret / "secret.png")
    (folder / "folder").symlink_to(secret)
    report = validate(folder, ALL)
    assert [(problem.line, problem.fatal) for problem in of_kind(report, "link")] == [(10, True), (11, True)]


def test_a_pipe_does_not_keep_anybody_waiting(tmp_path: Path) -> None:
    folder = tabled(tmp_path, ["pipe.png,cat,indoors"])
    os.mkfifo(folder / "pipe.png")
    assert only(validate(folder, ALL), "link").line == 10


@pytest.mark.parametrize("wrapper", ["", "faces/", "faces/inner/"])
def test_folders_give_label_and_group(tmp_path: Path, wrapper: str) -> None:
    files = {f"{wrapper}{c}/{g}/{i}.png": encoded() for c in LABELS for g in GROUPS for i in range(2)}
    report = validate(written(tmp_path, files | {f"{wrapper}readme.txt": b"hello"}), ALL)
    assert report.valid
    assert report.cells is not None
    assert (report.cells.class_names, report.cells.group_names) == (LABELS, GROUPS)
    assert only(report, "ignored").message == "1 file is not an image."


def test_folders_train_and_test_are_the_split(tmp_path: Path) -> None:
    files = {f"Train/{c}/{g}/{i}.png": encoded() for c in LABELS for g in GROUPS for i in range(3)}
    files |= {f"test/{c}/{g}/0.png": encoded() for c in LABELS for g in GROUPS}
    report = validate(written(tmp_path, files), ALL)
    assert report.cells is not None
    assert report.cells.counts_CG(test=False).tolist() == [[3, 3], [3, 3]]
    assert report.cells.counts_CG(test=True).tolist() == [[1, 1], [1, 1]]


def test_images_outside_label_and_group_are_reported(tmp_path: Path) -> None:
    files = {f"{c}/{g}/0.png": encoded() for c in LABELS for g in GROUPS}
    strays = {"stray.png": encoded(), "cat/stray.png": encoded(), "cat/indoors/deep/stray.png": encoded()}
    report = validate(written(tmp_path, files | strays), ALL)
    assert {problem.file for problem in of_kind(report, "place")} == set(strays)
    assert not report.valid


def test_names_that_are_not_utf8_are_reported_readably(tmp_path: Path) -> None:
    folder = written(tmp_path, {f"{c}/{g}/0.png": encoded() for c in LABELS for g in GROUPS})
    (folder / "cat" / "indoors" / os.fsdecode(b"caf\xe9.png")).write_bytes(encoded())
    problem = only(validate(folder, ALL), "name")
    assert problem.file == "cat/indoors/caf\\xe9.png"
    str(problem).encode("utf-8")


def test_a_hundred_thousand_rows_are_read_in_seconds(tmp_path: Path) -> None:
    lines = [f"images/{i}.png,{LABELS[i % 2]},{GROUPS[i // 2 % 2]}" for i in range(100_000)]
    table = "\n".join(["file,label,group", *lines])
    folder = written(tmp_path, good_files(100) | {"labels.csv": table.encode()})
    started = time.process_time()
    report = validate(folder, Options(skip_bad=True))
    assert time.process_time() - started < 10
    assert len(of_kind(report, "not-found")) == 99_900
    assert of_kind(report, "not-found")[-1].line == 100_001
    assert len(report.rows) == 100


class OneTable(Source):
    """A source of one table."""

    def __init__(self, text: str, files: int) -> None:
        super().__init__("table")
        self.content = text.encode()
        self.files = {"t.csv": len(self.content), **{str(i): 1 for i in range(files)}}

    def read(self, name: str, limit: int) -> bytes:
        return self.content[:limit]


@pytest.mark.parametrize(
    ("words", "parts", "faults"),
    [
        (["Train", "TEST", "training", "x", ""], ["train", "test", "train"], [5, 6]),
        (["train", "val", "train"], ["train", "test", "train"], []),
        (["train", "val", "test"], ["train", "test"], []),
    ],
)
def test_a_split_column_says_train_or_test(words: list[str], parts: list[str], faults: list[int]) -> None:
    problems = Problems()
    lines = ["file,label,group,split", *(f"{i},x,y,{word}" for i, word in enumerate(words))]
    found = scan(OneTable("\n".join(lines), len(words)), ALL, problems)
    assert found.rows["split"].tolist() == parts
    assert [problem.line for problem in problems if problem.fatal] == faults
    assert all("must be train or test" in p.message for p in problems if p.fatal)
    assert found.reading is not None
    assert bool(found.reading.guesses) == (words == ["train", "val", "train"])


def test_many_equal_rows_are_counted_quickly() -> None:
    problems, began = Problems(), time.process_time()
    lines = ["file,label,group", "0,a,x", "1,b,y", *["1,b,y"] * 10_000, *["0,a,z"] * 10_000]
    found = scan(OneTable("\n".join(lines), 2), ALL, problems)
    assert found.rows["file"].tolist() == ["1"]
    assert sum(problem.kind == "duplicate" for problem in problems) == 10_000
    assert sum(problem.kind == "conflict" for problem in problems) == 10_000
    assert time.process_time() - began < 5.0, "200 000 took minutes"


def test_too_many_columns_of_groups_are_a_problem_not_an_error() -> None:
    problems = Problems()
    header = ",".join(["file", "label", *(f"group{i}" for i in range(300))])
    rows = [",".join([str(i), "ab"[i % 2], *["xy"[i // 2 % 2]] * 300]) for i in range(8)]
    scan(OneTable("\n".join([header, *rows]), 8), ALL, problems)
    assert any("300 columns of groups" in problem.message for problem in problems if problem.fatal)
