"""How the files of a set were understood, for people to confirm or to correct."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fairdd_core.data.custom.names import listed

NO_SPLIT = "none"
"""As a split column: draw the test images even if a column names them."""


@dataclass(frozen=True)
class Reading:
    """What each column of the table, or each level of the folders, was taken for.

    Attributes:
        table: the table that was read; empty where folders describe the images.
        tables: to choose from.
        columns: names of the columns, or ``folder 1``, ``folder 2``…, to choose from.
        examples: a few values of each.
        file: the column with the paths; empty where there is none.
        label, groups, split: columns; empty where none was found, or test images are drawn.
        guesses: what was guessed, a sentence each; empty where names and options say it all.
    """

    table: str = ""
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file: str = ""
    label: str = ""
    groups: tuple[str, ...] = ()
    split: str = ""
    guesses: tuple[str, ...] = ()

    def with_examples(self, column: str) -> str:
        """Return a column with a few of its values."""
        values = listed(self.examples.get(column, ()))
        return f"{column} ({values})" if values else column

    def explained(self) -> str:
        """Return in one line what each column was taken for."""
        parts = [f"class = {self.with_examples(self.label)}" if self.label else "class = ?"]
        parts.append("group = " + (" × ".join(map(self.with_examples, self.groups)) or "?"))
        parts.append(f"split = {self.with_examples(self.split)}" if self.split else "test images are drawn")
        return f"{self.table or 'folders'}: {'; '.join(parts)}"

    def guessing(self, text: str) -> Reading:
        """Return this reading with one guess more."""
        return replace(self, guesses=(*self.guesses, text))
