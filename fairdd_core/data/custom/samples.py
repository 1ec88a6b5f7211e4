"""From a source to one row per image: by a table, or by folders ``label/group/image``.

Tables are read with the standard library, because pandas does not tell on which line a row begins.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import pandas as pd

from fairdd_core.data.custom.options import MAX_IMAGES, MAX_NAME, MAX_TABLE_BYTES, Options
from fairdd_core.data.custom.problems import Problems, counted
from fairdd_core.data.custom.sources import Source, is_utf8
from fairdd_core.zip_guard import leads_out

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"}
)
_ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})
SPLITS = ("train", "test")
_SEPARATORS = ",;\t"
_TREE_DEPTH = 2


class Row(NamedTuple):
    """An image and its description; ``line`` is 0 without a table, ``split`` is "", train or test."""

    file: str
    line: int
    label: str
    groups: tuple[str, ...]
    split: str


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(Row._fields))


def scan(source: Source, options: Options, problems: Problems, table: str = "") -> tuple[pd.DataFrame, str]:
    """Return one row per image that exists and is described, in the order of the table or of the names.

    Args:
        source: the files.
        options: how they are read.
        problems: whatever is wrong is added here.
        table: name of the table; empty to look for one.

    Returns:
        A table with the columns of ``Row``, and the name of the table that was read, "" if there is none.
    """
    images = [name for name in source.files if _suffix(name) in IMAGE_SUFFIXES]
    for name in source.files:
        if _suffix(name) in _ARCHIVE_SUFFIXES:
            problems.add("archive", "Archives inside are not opened. Unpack it first.", name)
    tables = [table] if table else _tables(source)
    if len(tables) > 1:
        text = f"There are {len(tables)} tables: {', '.join(tables[:5])}. Keep one of them."
        problems.add("layout", text, source.title)
        return _frame([]), ""
    if not images and not (tables and source.files):
        problems.add("layout", "There are no images.", source.title)
        return _frame([]), ""
    if not tables:
        return _read_folders(images, source, problems), ""
    rows = _existing(read_table(source, tables[0], options, problems), tables[0], source, problems)
    if unused := set(images).difference(rows["file"]):
        verb = "is" if len(unused) == 1 else "are"
        text = f"{counted(len(unused), 'image')} {verb} in no row of the table, e.g. {min(unused)}."
        problems.add("ignored", text)
    return _without_repetition(rows, tables[0], problems).reset_index(drop=True), tables[0]


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.casefold()


def _tables(source: Source) -> list[str]:
    """Return the tables at the top, or those in the one folder that holds everything."""
    tables = [name for name in source.files if _suffix(name) in {".csv", ".tsv"}]
    top = [name for name in tables if "/" not in name]
    one_folder = len({name.split("/")[0] for name in source.files}) == 1
    return top or [name for name in tables if one_folder and name.count("/") == 1]


def read_table(source: Source, name: str, options: Options, problems: Problems) -> pd.DataFrame:
    """Return the complete rows of a table, with the columns of ``Row``.

    Args:
        source: where the table is.
        name: of the table; file names in it are relative to its folder.
        options: names of the columns.
        problems: whatever is wrong is added here; incomplete rows are left out.
    """
    text = _read_text(source, name, problems)
    if text is None:
        return _frame([])
    lines = _lines(text, name, problems)
    header = [column.strip().casefold() for column in next(lines, (1, []))[1]]
    columns = _columns(header, name, options, problems)
    if columns is None:
        return _frame([])
    folder = "".join(name.rpartition("/")[:2])
    rows: list[Row] = []
    for line, fields in lines:
        if len(rows) >= MAX_IMAGES:
            problems.add("size", f"The table has more than {MAX_IMAGES:,} rows.", name, line)
            break
        if len(fields) != len(header):
            text = f"The row has {counted(len(fields), 'field')}, the header has {len(header)}."
            problems.add("row", text, name, line)
            continue
        # One spelling of accented letters, which programs write in two ways.
        values = [unicodedata.normalize("NFC", field.strip()) for field in fields]
        (file,), (label,), groups, split = ([values[header.index(c)] for c in part] for part in columns)
        file = file.replace("\\", "/").removeprefix("./")
        row = Row(folder + file, line, label, tuple(groups), "".join(split).casefold())
        if fault := _row_fault(row, file, bool(split)):
            problems.add(*fault, name, line)
        else:
            rows.append(row)
    return _frame(rows)


def _read_text(source: Source, name: str, problems: Problems) -> str | None:
    if source.files[name] > MAX_TABLE_BYTES:
        problems.add("size", f"The table is larger than {MAX_TABLE_BYTES // 10**6} MB.", name)
        return None
    try:
        text = source.read(name, MAX_TABLE_BYTES).decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        problems.add("table", f"The table cannot be read: {error}.", name)
        return None
    if is_utf8(text):
        return text
    for line, part in enumerate(text.split("\n"), 1):
        if not is_utf8(part):
            advice = "This line is not UTF-8. Save the table as CSV with the encoding UTF-8."
            problems.add("table", advice, name, line)
    return None


def _lines(text: str, name: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each row with the line on which it begins; blank lines are skipped."""
    header = text[: text.find("\n")] if "\n" in text else text
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add("table", f"The table cannot be read from here on: {error}.", name, line)


