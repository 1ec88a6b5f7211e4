"""What can be wrong with a set of images, where, and whether it keeps the set from being added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from fairdd_core.errors import UserError

KINDS: dict[str, str] = {
    "table": "the table cannot be read",
    "column": "a column is missing or comes twice",
    "row": "a row is not complete",
    "layout": "no images where they are looked for",
    "unsafe": "an archive that is not safe to open",
    "size": "too much of something",
    "classes": "too few or too many classes or groups",
    "not-found": "a file that is not there",
    "outside": "a path that leaves the folder",
    "link": "a link, which is not followed",
    "name": "a name that is not UTF-8 or too long",
    "image": "an image that cannot be read, or is far too large",
    "place": "an image that lies in no label/group folder",
    "conflict": "a file with two different descriptions",
    "duplicate": "a row that comes twice",
    "archive": "an archive inside, which is not opened",
    "ignored": "files that are not used",
    "empty-cell": "a class without images of a group",
    "small-cell": "a cell too small to trust",
}
"""Kind -> what it means."""

OF_A_ROW = frozenset({"row", "not-found", "outside", "link", "name", "image", "place", "conflict"})
"""Kinds that concern a single image: they stop the import unless such images are to be left out."""
NEVER_FATAL = frozenset({"duplicate", "archive", "ignored", "empty-cell", "small-cell"})
"""Kinds that are only told."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a set.

    Attributes:
        kind: a key of ``KINDS``.
        message: one plain sentence.
        file: the file at fault, relative to the set; empty when it is the set as a whole.
        line: line of the table, from 1; 0 when it is no line.
        fatal: whether the set cannot be added because of it.
    """

    kind: str
    message: str
    file: str = ""
    line: int = 0
    fatal: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" if place else self.message


class Problems(list[Problem]):
    """All problems found so far.

    Attributes:
        skip_bad: whether images with a problem of their own are left out instead of stopping the import.
    """

    def __init__(self, found: Iterable[Problem] = (), *, skip_bad: bool = False) -> None:
        super().__init__(found)
        self.skip_bad = skip_bad

    def add(self, kind: str, message: str, file: str = "", line: int = 0, *, fatal: bool = True) -> None:
        """Note a problem; kinds that are only told, and images that are left out, stop nothing."""
        stops = fatal and kind not in NEVER_FATAL and not (self.skip_bad and kind in OF_A_ROW)
        self.append(Problem(kind, shown(message), shown(file), line, stops))

    @property
    def fatal(self) -> list[Problem]:
        """Those that keep the set from being added."""
        return [problem for problem in self if problem.fatal]

    @property
    def only_of_images(self) -> bool:
        """Whether the set could be added without the images that are at fault."""
        return bool(self.fatal) and all(problem.kind in OF_A_ROW for problem in self.fatal)

    def stop_if_fatal(self) -> None:
        """Raise ``InvalidDataset`` when the set cannot be added."""
        if self.fatal:
            raise InvalidDataset(self)


class InvalidDataset(UserError):  # noqa: N818 - it names what happened
    """A set that cannot be added.

    Attributes:
        problems: all that was found, not only what was fatal.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        fatal = [problem for problem in problems if problem.fatal]
        more = f" and {len(fatal) - 1} more" if len(fatal) > 1 else ""
        hint = "Check the set to see all of them. Nothing was added."
        super().__init__("data", "images without problems", f"{str(fatal[0]).rstrip('.')}{more}", hint)


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Sort problems: those that stop the import first, then by place."""
    return sorted(problems, key=lambda problem: (not problem.fatal, problem.file, problem.line))


def problems_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return one row per problem, those that stop the import first, with the place and the rule."""
    ordered = in_order(problems)
    return pd.DataFrame(
        {
            "": ["stops" if p.fatal else "note" for p in ordered],
            "problem": [p.message for p in ordered],
            "file": [p.file for p in ordered],
            "line": pd.array([p.line or None for p in ordered], dtype="Int64"),
            "kind": [KINDS[p.kind] for p in ordered],
        }
    )


def shown(name: str) -> str:
    """Return a file name as text that can be printed everywhere, with escapes for what cannot."""
    if name.isprintable():
        return name
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(n: int, what: str) -> str:
    """Return ``1 image`` or ``7 images``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
