"""Errors that are shown to users as a message instead of a traceback."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")
LONGEST = 400
"""Letters of a value that a message repeats."""


class UserError(ValueError):
    """Invalid input, described so that the user can correct it.

    Attributes:
        field: dotted name of the setting at fault, e.g. ``data.skew``.
        expected: the values that are accepted.
        got: the value at hand.
        hint: one next action; may be empty.
    """

    def __init__(self, field: str, expected: str, got: object, hint: str = "") -> None:
        self.field = field
        self.expected = expected
        self.got = got
        self.hint = hint
        text = str(got)
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        message = f"{field}: expected {expected}, got {text}."
        super().__init__(f"{message} {hint}".strip())


def lookup(registry: Mapping[str, T], name: str, field: str) -> T:
    """Return ``registry[name]``.

    Raises:
        UserError: when the name is unknown; the message lists the known ones.
    """
    if name not in registry:
        raise UserError(field, "one of " + ", ".join(registry), repr(name))
    return registry[name]


class Diverged(RuntimeError):  # noqa: N818 - it names what happened
    """The matching loss is no longer finite.

    Attributes:
        hint: one next action.
    """

    hint = "Launch again with a smaller step size of the images (on the command line: --lr)."
