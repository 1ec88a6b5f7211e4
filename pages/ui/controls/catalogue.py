"""The data sets of this machine: those that come with the explorer, and those that were added."""

from __future__ import annotations

from fairdd_core.data.card import DatasetCard
from fairdd_core.data.registry import cards
from fairdd_core.workspace import Workspace


def catalogue() -> dict[str, DatasetCard]:
    """Return the card of every data set by its name; asked anew each time, for sets come and go."""
    return cards(Workspace.default().data)
