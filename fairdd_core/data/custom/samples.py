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

import numpy as np
import pandas as pd

from fairdd_core.data.custom.options import MAX_IMAGES, MAX_NAME, MAX_TABLE_BYTES, Options
from fairdd_core.data.custom.problems import Problems, counted
from fairdd_core.data.custom.sources import Source, is_utf8
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


IMAGES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})
TREE_DEPTH = 2


def scan(source: Source, options: Options, problems: Problems, table: str = "") -> tuple[pd.DataFrame, str]:
    """Return one row per image that is there and described, in the order of the table or of the names.

    Args:
        source: the files.
        options: how they are read.
        problems: what is wrong is added here.
        table: name of the table; empty to look for one.

    Returns:
        A table with ``file``, ``line``, ``label``, ``groups`` (tuple) and ``split`` ("", train or test); and
        the name of the table that was read, empty when there is none.
    """
    images = [name for name in source.files if _ending(name) in IMAGES]
    for name in source.files:
        if _ending(name) in ARCHIVES:
            problems.add("archive", "Archives inside are not opened. Unpack it first.", name)
    tables = [table] if table else _tables(source)
    if len(tables) > 1:
        text = f"There are {len(tables)} tables: {', '.join(tables[:5])}. Keep one of them."
        problems.add("layout", text, source.title)
        return pd.DataFrame(columns=COLUMNS), ""
    if not images and not (tables and source.files):
        problems.add("layout", "There are no images.", source.title)
        return pd.DataFrame(columns=COLUMNS), ""
    if tables:
        rows = _there(read_table(source, tables[0], options, problems), tables[0], source, problems)
        _unused(images, rows, problems)
        return _once(rows, tables[0], problems).reset_index(drop=True), tables[0]
    return _tree(images, source, problems), ""


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.casefold()


def _tables(source: Source) -> list[str]:
    """Return the tables at the top, or those in the one folder that everything lies in."""
    found = [name for name in source.files if _ending(name) in {".csv", ".tsv"}]
    top = [name for name in found if "/" not in name]
    one_folder = len({name.split("/")[0] for name in source.files}) == 1
    return top or [name for name in found if one_folder and name.count("/") == 1]


def _there(rows: pd.DataFrame, table: str, source: Source, problems: Problems) -> pd.DataFrame:
    """Keep the rows whose file exists."""
    spelt = {unicodedata.normalize("NFC", name): name for name in source.files}
    files = [file.rpartition("/")[2] if source.flat else file for file in rows["file"]]
    rows = rows.assign(file=[spelt.get(file, file) for file in files])
    # A plain loop, because pandas takes no names that are not UTF-8, which the source may have.
    missing = np.array([file not in source.files for file in rows["file"]], bool)
    for file, line in rows.loc[missing, ["file", "line"]].itertuples(index=False):
        if _is_link(file, source.links):
            problems.add("link", f"{file} is a link, and links are not followed.", table, line)
        else:
            problems.add("not-found", f"There is no file {file}.", table, line)
    return rows[~missing]


def _is_link(file: str, links: frozenset[str]) -> bool:
    parts = file.split("/") if links else []
    return any("/".join(parts[:n]) in links for n in range(1, len(parts) + 1))


def _once(rows: pd.DataFrame, table: str, problems: Problems) -> pd.DataFrame:
    """Keep each file once: the same row again is told, a different one is a conflict."""
    again = rows["file"].duplicated(keep="first")
    if not again.any():
        return rows
    first = rows[~again].set_index("file")
    conflicts = set()
    for row in rows[again].itertuples(index=False):
        earlier = first.loc[row.file]
        line = int(earlier["line"])
        if (row.label, row.groups, row.split) == tuple(earlier[["label", "groups", "split"]]):
            problems.add(
                "duplicate", f"{row.file} is on line {line} already; it counts once.", table, row.line
            )
        else:
            conflicts.add(row.file)
            text = f"{row.file} is described differently on line {line}; neither row is used."
            problems.add("conflict", text, table, row.line)
    return rows[~again & ~rows["file"].isin(conflicts)]


def _unused(images: list[str], rows: pd.DataFrame, problems: Problems) -> None:
    unused = set(images).difference(rows["file"])
    if unused:
        verb = "is" if len(unused) == 1 else "are"
        text = f"{counted(len(unused), 'image')} {verb} in no row of the table, e.g. {min(unused)}."
        problems.add("ignored", text)


def _tree(images: list[str], source: Source, problems: Problems) -> pd.DataFrame:
    """Read label and group from the names of folders."""
    for name in sorted(source.links):
        problems.add("link", "This is a link, and links are not followed.", name)
    other = len(source.files) - len(images)
    if other:
        problems.add("ignored", f"{counted(other, 'file')} that {'is' if other == 1 else 'are'} no image.")
    images = sorted(images)
    skip = _wrapper(images)
    split = _has_split(images, skip)
    found = []
    for name in images[: MAX_IMAGES + 1]:
        folders = name.split("/")[skip:-1]
        part = folders.pop(0).casefold() if split else ""
        if not is_utf8(name):
            problems.add("name", "The name is not UTF-8. Rename the file or folder.", name)
        elif len(folders) != TREE_DEPTH:
            problems.add("place", "The image lies in no folder label/group.", name)
        elif max(map(len, folders)) > MAX_NAME:
            problems.add("name", f"A label or group is longer than {MAX_NAME} characters.", name)
        elif not all(folder.isprintable() for folder in folders):
            problems.add("name", "A label or group has characters that cannot be shown.", name)
        else:
            label, group = (unicodedata.normalize("NFC", folder.strip()) for folder in folders)
            found.append((name, 0, label, (group,), part))
    if len(images) > MAX_IMAGES:
        problems.add("size", f"There are more than {MAX_IMAGES:,} images.", source.title)
    return pd.DataFrame(found, columns=COLUMNS)


def _wrapper(images: list[str]) -> int:
    """Return how many folders at the top hold everything and are not labels: one folder less is too few."""
    depth = Counter(name.count("/") for name in images).most_common(1)[0][0]
    skip = 0
    while (
        depth - skip > TREE_DEPTH
        and len({name.split("/")[skip] for name in images if name.count("/") > skip}) == 1
        and not _has_split(images, skip)
    ):
        skip += 1
    return skip


def _has_split(images: list[str], skip: int) -> bool:
    """Return whether the folders at this level are train and test."""
    names = {name.split("/")[skip].casefold() for name in images if name.count("/") > skip}
    deep = any(name.count("/") - skip == TREE_DEPTH + 1 for name in images)
    return deep and names == set(SPLITS)
