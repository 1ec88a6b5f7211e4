"""What the face data sets have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SIDE = 64
IMAGES = (".jpg", ".jpeg", ".png")
TINT = (
    "0: the faces as found. Above, each group gets a tint of its own hue, of equal mean brightness, that "
    "grows up to 96 levels at 1: an added, visible cue beside whatever tells the groups apart already."
)
SKEW = "Skew leaves images out of the training set until the largest group of each class has that share."


def image_names(folder: Path) -> Iterator[str]:
    """Yield the images under a folder, relative to it, in an order that does not depend on the disk."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from (f"{entry.name}/{name}" for name in image_names(Path(entry.path)))
        elif entry.name.lower().endswith(IMAGES):
            yield entry.name