def _columns(header: list[str], name: str, options: Options, problems: Problems) -> list[list[str]] | None:
    """Return the names of the columns [file], [label], groups and split, or None when one is missing."""
    groups = [column.strip().casefold() for column in options.group_columns]
    groups = groups or [column for column in dict.fromkeys(header) if column.startswith("group")]
    split = options.split_column.strip().casefold() or ("split" if "split" in header else "")
    file, label = (name.strip().casefold() for name in (options.file_column, options.label_column))
    wanted = [[file], [label], groups, [split] if split else []]
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


def _row_fault(row: Row, file: str, has_split: bool) -> tuple[str, str] | None:
    """Return the kind and the description of what is wrong with a row, or None."""
    names = (row.label, *row.groups)
    if not file or not all(names):
        return "row", "The file, the label or a group is empty."
    if leads_out(file):
        return "outside", f"The path {file!r} leads out of the folder."
    if fault := _name_fault(names):
        return "name", fault
    if has_split and row.split not in SPLITS:
        return "row", f"The split is {row.split!r}; it must be train or test."
    return None


def _name_fault(names: Sequence[str]) -> str:
    if max(map(len, names)) > MAX_NAME:
        return f"A label or group is longer than {MAX_NAME} characters."
    if not all(name.isprintable() for name in names):
        return "A label or group has characters that cannot be shown."
    return ""


def _existing(rows: pd.DataFrame, table: str, source: Source, problems: Problems) -> pd.DataFrame:
    """Keep the rows whose file exists."""
    spelt = {unicodedata.normalize("NFC", name): name for name in source.files}
    files = [file.rpartition("/")[2] if source.flat else file for file in rows["file"]]
    rows = rows.assign(file=[spelt.get(file, file) for file in files])
    # A plain loop, because pandas refuses names that are not UTF-8, which the source may have.
    missing = np.array([file not in source.files for file in rows["file"]], bool)
    for file, line in rows.loc[missing, ["file", "line"]].itertuples(index=False):
        parts = file.split("/") if source.links else []
        if any("/".join(parts[:n]) in source.links for n in range(1, len(parts) + 1)):
            problems.add("link", f"{file} is a link, and links are not followed.", table, line)
        else:
            problems.add("not-found", f"There is no file {file}.", table, line)
    return rows[~missing]


def _without_repetition(rows: pd.DataFrame, table: str, problems: Problems) -> pd.DataFrame:
    """Keep each file once; of a file with two different descriptions keep no row."""
    again = rows["file"].duplicated(keep="first")
    if not again.any():
        return rows
    first = rows[~again].set_index("file")
    conflicts = set()
    for row in rows[again].itertuples(index=False):
        earlier = first.loc[row.file]
        line = int(earlier["line"])
        if (row.label, row.groups, row.split) == tuple(earlier[["label", "groups", "split"]]):
            text = f"{row.file} is on line {line} already; it counts once."
            problems.add("duplicate", text, table, row.line)
        else:
            conflicts.add(row.file)
            text = f"{row.file} is described differently on line {line}; neither row is used."
            problems.add("conflict", text, table, row.line)
    return rows[~again & ~rows["file"].isin(conflicts)]


def _read_folders(images: list[str], source: Source, problems: Problems) -> pd.DataFrame:
    """Return the rows of images in folders ``label/group``, maybe inside ``train`` and ``test``."""
    for name in sorted(source.links):
        problems.add("link", "This is a link, and links are not followed.", name)
    other = len(source.files) - len(images)
    if other:
        verb = "is" if other == 1 else "are"
        problems.add("ignored", f"{counted(other, 'file')} {verb} not an image.")
    images = sorted(images)
    skip = _wrapping_folders(images)
    split = _has_split(images, skip)
    rows = []
    for name in images[: MAX_IMAGES + 1]:
        folders = name.split("/")[skip:-1]
        part = folders.pop(0).casefold() if split else ""
        if not is_utf8(name):
            problems.add("name", "The name is not UTF-8. Rename the file or folder.", name)
        elif len(folders) != _TREE_DEPTH:
            problems.add("place", "The image lies in no folder label/group.", name)
        elif fault := _name_fault(folders):
            problems.add("name", fault, name)
        else:
            label, group = (unicodedata.normalize("NFC", folder.strip()) for folder in folders)
            rows.append(Row(name, 0, label, (group,), part))
    if len(images) > MAX_IMAGES:
        problems.add("size", f"There are more than {MAX_IMAGES:,} images.", source.title)
    return _frame(rows)


def _wrapping_folders(images: list[str]) -> int:
    """Return how many folders at the top hold everything and are neither labels nor parts."""
    depth = Counter(name.count("/") for name in images).most_common(1)[0][0]
    skip = 0
    while (
        depth - skip > _TREE_DEPTH
        and len({name.split("/")[skip] for name in images if name.count("/") > skip}) == 1
        and not _has_split(images, skip)
    ):
        skip += 1
    return skip


def _has_split(images: list[str], skip: int) -> bool:
    """Return whether the folders at this level are train and test."""
    names = {name.split("/")[skip].casefold() for name in images if name.count("/") > skip}
    deep = any(name.count("/") - skip == _TREE_DEPTH + 1 for name in images)
    return deep and names == set(SPLITS)
