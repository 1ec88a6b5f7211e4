"""What decides, besides the specification, which bytes a run ends with: recorded and compared."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from fairdd_core.runs.storage.cache import code_version

_NAMES = {"torch": "torch", "device": "the device", "processor": "the processor", "code": "the code"}
_MAX_THREADS = 1024  # the number may come from an imported file


def describe_environment(device: str) -> dict[str, Any]:
    """Return what a run on ``device`` (``cpu`` or ``cuda:n``) would depend on here; imports no torch."""
    versions = {"torch": metadata.version("torch"), "code": code_version()}
    return {**versions, "device": device, "processor": processor()}


def restore_environment(device: str, attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Use as many threads as the first attempt at a run did, and return the environment of this one.

    Sums over threads depend on how many there are.

    Args:
        device: of the run.
        attempts: the environments of earlier attempts at the run, as returned from here.
    """
    import torch

    threads = attempts[0].get("threads") if attempts else None
    if isinstance(threads, int) and 0 < threads <= _MAX_THREADS:
        torch.set_num_threads(threads)
    return {**describe_environment(device), "threads": torch.get_num_threads()}


def describe_drift(attempts: Sequence[Mapping[str, Any]]) -> str:
    """Return why a resumed run may end with other bytes than an uninterrupted one; empty when it does not.

    Args:
        attempts: the environments of the attempts at the run, the first one first.
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
