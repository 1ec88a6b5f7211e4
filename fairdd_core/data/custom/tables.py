"""Reading the table that says what each image shows, with the line of everything that is wrong in it.

The standard library's reader is used, not pandas', because it knows on which line of the file a row begins.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import pandas as pd

from fairdd_core.data.custom.options import MAX_IMAGES, MAX_NAME, MAX_TABLE_BYTES, Options
from fairdd_core.data.custom.problems import Problems, counted
from fairdd_core.data.custom.source import Source
from fairdd_core.zip_guard import leads_out

SEPARATORS = ",;\t"
SPLITS = ("train", "test")
COLUMNS = ["file", "line", "label", "groups", "split"]
"""Of the rows: ``groups`` is a tuple, one name per crossed column; ``split`` may be empty."""


def read_table(source: Source, name: str, options: Options, problems: Problems) -> pd.DataFrame:
    """Return the rows of a table that are complete.

    Args:
        source: where the table is.
        name: of the table; file names in it are relative to its folder.
        options: names of the columns.
        problems: what is wrong is added here; rows that are not complete are left out.
    """
    text = _text(source, name, problems)
    if text is None:
        return pd.DataFrame(columns=COLUMNS)
    rows = _rows(text, name, problems)
    header = [column.strip().casefold() for column in next(rows, (1, []))[1]]
    wanted = _columns(header, name, options, problems)
    if wanted is None:
        return pd.DataFrame(columns=COLUMNS)
    folder = name.rpartition("/")[0]
    return _complete(rows, header, wanted, name, f"{folder}/" if folder else "", problems)


def _text(source: Source, name: str, problems: Problems) -> str | None:
    if source.files[name] > MAX_TABLE_BYTES:
        problems.add("size", f"The table is larger than {MAX_TABLE_BYTES // 10**6} MB.", name)
        return None
    try:
        content = source.read(name, MAX_TABLE_BYTES)
    except OSError as error:
        problems.add("table", f"The table cannot be read: {error}.", name)
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        for line, part in enumerate(content.split(b"\n"), 1):
            if not _is_text(part):
                text = "This line is not UTF-8. Save the table as CSV with the encoding UTF-8."
                problems.add("table", text, name, line)
        return None


def _is_text(part: bytes) -> bool:
    try:
        part.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _rows(text: str, name: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it begins; blank lines are passed over."""
    header = text[: text.find("\n")] if "\n" in text else text
    separator = max(SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add("table", f"The table cannot be read from here on: {error}.", name, line)


def _columns(header: list[str], name: str, options: Options, problems: Problems) -> list[list[str]] | None:
    """Return the names of the columns [file], [label], groups and split, or None when one is missing."""
    groups = [column.strip().casefold() for column in options.group_columns]
    groups = groups or [column for column in dict.fromkeys(header) if column.startswith("group")]
    split = options.split_column.strip().casefold()
    wanted = [
        [options.file_column.strip().casefold()],
        [options.label_column.strip().casefold()],
        groups,
        [split] if split else [column for column in SPLIT_DEFAULT if column in header],
    ]
    before = len(problems)
    there = f"The table has {', '.join(header) or 'no columns'}."
    for column, n in Counter(header).items():
        if n > 1 and any(column in names for names in wanted):
            problems.add("column", f"The column {column!r} comes {n} times; keep one of them.", name, 1)
    for column in (column for names in wanted for column in names if column not in header):
        problems.add("column", f"There is no column {column!r}. {there}", name, 1)
    if not groups:
        problems.add("column", f"No column begins with 'group'; say which to use. {there}", name, 1)
    if len(set(groups)) < len(groups):
        problems.add("column", "A group column is named twice.", name, 1)
    return wanted if len(problems) == before else None


SPLIT_DEFAULT = ("split",)


def _complete(
    rows: Iterator[tuple[int, list[str]]],
    header: list[str],
    wanted: list[list[str]],
    name: str,
    folder: str,
    problems: Problems,
) -> pd.DataFrame:
    places = [[header.index(column) for column in names] for names in wanted]
    file_at, label_at = places[0][0], places[1][0]
    found: list[tuple[str, int, str, tuple[str, ...], str]] = []
    for line, row in rows:
        if len(found) >= MAX_IMAGES:
            problems.add("size", f"The table has more than {MAX_IMAGES:,} rows.", name, line)
            break
        if len(row) != len(header):
            text = f"The row has {counted(len(row), 'field')}, the header has {len(header)}."
            problems.add("row", text, name, line)
            continue
        # One spelling of accented letters, which programs write in two ways.
        values = [unicodedata.normalize("NFC", value.strip()) for value in row]
        groups = tuple(values[i] for i in places[2])
        split = values[places[3][0]].casefold() if places[3] else ""
        file = values[file_at].replace("\\", "/").removeprefix("./")
        if fault := _fault(file, (values[label_at], *groups), split, bool(places[3])):
            problems.add(*fault, name, line)
            continue
        found.append((folder + file, line, values[label_at], groups, split))
    return pd.DataFrame(found, columns=COLUMNS)


def _fault(file: str, names: Sequence[str], split: str, has_split: bool) -> tuple[str, str] | None:
    """Return the kind and the words for what is wrong with a row, if anything is."""
    if not file or not all(names):
        return "row", "The file, the label or a group is empty."
    if leads_out(file):
        return "outside", f"The path {file!r} leads out of the folder."
    if max(map(len, names)) > MAX_NAME:
        return "name", f"A label or group is longer than {MAX_NAME} characters."
    if not all(name.isprintable() for name in names):
        return "name", "A label or group has characters that cannot be shown."
    if has_split and split not in SPLITS:
        return "row", f"The split is {split!r}; it must be train or test."
    return None
