"""What the Data page says about a set, and the pictures of its cells. No Streamlit here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from fairdd_core.data.custom.options import TRUSTED_TEST, TRUSTED_TRAIN
from fairdd_core.data.custom.problems import OF_A_ROW
from fairdd_core.data.custom.validation import ValidationReport

PATCH = 2
"""A cell's picture is so many images wide and high."""
SHOWN_CLASSES, SHOWN_GROUPS = 12, 12


def slug(title: str) -> str:
    """Return a name for a set from what people call it; empty when nothing is left of it."""
    ascii_text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:40].strip("-")


def proposed_title(source: str) -> str:
    """Return what to call a set by the name of its file or folder."""
    return re.sub(r"\.(zip|csv|tsv)$", "", source, flags=re.IGNORECASE).replace("_", " ").strip()


def verdict(found: ValidationReport) -> str:
    """Say in Markdown what came of looking through a set."""
    fatal, notes = len(found.problems.fatal), len(found.problems) - len(found.problems.fatal)
    also = f" There {_are(notes, 'note')} too." if notes else ""
    if not found.valid:
        single = all(problem.kind in OF_A_ROW for problem in found.problems.fatal)
        way = " Or leave out these images, under **Columns, size and test set**." if single else ""
        return f"**This set cannot be added yet.** {_count(fatal, 'problem')} must be solved.{way}{also}"
    assert found.cells is not None
    size = f"{_count(len(found.rows), 'image')}, {len(found.cells.class_names)} classes"
    return f"**Ready to add**: {size}, {len(found.cells.group_names)} groups.{also}"


def cells_warning(train_CG: np.ndarray, test_CG: np.ndarray) -> str:
    """Say in Markdown how many cells are empty or too small to trust; nothing when all are large enough."""
    parts = []
    for counts, trusted, what in (
        (train_CG, TRUSTED_TRAIN, "train on"),
        (test_CG, TRUSTED_TEST, "test"),
    ):
        empty, small = int((counts == 0).sum()), int(((counts > 0) & (counts < trusted)).sum())
        if empty or small:
            shares = [f"{n} {word}" for n, word in ((empty, "empty"), (small, f"below {trusted}")) if n]
            parts.append(f"images to {what}: {' and '.join(shares)} of {counts.size} cells")
    if not parts:
        return ""
    text = "; ".join(parts)
    return (
        f"**Some cells are too small to trust.** {text[0].upper()}{text[1:]}. "
        f"A rate near one half is known to within ±18 points from {TRUSTED_TEST} images, to within ±31 from "
        "10; a smaller gap between groups may be luck."
    )


def patches(
    tiles: Mapping[tuple[int, int], Sequence[np.ndarray]], classes: int, groups: int, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Lay out up to four images of every cell as one picture.

    Args:
        tiles: (class, group) -> uint8 images (3, S, S).
        classes: C.
        groups: G.
        side: S.

    Returns:
        uint8 (G', C', 3, 2·S, 2·S) for the first groups and classes, and bool (G', C'), False where a cell is
        empty.
    """
    rows, columns = min(groups, SHOWN_GROUPS), min(classes, SHOWN_CLASSES)
    pictures = np.full((rows, columns, 3, PATCH * side, PATCH * side), 127, np.uint8)
    present = np.zeros((rows, columns), bool)
    for (c, g), images in tiles.items():
        if g >= rows or c >= columns or not images:
            continue
        present[g, c] = True
        for i in range(PATCH * PATCH):
            y, x = divmod(i, PATCH)
            where = (slice(y * side, (y + 1) * side), slice(x * side, (x + 1) * side))
            pictures[g, c, :, where[0], where[1]] = images[i % len(images)]
    return pictures, present


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}".replace(",", "\u202f")


def _are(n: int, what: str) -> str:
    return f"{'is' if n == 1 else 'are'} {_count(n, what)}"
