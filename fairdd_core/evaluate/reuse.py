"""What the evaluation needs of a cache of results (see ``runs.storage.cache``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Kept:
    """A result that an earlier run computed.

    Attributes:
        arrays: by name.
        about: the rest, as JSON.
        run: id of that run.
    """

    arrays: dict[str, np.ndarray]
    about: dict[str, Any] = field(default_factory=dict)
    run: str = ""


class Cache(Protocol):
    """Results by what they depend on: all of it, as JSON, apart from the code and the machine."""

    def recall(self, depends: Mapping[str, Any]) -> Kept | None:
        """Return an earlier result, or None without one."""

    def keep(
        self,
        depends: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a result for later runs."""


class NoCache:
    """Keeps nothing."""

    def recall(self, depends: Mapping[str, Any]) -> Kept | None:
        """Return None."""

    def keep(
        self,
        depends: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Do nothing."""
