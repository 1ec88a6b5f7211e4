"""What a file of synthetic images holds, before it is known what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairdd_core.data.grouped import Normalisation
from fairdd_core.errors import UserError
from fairdd_core.text import one_line

FIELD = "file"
MAX_IMAGES = 50_000
"""Of one experiment."""
_SHOWN = 6


@dataclass(frozen=True)
class Opaque:
    """Something in a file that is neither numbers nor text; ``kind`` says what."""

    kind: str


Node = np.ndarray | dict[str, "Node"] | list["Node"] | str | float | int | bool | None | Opaque
"""The content of a file: arrays in nested dictionaries and lists."""


@dataclass(frozen=True)
class Target:
    """The data set that a distilled set is for.

    Attributes:
        class_names: in index order.
        side: of the images in pixels.
        title: of the data set.
        normalisation: name of the normalisation that published code uses on it; empty when unknown.
    """

    class_names: tuple[str, ...]
    side: int
    title: str = "the data set"
    normalisation: str = ""

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)


@dataclass(frozen=True)
class Experiment:
    """One distilled set in a file, with the numbers as they are stored.

    Attributes:
        name: in the file; empty when there is just one.
        images: numbers of any layout that has images in it.
        labels: (N,) or (N, C); None when the file has none.
        normalisation: that the file states; None when it states none.
        notes: what to tell people about how the file was read.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray | None = None
    normalisation: Normalisation | None = None
    notes: tuple[str, ...] = ()


def refusal(expected: str, got: object, hint: str = "") -> UserError:
    """Return the error for a file that cannot be used."""
    return UserError(FIELD, expected, one_line(got)[:300], hint)


def outline(node: Node) -> str:
    """Return in a line what a file holds."""
    match node:
        case np.ndarray():
            return f"an array {'×'.join(map(str, node.shape)) or 'of one number'}"
        case dict():
            shown = [f"{one_line(name)[:40]}: {_short(value)}" for name, value in list(node.items())[:_SHOWN]]
            return f"{{{', '.join(shown)}{', …' if len(node) > _SHOWN else ''}}}"
        case list():
            shown = [_short(value) for value in node[:_SHOWN]]
            return f"[{', '.join(shown)}{', …' if len(node) > _SHOWN else ''}]"
        case Opaque(kind):
            return kind
    return type(node).__name__


def _short(node: Node) -> str:
    match node:
        case dict():
            return f"{len(node)} entries"
        case list():
            return f"a list of {len(node)}"
    return outline(node)
