"""Entries of the registries: the description of a component and the location of its code.

The dashboard and the command line read descriptions without waiting for torch: the code is imported when the
component is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Card:
    """A component under a name.

    Attributes:
        title: short name on screens.
        summary: one plain sentence.
        code: ``module:attribute`` of the class or function that builds it.
    """

    title: str
    summary: str
    code: str

    def build(self, *arguments: Any) -> Any:
        """Import the code and return what it makes of the arguments."""
        module, attribute = self.code.split(":")
        return getattr(import_module(module), attribute)(*arguments)
