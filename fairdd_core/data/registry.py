"""The data sets. Adding one is a file with a loader and a line in ``DATASETS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fairdd_core.data.colored import coloured_loader, test_in_every_colour, test_in_one_colour
from fairdd_core.data.digits import read_digits
from fairdd_core.data.grouped import Split
from fairdd_core.data.mnist import read_mnist
from fairdd_core.data.noise import with_conditions
from fairdd_core.data.spec import DataSpec
from fairdd_core.errors import lookup


@dataclass(frozen=True)
class DatasetCard:
    """What a user should know before choosing a data set.

    Attributes:
        title: name for people.
        summary: what it is and how it is biased.
        source: where it comes from and under which licence.
        side: height and width of the images in pixels.
        classes: number of classes.
        max_groups: largest number of groups.
        needs_files: whether files must be put in the data folder first.
        load: ``(spec, seed, data_dir) -> Split``.
    """

    title: str
    summary: str
    source: str
    side: int
    classes: int
    max_groups: int
    needs_files: bool
    load: Callable[[DataSpec, int, Path], Split]


_DIGITS = "8×8 scans of handwritten digits bundled with scikit-learn (UCI Optical Recognition, CC BY 4.0)"
_MNIST = "MNIST by LeCun, Cortes and Burges (CC BY-SA 3.0)"


def _coloured(title: str, source: str, side: int, place: str, *, files: bool) -> DatasetCard:
    inked = place == "foreground"
    return DatasetCard(
        title=f"{title} ({'digit' if inked else 'background'} coloured)",
        summary=f"Handwritten digits {'drawn in' if inked else 'in black on'} one colour per group; "
        "most of each class has the same colour, so colour gives the class away. "
        + ("Each test digit has one colour." if files else "Each test digit is shown in every colour."),
        source=source,
        side=side,
        classes=10,
        max_groups=10,
        needs_files=files,
        load=coloured_loader(
            read_mnist if files else read_digits,
            "foreground" if inked else "background",
            test_in_one_colour if files else test_in_every_colour,
        ),
    )


DATASETS: dict[str, DatasetCard] = {
    "colored-digits-fg": _coloured("Colored Digits", _DIGITS, 16, "foreground", files=False),
    "colored-digits-bg": _coloured("Colored Digits", _DIGITS, 16, "background", files=False),
    "colored-mnist-fg": _coloured("Colored MNIST", _MNIST, 32, "foreground", files=True),
    "colored-mnist-bg": _coloured("Colored MNIST", _MNIST, 32, "background", files=True),
}


def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
    """Load and bias a data set.

    Args:
        spec: which one, and how biased.
        seed: of the run; decides which image gets which group.
        data_dir: folder under which files of data sets are looked for.

    Raises:
        UserError: unknown name, unreachable skew, missing files, or too few known groups.
    """
    split = lookup(DATASETS, spec.dataset, "data.dataset").load(spec, seed, data_dir)
    return with_conditions(split, spec, seed)
