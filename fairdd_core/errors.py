"""The one kind of error that a user can cause, and that must never reach them as a traceback."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


class UserError(ValueError):
    """Bad input, described so that the user can mend it.

    Attributes:
        field: dotted name of the setting at fault, e.g. ``data.skew``.
        expected: what would have been accepted.
        got: what came instead.
        hint: one thing to do next (may be empty).
    """

    def __init__(self, field: str, expected: str, got: object, hint: str = "") -> None:
        self.field = field
        self.expected = expected
        self.got = got
        self.hint = hint
        message = f"{field}: expected {expected}, got {got}."
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
    """The matching loss stopped being a number.

    Attributes:
        hint: one thing to do next.
    """

    hint = "Launch again with a smaller step size of the images (on the command line: --lr)."
