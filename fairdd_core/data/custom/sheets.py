"""Tables of a set, whatever their format: a header and lines. CSV is read with the standard library.

pandas does not tell on which line a row begins.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fairdd_core.data.custom.names import tidy
from fairdd_core.data.custom.options import MAX_IMAGES, MAX_TABLE_BYTES
from fairdd_core.data.custom.parquet import ParquetFile
from fairdd_core.data.custom.problems import Problems
from fairdd_core.data.custom.sources import Source, is_utf8
from fairdd_core.units import counted

PARQUET = ".parquet"
TABLE_SUFFIXES = frozenset({".csv", ".tsv", PARQUET})
_SEPARATORS = ",;\t"
_KNOWN = ("file", "label", "group", "split")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Line:
    """A row of a sheet.

    Attributes:
        sheet: name of the table; empty for folders.
        number: line in the table, from 1; 0 for folders.
        values: as many as the header has.
        file: the image, where no column names it.
    """

    sheet: str
    number: int
    values: tuple[str, ...]
    file: str = ""


@dataclass(frozen=True)
class Sheet:
    """What is written about images.

    Attributes:
        name: of the table; empty for folders.
        header: names of the columns in lower case.
        lines: the rows.
        has_files: whether each line knows its image; else a column names it.
    """

    name: str
    header: tuple[str, ...]
    lines: list[Line] = field(repr=False)
    has_files: bool = False

    def column(self, name: str) -> Iterator[str]:
        """Return the values of a column."""
        place = self.header.index(name)
        return (line.values[place] for line in self.lines)


def read_sheet(source: Source, name: str, wanted: Iterable[str], problems: Problems) -> Sheet | None:
    """Return a table, or None when it cannot be read; incomplete rows are reported and left out.

    Args:
        source: where the table is.
        name: of the table.
        wanted: columns that options ask for, which helps to find the separator.
        problems: whatever is wrong is added here.
    """
    if name.casefold().endswith(PARQUET):
        return _read_parquet(source, name, problems)
    text = _read_text(source, name, problems)
    if text is None:
        return None
    rows = _rows(text, name, wanted, problems)
    header = tuple(tidy(column).casefold() for column in next(rows, (1, []))[1])
    while header and not header[-1]:
        header = header[:-1]
    lines: list[Line] = []
    for number, fields in rows:
        if len(lines) >= MAX_IMAGES:
            problems.add("size", f"The table has more than {MAX_IMAGES:,} rows.", name, number)
            break
        while len(fields) > len(header) and not fields[-1].strip():
            fields.pop()
        if len(fields) != len(header):
            text = f"The row has {counted(len(fields), 'field')}, the header has {len(header)}."
            problems.add("row", text, name, number)
        else:
            lines.append(Line(name, number, tuple(fields)))
    return Sheet(name, header, lines)


def _read_parquet(source: Source, name: str, problems: Problems) -> Sheet | None:
    """Return a Parquet file as a table; its images become files of the source."""
    try:
        file = ParquetFile(source.open(name))
        table = file.table()
    except (OSError, ValueError) as error:
        problems.add("table", f"The table cannot be read: {error}.", name)
        return None
    images = [f"{name}#{i + 1}" for i in range(len(table.rows))] if table.image else []
    source.rows |= {image: (file, i) for i, image in enumerate(images)}
    header = tuple(tidy(column).casefold() for column in table.header)
    lines = [Line(name, i + 1, values, images[i] if images else "") for i, values in enumerate(table.rows)]
    return Sheet(name, header, lines, has_files=bool(table.image))


def _read_text(source: Source, name: str, problems: Problems) -> str | None:
    if source.files[name] > MAX_TABLE_BYTES:
        problems.add("size", f"The table is larger than {MAX_TABLE_BYTES // 10**6} MB.", name)
        return None
    try:
        content = source.read(name, MAX_TABLE_BYTES)
        if content.startswith(_UTF16):
            return content.decode("utf-16")
        text = content.decode("utf-8-sig", "surrogateescape")
    except (OSError, UnicodeError) as error:
        problems.add("table", f"The table cannot be read: {error}.", name)
        return None
    if is_utf8(text):
        return text
    for line, part in enumerate(text.split("\n"), 1):
        if not is_utf8(part):
            advice = "This line is not UTF-8. Save the table as CSV UTF-8, as Excel calls it."
            problems.add("table", advice, name, line)
    return None


def _rows(text: str, name: str, wanted: Iterable[str], problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each row with the line on which it begins; rows without content are skipped."""
    line, separator = 1, ""
    first, _, rest = text.partition("\n")
    if first.strip().casefold().startswith("sep=") and first.strip()[4:5]:  # Excel's own first line
        line, separator, text = 2, first.strip()[4], rest
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator or _separator(text, wanted), strict=True
    )
    before = line - 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield line, fields
            line = before + reader.line_num + 1
    except csv.Error as error:
        problems.add("table", f"The table cannot be read from here on: {error}.", name, line)


def _separator(text: str, wanted: Iterable[str]) -> str:
    """Return the separator that gives the header the most names that are known, then the most names."""
    start = text[:10_000].lstrip("\r\n \ufeff")
    known = {*_KNOWN, *(name.strip().casefold() for name in wanted)}

    def score(separator: str) -> tuple[int, int]:
        try:
            header = next(csv.reader(io.StringIO(start, newline=""), delimiter=separator, strict=True), [])
        except csv.Error:
            return 0, 0
        names = [tidy(column).casefold() for column in header]
        return sum(name in known or name.startswith("group") for name in names), len(names)

    return max(_SEPARATORS, key=score)
