"""Problems of a set of images: what is wrong, where, and whether the set can be added all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from fairdd_core.errors import UserError

KINDS: dict[str, str] = {
    "table": "the table cannot be read",
    "column": "a column is missing or comes twice",
    "row": "a row is not complete",
    "layout": "no images where they are expected",
    "unsafe": "an archive that is not safe to open",
    "size": "too many files, images or bytes",
    "classes": "too few or too many classes or groups",
    "not-found": "a missing file",
    "outside": "a path that leaves the folder",
    "link": "a link, which is not followed",
    "name": "a name that is not UTF-8 or too long",
    "image": "an image that cannot be read, or is far too large",
    "place": "an image that lies in no label/group folder",
    "conflict": "a file with two different descriptions",
    "duplicate": "a row that comes twice",
    "archive": "an archive inside, which is not opened",
    "ignored": "files that are not used",
    "levels": "grey levels beyond eight bits",
    "spelling": "names that may be misread or mean the same",
    "repeated": "an image that comes more than once",
    "empty-cell": "a class without images of a group",
    "small-cell": "a cell too small to trust",
}
"""Kind -> what it means."""
OF_A_ROW = frozenset({"row", "not-found", "outside", "link", "name", "image", "place", "conflict"})
"""Kinds that concern one image: they prevent the import unless such images are left out."""
NEVER_FATAL = frozenset(
    {"duplicate", "archive", "ignored", "levels", "spelling", "repeated", "empty-cell", "small-cell"}
)
"""Kinds that are reported only."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a set.

    Attributes:
        kind: a key of ``KINDS``.
        message: one sentence.
        file: the file at fault, relative to the set; empty when it is the whole set.
        line: line of the table, from 1; 0 outside of tables.
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
    """A list of problems.

    Attributes:
        skip_bad: whether images with a problem of their own are left out and prevent nothing.
    """

    def __init__(self, problems: Iterable[Problem] = (), *, skip_bad: bool = False) -> None:
        super().__init__(problems)
        self.skip_bad = skip_bad

    def add(self, kind: str, message: str, file: str = "", line: int = 0) -> None:
        """Append a problem, which is fatal unless its kind never is or the image is left out."""
        fatal = kind not in NEVER_FATAL and not (self.skip_bad and kind in OF_A_ROW)
        self.append(Problem(kind, printable(message), printable(file), line, fatal))

    @property
    def fatal(self) -> list[Problem]:
        """Problems that keep the set from being added."""
        return [problem for problem in self if problem.fatal]

    @property
    def only_of_images(self) -> bool:
        """Whether the set could be added without the images at fault."""
        return bool(self.fatal) and all(problem.kind in OF_A_ROW for problem in self.fatal)

    def stop_if_fatal(self) -> None:
        """Raise ``InvalidDataset`` when the set cannot be added."""
        if self.fatal:
            raise InvalidDataset(self)


class InvalidDataset(UserError):  # noqa: N818 - names the state
    """A set that cannot be added.

    Attributes:
        problems: all of them, not only the fatal ones.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        fatal = [problem for problem in problems if problem.fatal]
        more = f" and {len(fatal) - 1} more" if len(fatal) > 1 else ""
        hint = "Check the set to see all of them. Nothing was added."
        super().__init__("data", "images without problems", f"{str(fatal[0]).rstrip('.')}{more}", hint)


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems sorted: fatal ones first, then by file and line."""
    return sorted(problems, key=lambda problem: (not problem.fatal, problem.file, problem.line))


def problems_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return one row per problem, fatal ones first: ``""`` (stops or note), problem, file, line and kind."""
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


def printable(name: str) -> str:
    """Return text with escapes for every character that cannot be printed."""
    if name.isprintable():
        return name
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
