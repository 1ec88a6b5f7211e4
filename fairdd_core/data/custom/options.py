"""How a set that is to be added is read, and how large it may be."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from fairdd_core.config.spec.base import Settings
from fairdd_core.zip_guard import Limits

MAX_FILES = 400_000
MAX_IMAGES = 300_000
MAX_TABLE_BYTES = 200_000_000
MAX_IMAGE_BYTES = 50_000_000
LIMITS = Limits(
    entries=MAX_FILES,
    size=50_000_000_000,
    ratio=100,
    small=50_000_000,
    shrinking=(".bmp", ".dib", ".ppm", ".pgm", ".pbm", ".pnm", ".tif", ".tiff"),
)
"""Of a zip file: images hardly shrink unless they are plain bitmaps, zip bombs do."""
MAX_CLASSES, MAX_GROUPS = 100, 50
MAX_GROUP_COLUMNS = 16
MAX_NAME = 80
TRUSTED_TEST = 30
"""With fewer test images the 95 % interval of a rate near one half is wider than ±18 points."""
TRUSTED_TRAIN = 10


class Options(Settings):
    """How a set is read; titles and descriptions are those of the Data screen and of the command line."""

    table: str = Field(
        "",
        title="Table",
        description="Table that describes the images, where there are several. Default: the one above all of "
        "them.",
    )
    file_column: str = Field(
        "",
        title="File column",
        description="Column of the table with the paths of the images. Default: file, else the one whose "
        "values are files.",
    )
    label_column: str = Field(
        "",
        title="Label column",
        description="Column of the table, or level of the folders such as 'folder 1', with the class to "
        "predict. Default: label, or the upper of two levels.",
    )
    group_columns: tuple[str, ...] = Field(
        (),
        title="Group columns",
        description="One column, or several separated by commas. Several are crossed: each combination is a "
        "group. Default: all columns whose name begins with group, or the lower of two levels of folders.",
    )
    split_column: str = Field(
        "",
        title="Split column",
        description="Column that says train or test. Default: split, if there is one; without it, or "
        "with none, test images are drawn from every class and group.",
    )
    test_share: float = Field(
        0.25,
        gt=0,
        lt=1,
        title="Test share",
        description="Share of test images in every class and group, where no split column names them.",
    )
    seed: int = Field(0, ge=0, lt=2**31, title="Seed", description="Another seed draws other test images.")
    side: Literal[32, 64] = Field(
        32,
        title="Size",
        description="Height and width of the images in pixels: the short side is resized, then the centre is "
        "kept. 64 takes four times as long to distil.",
    )
    skip_bad: bool = Field(
        False,
        title="Leave out images with problems",
        description="Add the rest when rows or images have problems of their own.",
    )

    @field_validator("group_columns", mode="before")
    @classmethod
    def _split_names(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value
