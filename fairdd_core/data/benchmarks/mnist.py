"""MNIST, to be coloured."""

from __future__ import annotations

from functools import partial

import numpy as np

from fairdd_core.data.benchmarks.colored import colored_cards
from fairdd_core.data.benchmarks.torchvision_files import IDX_SIDE, PADDING, idx_content, idx_files, read_idx

NAMES = tuple(str(c) for c in range(10))
THRESHOLD = 128
"""Level from which a pixel of the published digits is white."""


def black_and_white(grey_NHW: np.ndarray) -> np.ndarray:
    """Return the digits as published: of two levels, and with all of the padding at the top and left."""
    ends = slice(PADDING, -PADDING)
    sharp_NHW = np.where(grey_NHW[:, ends, ends] >= THRESHOLD, 255, 0).astype(np.uint8)
    return np.pad(sharp_NHW, ((0, 0), (2 * PADDING, 0), (2 * PADDING, 0)))


CARDS = colored_cards(
    "colored-mnist",
    partial(read_idx, name="MNIST"),
    content=partial(idx_content, name="MNIST"),
    title="Colored MNIST",
    source="MNIST, Y. LeCun, C. Cortes and C. Burges",
    licence="CC BY-SA 3.0",
    ethics="The writers were employees of the US Census Bureau and US high-school students, so digits "
    "written elsewhere look different. Colour stands in for a protected group here and says nothing about "
    "people.",
    size="60 000 training and 10 000 test scans of handwritten digits, 28×28, padded to 32×32",
    what="Handwritten digits",
    thing="digit",
    side=IDX_SIDE,
    class_names=NAMES,
    mirrored=False,
    draw_as_published=black_and_white,
    rendering="As scanned, in grey levels and centred, or “published”: black and white at a threshold of "
    f"{THRESHOLD}, with 4 pixels of padding at the top and left only, normalised with mean and standard "
    "deviation 0.5, as in the papers. Compare with published numbers in that rendering.",
    published_test="dealt",
    files=idx_files(
        "MNIST",
        (
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ),
    ),
    fetch="Take the four IDX files of MNIST from https://ossci-datasets.s3.amazonaws.com/mnist/, unpack them "
    "and put them into MNIST/raw.",
    torchvision="torchvision.datasets:MNIST",
)
