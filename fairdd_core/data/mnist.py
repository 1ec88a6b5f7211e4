"""MNIST through torchvision, padded from 28×28 to the 32×32 of the published runs."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from fairdd_core.data.colored import GreySource
from fairdd_core.errors import UserError

PADDING = 2
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@lru_cache(maxsize=2)
def read_mnist(data_dir: Path) -> GreySource:
    """Return the 60 000 training and 10 000 test digits found under ``data_dir/MNIST/raw``.

    Raises:
        UserError: when files are missing or cannot be read: which ones, and where they belong.
    """
    raw = data_dir / "MNIST" / "raw"
    missing = [name for name in FILES if not (raw / name).exists()]
    if missing:
        raise UserError(
            "data.dataset",
            f"the files of MNIST in {raw}",
            "no " + ", ".join(missing),
            "Put the unpacked IDX files there, set FAIRDD_DATA to a folder that has MNIST/raw, "
            "or choose colored-digits-fg, which needs no files.",
        )
    train_NHW, train_y_N = _read_part(data_dir, train=True)
    test_NHW, test_y_N = _read_part(data_dir, train=False)
    return GreySource(train_NHW, train_y_N, test_NHW, test_y_N, tuple(str(c) for c in range(10)))


def _read_part(data_dir: Path, *, train: bool) -> tuple[np.ndarray, np.ndarray]:
    from torchvision.datasets import MNIST

    try:
        part = MNIST(str(data_dir), train=train, download=False)
    except (RuntimeError, ValueError, AssertionError, OSError) as error:
        raise UserError(
            "data.dataset", f"readable IDX files in {data_dir / 'MNIST' / 'raw'}", error, "Fetch them again."
        ) from error
    margins = ((0, 0), (PADDING, PADDING), (PADDING, PADDING))
    return np.pad(part.data.numpy(), margins), part.targets.numpy().astype(np.int64)
