"""What a user says about a set that is to be added."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fairdd_core.config.spec.base import Settings

MAX_FILES = 400_000
MAX_IMAGES = 300_000
MAX_TABLE_BYTES = 200_000_000
MAX_IMAGE_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 50_000_000_000
MAX_RATIO = 100
"""An archive may unpack to so many times its size (above 50 MB): images hardly shrink, bombs do."""
MAX_CLASSES, MAX_GROUPS = 100, 50
MAX_NAME = 80
TRUSTED_TEST = 30
"""Below so many test images the 95 % interval of a rate near one half is wider than ±18 points."""
TRUSTED_TRAIN = 10


class Options(Settings):
    """How a set is read.

    Attributes:
        file_column, label_column: names of the columns.
        group_columns: crossed in this order; empty for all whose name begins with ``group``.
        split_column: says ``train`` or ``test``; empty for the column ``split`` where there is one.
        test_share: of every cell, where nothing says what is tested.
        seed: of the draw of the test images.
        side: height and width to which images are brought, in pixels.
        skip_bad: leave out images with a problem of their own instead of refusing the set.
    """

    file_column: str = "file"
    label_column: str = "label"
    group_columns: tuple[str, ...] = ()
    split_column: str = ""
    test_share: float = Field(0.25, gt=0, lt=1)
    seed: int = Field(0, ge=0, lt=2**31)
    side: Literal[32, 64] = 32
    skip_bad: bool = False
