"""From a source to one row per image: by a table, or by the folders of the images."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import pandas as pd

from fairdd_core.data.custom.columns import read_columns
from fairdd_core.data.custom.folders import read_folders
from fairdd_core.data.custom.matching import is_image, match, suffix
from fairdd_core.data.custom.names import listed, name_fault, parts_of, standing_in, tidy
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import Problems
from fairdd_core.data.custom.reading import Reading
from fairdd_core.data.custom.sheets import Line, Sheet
from fairdd_core.data.custom.sources import Source
from fairdd_core.data.custom.tables import find_sheets, folder_of, joined, share_found
from fairdd_core.units import counted
from fairdd_core.zip_guard import leads_out

_ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".numbers"})


class Row(NamedTuple):
    """An image and its description; ``line`` is 0 without a table, ``split`` is "", train or test."""

    file: str
    line: int
    label: str
    groups: tuple[str, ...]
    split: str
    table: str = ""


@dataclass(frozen=True)
class Scan:
    """What is written about the images of a set.

    Attributes:
        rows: one per image that exists and is described, in the order of the table or of the names, with the
            columns of ``Row``.
        reading: how the files were understood; None where there is nothing to understand.
        described: label and groups of all complete rows, also of those that cannot be used.
    """

    rows: pd.DataFrame = field(repr=False)
    reading: Reading | None = None
    described: frozenset[tuple[str, tuple[str, ...]]] = frozenset()


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(Row._fields))


def scan(source: Source, options: Options, problems: Problems, table: str = "") -> Scan:
    """Return what is written about the images of a source.

    Args:
        source: the files.
        options: how they are read.
        problems: whatever is wrong is added here.
        table: name of the table; empty to look for one.
    """
    images = [name for name in source.files if is_image(name)]
    for name in source.files:
        if suffix(name) in _ARCHIVE_SUFFIXES:
            problems.add("archive", "Archives inside are not opened. Unpack it first.", name)
    sheets, tables = find_sheets(source, images, options, problems, table)
    if sheets is None:
        return Scan(_frame([]), Reading(tables=tables))
    if not images and not sheets:
        problems.add("layout", "There are no images.", source.title)
        return Scan(_frame([]))
    if sheets:
        found = _by_table(sheets, source, options, problems)
        unused = set(images).difference(found.rows["file"]) if len(found.rows) else set()
        if unused:
            verb = "is" if len(unused) == 1 else "are"
            text = f"{counted(len(unused), 'image')} {verb} in no row of the table, e.g. {min(unused)}."
            problems.add("ignored", text)
    else:
        found = _by_folders(images, source, options, problems)
    reading = found.reading and replace(found.reading, tables=tables)
    return replace(found, rows=found.rows.reset_index(drop=True), reading=reading)


def _by_table(sheets: Sequence[Sheet], source: Source, options: Options, problems: Problems) -> Scan:
    sheet = joined(sheets)
    reading, complete = read_columns(sheet, options, partial(share_found, source, sheet), problems)
    if not complete:
        return Scan(_frame([]), reading)
    if len(sheets) > 1:
        names = listed(sheet.name for sheet in sheets)
        reading = reading.guessing(f"{names} are read as parts of one set.")
    if sheet.has_files:
        own = [line.file for line in sheet.lines]
        return _scan(sheet, reading, own, own, source, problems)
    paths = [unicodedata.normalize("NFC", value.strip()) for value in sheet.column(reading.file)]
    matched = match(source, [folder_of(line.sheet) for line in sheet.lines], paths)
    if matched.change and not matched.sure:
        reading = reading.guessing(f"The files are found {matched.change}.")
    if paths and not any(matched.files) and not source.links:
        problems.add("layout", _none_found(paths, reading.file, source), sheet.name)
        return Scan(_frame([]), reading)
    found = _scan(sheet, reading, paths, matched.files, source, problems)
    return replace(found, rows=_without_repetition(found.rows, problems))


def _by_folders(images: Sequence[str], source: Source, options: Options, problems: Problems) -> Scan:
    books = [name for name in source.files if suffix(name) in _WORKBOOK_SUFFIXES]
    own = Problems(skip_bad=problems.skip_bad)
    sheet, reading = read_folders(images, source, options, own)
    remedy = "It is a workbook, which is not read. Save its sheet as CSV UTF-8 beside it."
    if any(problem.kind == "layout" for problem in own) and books:
        problems.add("layout", remedy, books[0])
        return Scan(_frame([]), reading)
    problems.extend(own)
    for name in books:
        problems.add("ignored", remedy, name)
    reported = {*images, *books, *(problem.file for problem in problems)}
    if other := len(source.files.keys() - reported):
        verb = "is not an image" if other == 1 else "are not images"
        problems.add("ignored", f"{counted(other, 'file')} {verb}.")
    if not (reading.label and reading.groups) or any(problem.kind == "column" for problem in own):
        return Scan(_frame([]), reading)
    files = [line.file for line in sheet.lines]
    return _scan(sheet, reading, files, files, source, problems)


def _none_found(paths: Sequence[str], column: str, source: Source) -> str:
    there = next((f" The set has e.g. {name}." for name in source.files if is_image(name)), "")
    if len(paths) == 1:
        return f"The file in the column {column!r} is not there: {paths[0]}.{there}"
    return f"None of the {len(paths):,} files in the column {column!r} is there, e.g. {paths[0]}.{there}"


def _scan(
    sheet: Sheet,
    reading: Reading,
    paths: Sequence[str],
    files: Sequence[str | None],
    source: Source,
    problems: Problems,
) -> Scan:
    """Return the rows that are complete and whose file exists, and report the others."""
    places = [sheet.header.index(column) for column in (reading.label, *reading.groups)]
    words = [tidy(word).casefold() for word in sheet.column(reading.split)] if reading.split else None
    parts = parts_of(words or ())
    for part in standing_in(words or ()):
        reading = reading.guessing(f"The images of {part!r} are the test images.")
    rows, described, left_out = list[Row](), set[tuple[str, tuple[str, ...]]](), 0
    for i, (line, path, file) in enumerate(zip(sheet.lines, paths, files, strict=True)):
        label, *groups = (tidy(line.values[place]) for place in places)
        word = words[i] if words is not None else None
        if word is not None and parts.get(word) == "":
            left_out += 1
            continue
        where = (line.sheet, line.number) if line.number else (line.file, 0)
        if fault := _row_fault(path, file, (label, *groups), word, parts):
            problems.add(*fault, *where)
            continue
        described.add((label, tuple(groups)))
        if file is None:
            problems.add(*_missing(path, line, source), *where)
            continue
        split = parts[word] if word is not None else ""
        rows.append(Row(file, line.number, label, tuple(groups), split, line.sheet))
    if left_out:
        names = listed(repr(word) for word, part in parts.items() if part == "")
        verb = "is" if left_out == 1 else "are"
        text = f"{counted(left_out, 'image')} of {names} {verb} left out: the set has test images."
        problems.add("ignored", text)
    return Scan(_frame(rows), reading, frozenset(described))


def _row_fault(
    path: str, file: str | None, names: tuple[str, ...], word: str | None, parts: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return the kind and the description of what is wrong with a row, or None."""
    if not path or not all(names):
        return "row", "The file, the label or a group is empty."
    if file is None and leads_out(path):
        return "outside", f"The path {path!r} leads out of the folder."
    if fault := name_fault(names):
        return "name", fault
    if word is not None and word not in parts:
        return "row", f"The split is {word!r}; it must be train or test."
    return None


def _missing(path: str, line: Line, source: Source) -> tuple[str, str]:
    """Return the kind and the description of a file that is not there."""
    path = folder_of(line.sheet) + path.replace("\\", "/").removeprefix("./")
    parts = path.split("/") if source.links else []
    if any("/".join(parts[:n]) in source.links for n in range(1, len(parts) + 1)):
        return "link", f"{path} is a link, and links are not followed."
    return "not-found", f"There is no file {path}."


def _without_repetition(rows: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Keep each file once; of a file with two different descriptions keep no row."""
    again = rows["file"].duplicated(keep="first")
    if not again.any():
        return rows
    first = {row.file: row for row in rows[~again].itertuples(index=False)}
    conflicts = set()
    for row in rows[again].itertuples(index=False):
        earlier = first[row.file]
        line = int(earlier.line)
        if (row.label, row.groups, row.split) == (earlier.label, earlier.groups, earlier.split):
            text = f"{row.file} is on line {line} already; it counts once."
            problems.add("duplicate", text, row.table, row.line)
        else:
            conflicts.add(row.file)
            text = f"{row.file} is described differently on line {line}; neither row is used."
            problems.add("conflict", text, row.table, row.line)
    return rows[~again & ~rows["file"].isin(conflicts)]
