"""From the paths in a table to the files of a source, also where the two are spelt differently.

A path is first looked for beside its table. Where files are missing, one and the same change of all missing
paths is tried: another folder, upper and lower case, the ending. A change counts only if it finds every
missing file, and no name twice; it is stated, to be confirmed.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from fairdd_core.data.custom.sources import Source
from fairdd_core.zip_guard import leads_out

IMAGE_SUFFIXES = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".jfif",
        ".jpe",
        ".webp",
        ".bmp",
        ".dib",
        ".gif",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
    }
)
FOREIGN_SUFFIXES = frozenset(
    {
        ".heic",
        ".heif",
        ".avif",
        ".jxl",
        ".jp2",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".psd",
        ".svg",
        ".pdf",
    }
)
"""Images that are not read."""
_SAMPLE, _MOST_FOLDERS = 50, 300
Key = Callable[[str], str]


@dataclass(frozen=True)
class Match:
    """Where the files of a table are.

    Attributes:
        files: name of each file in the source; None where there is none.
        change: how the paths had to be changed, in words; empty where they are right.
        sure: whether the change is a matter of course, such as paths relative to the top of the set.
    """

    files: list[str | None]
    change: str = ""
    sure: bool = True


def suffix(name: str) -> str:
    """Return the ending of a name in lower case, with its dot."""
    return PurePosixPath(name).suffix.casefold()


def is_image(name: str) -> bool:
    """Return whether a name ends like that of an image, of a format that is read or of another."""
    return suffix(name) in IMAGE_SUFFIXES | FOREIGN_SUFFIXES


def match(source: Source, folders: Sequence[str], paths: Sequence[str]) -> Match:
    """Return the file of each path.

    Args:
        source: the files.
        folders: of the table of each path, "" or with a slash at the end.
        paths: as the table has them.
    """
    parts = [_parts(path) for path in paths]
    exact = _index(source, _same)
    if source.flat:
        found = [exact.get(path[-1]) if path else None for path in parts]
    else:
        found = [
            None if leads_out(raw) else _exact(source, exact, folder + "/".join(path))
            for folder, path, raw in zip(folders, parts, paths, strict=True)
        ]
    missing = [i for i, file in enumerate(found) if file is None and parts[i] and ".." not in parts[i]]
    if not missing:
        return Match(found)
    change = _change(source, sorted({folders[i] for i in missing}), [parts[i] for i in missing])
    if change is None:
        return Match(found)
    text, sure, files = change
    for i, file in zip(missing, files, strict=True):
        found[i] = file
    return Match(found, text, sure)


def _exact(source: Source, exact: Mapping[str, str], name: str) -> str | None:
    return name if name in source.files else exact.get(_same(name))


def _change(
    source: Source, folders: Sequence[str], paths: Sequence[list[str]]
) -> tuple[str, bool, list[str | None]] | None:
    """Return the first change that finds all paths, in words, whether it is sure, and the files."""
    moves = list(_moves(source, folders, paths))
    for text, key in (
        ("", _same),
        ("ignoring upper and lower case", str.casefold),
        ("with another ending", _without_ending),
        ("with another ending, ignoring upper and lower case", _folded_without_ending),
    ):
        ways = [(place, sure, move, _index(source, key)) for place, sure, move in moves]
        ways.append(("by their last part", False, _last, _last_index(source, key)))
        for place, sure, move, index in ways:
            if all(key(_same(move(path))) in index for path in paths[:_SAMPLE]):
                files = [index.get(key(_same(move(path)))) for path in paths]
                if all(files) and len(set(files)) == len(set(map(tuple, paths))):
                    words = text.replace("another ending", f"the ending {suffix(files[0] or '')}")
                    return " and ".join(filter(None, (place, words))), sure and not text, files
    return None


def _moves(
    source: Source, folders: Sequence[str], paths: Sequence[list[str]]
) -> Iterator[tuple[str, bool, Callable[[list[str]], str]]]:
    """Yield ways to place paths in the source: words, whether the way is sure, and the function."""
    tops = sorted({top for folder in folders for top in _above(folder)}, key=len, reverse=True)
    if len(folders) == 1:
        tops = [folders[0], *(top for top in tops if top != folders[0])]
    for top in tops:
        where = f"in the folder {top}" if top else "in the folder of the set"
        yield where if [top] != folders[:1] else "", True, partial(_under, top, 0)
    shared = 0
    while all(len(path) > shared + 1 and path[shared] == paths[0][shared] for path in paths):
        shared += 1
        text = f"without {'/'.join(paths[0][:shared])}/"
        for top in tops:
            yield text, False, partial(_under, top, shared)
    for folder in _folders(source):
        yield f"in the folder {folder}", False, partial(_under, folder, 0)


def _last(path: list[str]) -> str:
    return path[-1]


def _under(folder: str, skipped: int, path: list[str]) -> str:
    return folder + "/".join(path[skipped:])


def _last_index(source: Source, key: Key) -> dict[str, str]:
    """Return the images by a key of the last part of their name; of two with the same key none."""
    if (_last, key) not in source.indices:
        names = ((key(_same(name.rpartition("/")[2])), name) for name in source.files if is_image(name))
        source.indices[_last, key] = _unambiguous(names)
    found: dict[str, str] = source.indices[_last, key]
    return found


def _unambiguous(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    known = list(names)
    times = Counter(key for key, _ in known)
    return {key: name for key, name in known if times[key] == 1}


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]


def _above(folder: str) -> Iterator[str]:
    """Yield a folder and those above it."""
    while folder:
        yield folder
        folder = folder.rstrip("/").rpartition("/")[0]
        folder += "/" if folder else ""
    yield ""


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _without_ending(name: str) -> str:
    same = _same(name)
    return same[: -len(suffix(same))] if suffix(same) in IMAGE_SUFFIXES | FOREIGN_SUFFIXES else same


def _folded_without_ending(name: str) -> str:
    return _without_ending(name).casefold()


def _folders(source: Source) -> list[str]:
    """Return the first folders that hold images."""
    if _folders not in source.indices:
        found = {name.rpartition("/")[0] + "/" for name in source.files if "/" in name and is_image(name)}
        source.indices[_folders] = sorted(found)[:_MOST_FOLDERS]
    kept: list[str] = source.indices[_folders]
    return kept


def _index(source: Source, key: Key) -> dict[str, str]:
    """Return the files by a key of their name; of two with the same key none."""
    if key not in source.indices:
        source.indices[key] = _unambiguous((key(_same(name)), name) for name in source.files)
    found: dict[str, str] = source.indices[key]
    return found
