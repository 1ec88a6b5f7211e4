"""From a source to one row per image: by a table, or by folders ``label/group/image``."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from fairdd_core.data.custom.options import MAX_IMAGES, MAX_NAME, Options
from fairdd_core.data.custom.problems import Problems, counted
from fairdd_core.data.custom.source import Source, is_utf8
from fairdd_core.data.custom.tables import COLUMNS, SPLITS, read_table

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
