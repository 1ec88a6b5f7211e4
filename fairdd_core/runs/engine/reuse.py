"""The cache of results as one run uses it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

from fairdd_core.evaluate.reuse import Kept
from fairdd_core.runs.storage.cache import ResultCache, key_of

_LIBRARIES = ("numpy", "torch", "torchvision")
log = logging.getLogger("worker")


class RunCache:
    """Results of earlier runs by what they depend on, the code and this machine included."""

    def __init__(
        self,
        cache: ResultCache,
        run: str,
        environment: Mapping[str, Any],
        device: str,
        *,
        fresh: bool = False,
    ) -> None:
        """Bind a cache to a run.

        Args:
            cache: of the workspace.
            run: id of the run.
            environment: of this attempt at it (see ``environment.restore_environment``).
            device: in words.
            fresh: whether to compute everything anew. What is computed is kept all the same.
        """
        versions = {name: metadata.version(name) for name in _LIBRARIES}
        self._machine = {**environment, "device": device, "versions": versions}
        self._cache, self._run, self._fresh = cache, run, fresh

    def recall(self, depends: Mapping[str, Any]) -> Kept | None:
        """Return an earlier result, or None without one."""
        if self._fresh:
            return None
        kept = self._cache.get(key_of(self._all(depends)))
        if kept is not None:
            log.info("Reused from run %s: %s", kept.run, depends.get("result"))
        return kept

    def keep(
        self,
        depends: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a result for later runs."""
        everything = self._all(depends)
        self._cache.put(key_of(everything), arrays, about or {}, self._run, everything)

    def _all(self, depends: Mapping[str, Any]) -> dict[str, Any]:
        return {**depends, "machine": self._machine}
