"""What decides beside the specification which bytes a run ends with: noted, kept, and compared."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_NAMES = {"torch": "torch", "device": "the device", "processor": "the processor"}
_MOST_THREADS = 1024  # a number from a file that somebody sent is not believed beyond that


def surroundings(device: str) -> dict[str, Any]:
    """Return what a run on ``device`` (``cpu`` or ``cuda:n``) would depend on here; imports no torch."""
    return {"torch": metadata.version("torch"), "device": device, "processor": processor()}


def take_up(device: str, attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Make this process compute as the first attempt at its run did, and return what it runs in.

    Sums over threads depend on how many there are; so a run that goes on takes as many as it began with.

    Args:
        device: of the run.
        attempts: earlier ones at the same run, as returned from here.
    """
    import torch

    before = attempts[0].get("threads") if attempts else None
    if isinstance(before, int) and 0 < before <= _MOST_THREADS:
        torch.set_num_threads(before)
    return {**surroundings(device), "threads": torch.get_num_threads()}


def drift(attempts: Sequence[Mapping[str, Any]]) -> str:
    """Say why a run may end with other bytes than without interruption; empty when it ends with the same.

    Args:
        attempts: of the run, the first one first; all but the first may come from ``surroundings``.
    """
    first, *later = attempts or [{}]
    if not later:
        return ""
    changes = []
    for name, words in _NAMES.items():
        others = {str(one[name]): None for one in later if name in one and one[name] != first.get(name)}
        if name in first and others:
            changes.append(f"{words} was {first[name]} and then {', then '.join(others)}")
    if str(first.get("device", "")).startswith("cuda") and not changes:
        changes.append("a GPU adds up in no fixed order")
    if not changes:
        return ""
    return f"The last digits may differ from those of an uninterrupted run: {'; '.join(changes)}."


@cache
def processor() -> str:
    """Return the model of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()
