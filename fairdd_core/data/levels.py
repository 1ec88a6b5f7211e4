"""Grey levels beyond eight bits: which of them is black and which is white, decided once for a whole set.

A file of 16 bits may hold 8, 10, 12, 14 or 16 bits, and a file of fractions any range. One image cannot tell:
a dark picture would become bright. So the range follows from the lowest and the highest level of all images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

DEEP_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I", "F"})
"""PIL's modes of grey images with more than eight bits."""
_TOPS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
_LEAST = 1 / 8
"""Share of a range above 0 to 1 that the brightest fraction must reach, else the range is not that one."""
_SLACK = 1e-3
"""Share of the range by which levels may go beyond it, as those of resampled pictures do."""


@dataclass(frozen=True)
class Levels:
    """The levels that become 0 and 255."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def hold(self, pixels: np.ndarray) -> bool:
        """Return whether all levels are finite and lie in the range, or beyond it by rounding only."""
        slack = _SLACK * (self.high - self.low)
        return bool(np.isfinite(pixels).all()) and bool(
            ((pixels >= self.low - slack) & (pixels <= self.high + slack)).all()
        )

    def to_bytes(self, pixels: np.ndarray) -> np.ndarray:
        """Return levels as uint8; those beyond the range become 0 or 255."""
        return np.clip(np.rint((pixels - self.low) * (255.0 / (self.high - self.low))), 0, 255).astype(
            np.uint8
        )


Ranges = Mapping[str, Levels | None]
"""By kind: ``"I"``, whole numbers, and ``"F"``, fractions."""
FULL: Ranges = {"I": Levels(0.0, 65535.0)}


def kind_of(mode: str) -> str:
    """Return the kind of one of PIL's deep modes."""
    return "F" if mode == "F" else "I"


def common_range(kind: str, ranges: Iterable[tuple[float, float]]) -> Levels | None:
    """Return the range of all images of a kind, or None when no usual one holds their levels.

    Args:
        kind: of the images.
        ranges: lowest and highest level of each image.
    """
    lows, highs = zip(*ranges, strict=True)
    low, high = min(lows), max(highs)
    if kind == "I":
        return next((Levels(0.0, top) for top in _TOPS if 0 <= low <= high <= top), None)
    usual = (Levels(0.0, 1.0), Levels(-1.0, 1.0), *(Levels(0.0, top) for top in _TOPS))
    found = next((levels for levels in usual if levels.hold(np.array([low, high]))), None)
    if found is not None and found.high > 1 and high < _LEAST * found.high:
        return None
    return found
