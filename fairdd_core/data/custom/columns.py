"""Which column of a sheet, or level of folders, is the file, the class, the groups and the split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from fairdd_core.data.custom.names import SPLITS, are_splits, listed, natural_key, tidy
from fairdd_core.data.custom.options import MAX_GROUP_COLUMNS, Options
from fairdd_core.data.custom.problems import Problems
from fairdd_core.data.custom.reading import NO_SPLIT, Reading
from fairdd_core.data.custom.sheets import Sheet

LABELS = ("class", "target", "category", "labels", "class_name", "y")
GROUPS = (
    *("gender", "sex", "race", "ethnicity", "skin_tone", "skin_type", "fitzpatrick", "age_group"),
    *("attribute", "sensitive", "protected", "bias", "domain", "site", "hospital", "place", "background"),
)
"""Names that columns have elsewhere; taken as a guess, in this order."""
_EXAMPLES, _SAMPLE = 4, 200
_MOST_PARTS = 20
"""More ways to write the parts of a set are none."""
Finds = Callable[[Sequence[str]], float]
"""From some values of a column to the share of them that are files of the set."""


@dataclass
class _Choice:
    """The columns chosen so far."""

    sheet: Sheet
    problems: Problems
    guesses: list[str]

    def named(self, name: str, asked: str) -> str:
        """Return the column that was asked for, or that of the usual name, or ""."""
        column = tidy(asked).casefold() or name
        return column if asked.strip() or column in self.sheet.header else ""

    def guess(self, role: str, column: str) -> str:
        self.guesses.append(f"The {role} is taken from {column!r}.")
        return column


def read_columns(sheet: Sheet, options: Options, finds: Finds, problems: Problems) -> tuple[Reading, bool]:
    """Return what each column is, and whether nothing is missing; what is missing is among the problems.

    Args:
        sheet: a table.
        options: columns that were asked for.
        finds: tells how many values of a column are files.
        problems: what is missing is added here.
    """
    choice = _Choice(sheet, problems, [])
    split, asked = "", options.split_column.strip()
    if asked.casefold() != NO_SPLIT or NO_SPLIT in sheet.header:
        split = choice.named("split", asked) or _split_column(choice)
    file = "" if sheet.has_files else choice.named("file", options.file_column)
    if not file and not sheet.has_files and (column := _file_column(sheet, finds)):
        file = choice.guess("file", column)
    label = choice.named("label", options.label_column) or _first(choice, "class", LABELS, [file, split])
    groups = tuple(tidy(column).casefold() for column in options.group_columns) or tuple(
        dict.fromkeys(column for column in sheet.header if column.startswith("group"))
    )
    if not groups and (column := _first(choice, "group", GROUPS, [file, split, label])):
        groups = (column,)
    reading = replace(
        described(sheet), file=file, label=label, groups=groups, split=split, guesses=tuple(choice.guesses)
    )
    return reading, _complete(reading, sheet, problems)


def described(sheet: Sheet) -> Reading:
    """Return a reading that knows the columns of a sheet and some values of each, but not their use."""
    examples = {}
    for column in dict.fromkeys(sheet.header):
        values = dict.fromkeys(filter(None, map(tidy, islice(sheet.column(column), _SAMPLE))))
        examples[column] = tuple(sorted(values, key=natural_key)[:_EXAMPLES])
    return Reading(table=sheet.name, columns=tuple(filter(None, examples)), examples=examples)


def _first(choice: _Choice, role: str, names: Iterable[str], taken: list[str]) -> str:
    column = next((name for name in names if name in choice.sheet.header and name not in taken), "")
    return choice.guess(role, column) if column else ""


def _split_column(choice: _Choice) -> str:
    """Return a column whose values are all parts of a set, or ""."""
    for column in choice.sheet.header:
        written = set(choice.sheet.column(column)) if column else set()
        values = {tidy(value).casefold() for value in written} if len(written) <= _MOST_PARTS else set()
        if are_splits(values):
            return choice.guess("split", column)
    return ""


def _file_column(sheet: Sheet, finds: Finds) -> str:
    """Return the column whose values are files more often than those of others and than not, or ""."""
    shares = {
        column: finds([value.strip() for value in islice(sheet.column(column), _SAMPLE)])
        for column in sheet.header
        if column
    }
    best = max(shares, key=lambda column: shares[column], default="")
    return best if best and shares[best] > 1 / 2 else ""


def _complete(reading: Reading, sheet: Sheet, problems: Problems) -> bool:
    """Report columns that are missing or come twice; return whether there are none."""
    before = len(problems)
    asked = [*([] if sheet.has_files else [reading.file]), reading.label, *reading.groups]
    asked += [reading.split] if reading.split else []
    there = f"The table has {', '.join(sheet.header) or 'no columns'}."
    for column, n in Counter(sheet.header).items():
        if n > 1 and column in asked:
            problems.add("column", f"The column {column!r} comes {n} times; keep one of them.", sheet.name, 1)
    for role, column in (("file", reading.file), ("label", reading.label)):
        if not column and not (role == "file" and sheet.has_files):
            problems.add("column", f"There is no column {role!r}. {there}", sheet.name, 1)
    for column in asked:
        if column and column not in sheet.header:
            problems.add("column", f"There is no column {column!r}. {there}", sheet.name, 1)
    if not reading.groups:
        problems.add("column", f"No column begins with 'group'; say which to use. {there}", sheet.name, 1)
    if (count := len(reading.groups)) > MAX_GROUP_COLUMNS:
        text = f"There are {count} columns of groups, and {MAX_GROUP_COLUMNS} are allowed; say which to use."
        problems.add("column", text, sheet.name, 1)
    _report_double_use(reading, problems)
    return len(problems) == before


def _report_double_use(reading: Reading, problems: Problems) -> None:
    """Report a column that is a group twice, or class and group or split at once."""
    line = 1 if reading.table else 0
    if len(set(reading.groups)) < len(reading.groups):
        problems.add("column", "A group column is named twice.", reading.table, line)
    uses = {"class": [reading.label], "group": dict.fromkeys(reading.groups), "split": [reading.split]}
    used = [(role, column) for role, columns in uses.items() for column in columns if column]
    for column in dict.fromkeys(column for _, column in used):
        roles = [role for role, other in used if other == column]
        if len(roles) > 1:
            text = f"{column!r} is the {' and the '.join(roles)}; choose different ones."
            problems.add("column", text, reading.table, line)


def read_levels(sheet: Sheet, options: Options, problems: Problems) -> Reading:
    """Return what each level of folders is; what is missing is among the problems."""
    choice = _Choice(sheet, problems, [])
    split, asked = "", options.split_column.strip()
    if asked.casefold() != NO_SPLIT:
        split = tidy(asked).casefold() or _split_level(choice)
    label = tidy(options.label_column).casefold()
    groups = tuple(tidy(column).casefold() for column in options.group_columns)
    free = [level for level in sheet.header if level not in {split, label, *groups}]
    if len(free) == (not label) + (not groups):
        label = label or free.pop(0)
        groups = groups or (free.pop(),)
    reading = replace(
        described(sheet), label=label, groups=groups, split=split, guesses=tuple(choice.guesses)
    )
    unknown = [level for level in (label, *groups, split) if level and level not in sheet.header]
    _report_double_use(reading, problems)
    for level in unknown:
        there = listed(map(reading.with_examples, sheet.header), 9) or "none"
        problems.add("column", f"There is no table and no level {level!r}. The folders have: {there}.")
    if not unknown and not (label and groups):
        problems.add("layout", _levels_text(reading, sheet, free))
    return reading


def _split_level(choice: _Choice) -> str:
    for level in choice.sheet.header:
        names = {name.casefold() for name in choice.sheet.column(level)}
        if are_splits(names):
            if names != set(SPLITS):
                choice.guess("split", level)
            return level
    return ""


def _levels_text(reading: Reading, sheet: Sheet, free: list[str]) -> str:
    known = listed(map(reading.with_examples, free), 9)
    split = f" beside the split ({listed(reading.examples[reading.split])})" if reading.split else ""
    if len(sheet.header) - bool(reading.split) > 2:
        return f"Which level of folders is the class and which the group? There are {known}{split}."
    if not free:
        return (
            f"The images lie in no folders label/group{split}, and there is no table with the columns file, "
            "label and group."
        )
    return (
        f"The folders tell one thing only, {known}{split}: a class and a group are needed. Use folders "
        "label/group, or a table (CSV) with the columns file, label and group."
    )
