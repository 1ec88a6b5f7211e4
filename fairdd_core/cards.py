"""What the registries hold: a name's description, and where its code is.

The dashboard and the command line read descriptions without waiting for torch, so the code is imported only
when something is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Card:
    """A component under a name.

    Attributes:
        title: short name for people.
        summary: one plain sentence.
        code: ``module:attribute`` of what builds it.
    """

    title: str
    summary: str
    code: str

    def build(self, *arguments: Any) -> Any:
        """Import the code and call it."""
        module, attribute = self.code.split(":")
        return getattr(import_module(module), attribute)(*arguments)
