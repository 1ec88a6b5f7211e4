"""Repeats: runs that differ in nothing but the seed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import deciding
from fairdd_core.errors import UserError

MAX_REPEATS = 50
"""Runs of one launch."""
MAX_SEED = 2**31 - 1
_PART = re.compile(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?")


def repeat_key(spec: RunSpec) -> str:
    """Return the same text for runs that are repeats of one another, another one for all other runs.

    Repeats agree in everything that decides an arm's numbers but the seed. The device, the preset's name, the
    maps and the number of snapshots decide none; the order of the arms does not count.
    """
    same = spec.model_copy(update={"seed": 0, "device": "cpu"})
    arms = sorted(arm.model_dump_json() for arm in spec.distill.arms)
    return hashlib.sha256("\n".join([deciding(same), *arms]).encode()).hexdigest()[:16]


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that a text such as ``0-4`` or ``0,3,7-9`` names, ascending and each once.

    Raises:
        UserError: when it is no list of seeds and ranges, or names more than ``MAX_REPEATS``.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise UserError("seeds", "seeds and ranges of them, as in 0-4 or 0,3,7", repr(text))
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise UserError("seeds", "ranges that go up", repr(part.strip()), f"Write {last}-{first}.")
        if last > MAX_SEED:
            raise UserError("seeds", f"at most {MAX_SEED}", last)
        if last - first < MAX_REPEATS:
            found.update(range(first, last + 1))
        if last - first >= MAX_REPEATS or len(found) > MAX_REPEATS:
            raise UserError("seeds", f"at most {MAX_REPEATS} seeds", repr(text), "Take fewer.")
    return tuple(sorted(found))


def seeds_from(first: int, count: int) -> tuple[int, ...]:
    """Return ``count`` seeds from ``first`` on.

    Raises:
        UserError: when the last of them would be too large, or there are more than ``MAX_REPEATS``.
    """
    if not 1 <= count <= MAX_REPEATS:
        raise UserError("repeats", f"1 to {MAX_REPEATS}", count)
    if first + count - 1 > MAX_SEED:
        raise UserError("seed", f"at most {MAX_SEED - count + 1} for {count} repeats", first)
    return tuple(range(first, first + count))


def seeds_text(seeds: Sequence[int]) -> str:
    """Return seeds as ``parse_seeds`` reads them, with ranges for three or more in a row."""
    ordered = sorted(set(seeds))
    starts = [i for i, seed in enumerate(ordered) if i == 0 or seed != ordered[i - 1] + 1]
    parts: list[str] = []
    for start, end in pairwise([*starts, len(ordered)]):
        block = ordered[start:end]
        parts += [f"{block[0]}-{block[-1]}"] if len(block) > 2 else map(str, block)
    return ",".join(parts)
