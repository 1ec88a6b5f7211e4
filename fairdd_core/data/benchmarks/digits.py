"""The 8×8 handwritten digits that come with scikit-learn, to be coloured."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from fairdd_core.data.benchmarks.colored import colored_cards
from fairdd_core.data.benchmarks.torchvision_files import TrainTest
from fairdd_core.files import file_digest

SIDE = 16
TEST_PER_CLASS = 50
NAMES = tuple(str(c) for c in range(10))


@lru_cache(maxsize=1)
def read_digits(data_dir: Path | None = None) -> TrainTest:
    """Return 1 297 training and 500 test digits at 16×16, 50 test digits of each class.

    ``data_dir`` is not used: the scans (E. Alpaydin, C. Kaynak, UCI Optical Recognition of Handwritten
    Digits) come with scikit-learn.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    bunch = load_digits()
    small_NHW = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    large_NHW = np.stack(
        [np.asarray(Image.fromarray(i).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for i in small_NHW]
    )
    y_N = bunch.target.astype(np.int64)
    # The last scans of each class, whatever the seed: runs with different seeds share one test set.
    test = np.zeros(len(y_N), bool)
    for c in range(10):
        test[np.flatnonzero(y_N == c)[-TEST_PER_CLASS:]] = True
    return TrainTest(large_NHW[~test], y_N[~test], large_NHW[test], y_N[test])


def digits_content(data_dir: Path | None = None) -> str:
    """Return the digest of the file of scans, without importing scikit-learn, which takes a second."""
    package = find_spec("sklearn")
    assert package is not None and package.origin is not None
    return file_digest(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz")


CARDS = colored_cards(
    "colored-digits",
    read_digits,
    content=digits_content,
    title="Colored Digits",
    source="Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning "
    "Repository; its test scans come with scikit-learn",
    licence="CC BY 4.0",
    ethics="The writers were 13 people in Istanbul, so other ways of writing digits are missing. Colour "
    "stands in for a protected group here and says nothing about people.",
    size="1 297 training and 500 test scans of handwritten digits, 8×8, enlarged to 16×16",
    what="Handwritten digits",
    thing="digit",
    side=SIDE,
    class_names=NAMES,
    train_counts=tuple((n,) for n in (128, 132, 127, 133, 131, 132, 131, 129, 124, 130)),
    mirrored=False,
)
