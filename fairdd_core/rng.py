"""Named random streams that all grow from the one seed of a run.

A stream depends on the seed and its name only, never on what was drawn elsewhere, so adding an arm or
an evaluation network leaves every other stream as it was. No global generator and no clock is used.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def child_seed(seed: int, *names: str | int) -> int:
    """Return a 63-bit seed for the stream called ``names`` under ``seed``."""
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def torch_stream(seed: int, *names: str | int) -> torch.Generator:
    """Return a CPU ``torch.Generator`` for the stream called ``names``.

    Draws happen on the CPU and are moved, so that a spec means the same on every device.
    """
    import torch

    return torch.Generator().manual_seed(child_seed(seed, *names))


def numpy_stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return a NumPy generator for the stream called ``names``."""
    return np.random.default_rng(child_seed(seed, *names))
