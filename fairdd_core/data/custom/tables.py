"""Which tables of a set describe its images: one, or one for each part of the set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from fairdd_core.data.custom.columns import read_columns
from fairdd_core.data.custom.matching import is_image, match, suffix
from fairdd_core.data.custom.names import are_splits, parts_of
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import Problems
from fairdd_core.data.custom.sheets import TABLE_SUFFIXES, Sheet, read_sheet
from fairdd_core.data.custom.sources import Source
from fairdd_core.units import counted

_MOST_TABLES = 50
"""Tables beside or below the images that are looked into."""
_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}")
"""How Hugging Face names the files of a part: ``train-00000-of-00002``."""


def find_sheets(
    source: Source, images: Sequence[str], options: Options, problems: Problems, table: str
) -> tuple[list[Sheet] | None, tuple[str, ...]]:
    """Return the tables to read, none where folders describe the images, and all there are.

    A table above all images is read. One beside them or below is read if it names them.
    """
    names = tuple(sorted((n for n in source.files if suffix(n) in TABLE_SUFFIXES), key=_by_depth))
    wanted = (options.file_column, options.label_column, *options.group_columns, options.split_column)
    asked = table or options.table.strip()
    if asked and asked not in names:
        problems.add("layout", f"There is no table {asked!r}.", source.title)
        return None, names
    above = [asked] if asked else [name for name in names if _is_above(name, images)]
    if above:
        top = [name for name in above if name.count("/") == above[0].count("/")]
        sheets = [read_sheet(source, name, wanted, problems) for name in top]
        chosen = [sheet for sheet in sheets if sheet is not None]
        if len(chosen) < len(sheets):
            return None, names
    else:
        silent = Problems()
        read = (read_sheet(source, name, wanted, silent) for name in names[:_MOST_TABLES])
        chosen = [sheet for sheet in read if sheet is not None and _names_images(sheet, source, options)]
        top = [sheet.name for sheet in chosen]
        for name in names[:_MOST_TABLES]:
            if name not in top:
                problems.add("ignored", "The table is not used: it names none of the images.", name)
        if left := len(names[_MOST_TABLES:]):
            problems.add("ignored", f"{counted(left, 'table')} more, deeper in the folders, not looked at.")
    if len(chosen) > 1 and not _are_parts(chosen):
        text = f"There are {len(top)} tables: {', '.join(top[:5])}. Keep one of them, or say which to read."
        problems.add("layout", text, source.title)
        return None, names
    return chosen, names


def _by_depth(name: str) -> tuple[int, str]:
    return name.count("/"), name


def _is_above(table: str, images: Sequence[str]) -> bool:
    folder = table.rpartition("/")[0]
    return not folder or all(name.startswith(f"{folder}/") for name in images)


def _names_images(sheet: Sheet, source: Source, options: Options) -> bool:
    finds = partial(share_found, source, sheet)
    reading, complete = read_columns(sheet, options, finds, Problems())
    if not complete or sheet.has_files:
        return complete
    values = [value.strip() for value in sheet.column(reading.file)]
    return share_found(source, sheet, values) > 0


def share_found(source: Source, sheet: Sheet, paths: Sequence[str]) -> float:
    """Return the share of paths that are images of the source."""
    folders = [folder_of(sheet.name)] * len(paths)
    found = match(source, folders, paths).files
    return sum(file is not None and is_image(file) for file in found) / max(1, len(found))


def folder_of(table: str) -> str:
    """Return the folder of a table, "" or with a slash at the end."""
    return "".join(table.rpartition("/")[:2])


def _part_name(sheet: Sheet) -> str:
    """Return the part that a table is for: its own name, without the number of a shard, or its folder's."""
    stem = sheet.name.rpartition("/")[2].rpartition(".")[0].casefold()
    if shard := _SHARD.fullmatch(stem):
        return shard[1]
    return stem if parts_of([stem]) else sheet.name.rpartition("/")[0].rpartition("/")[2].casefold()


def _are_shards(sheets: Sequence[Sheet]) -> bool:
    return all(
        _SHARD.fullmatch(sheet.name.rpartition("/")[2].rpartition(".")[0].casefold()) for sheet in sheets
    )


def _are_parts(sheets: Sequence[Sheet]) -> bool:
    """Return whether tables are the parts of one set, or the shards of these."""
    names = [_part_name(sheet) for sheet in sheets]
    if len({sheet.header for sheet in sheets}) > 1:
        return False
    return (are_splits(names) and (len(set(names)) == len(names) or _are_shards(sheets))) or (
        len(set(names)) == 1 and _are_shards(sheets)
    )


def joined(sheets: Sequence[Sheet]) -> Sheet:
    """Return the tables of the parts of a set as one, with a column ``split`` unless they have one."""
    first = sheets[0]
    if "split" in first.header or len({_part_name(sheet) for sheet in sheets}) == 1:
        return replace(first, lines=[line for sheet in sheets for line in sheet.lines])
    lines = [
        replace(line, values=(*line.values, _part_name(sheet))) for sheet in sheets for line in sheet.lines
    ]
    return replace(first, header=(*first.header, "split"), lines=lines)
