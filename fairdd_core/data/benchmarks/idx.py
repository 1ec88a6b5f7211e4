"""MNIST's IDX files through torchvision, padded from 28×28 to the 32×32 of the published runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fairdd_core.data.benchmarks.colored import GreySource
from fairdd_core.data.card import DataFile
from fairdd_core.errors import UserError

PADDING = 2
SIDE = 32
SIZES = {
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
"""The four files and their bytes when unpacked; the same for every set of this layout."""


def idx_files(folder: str, md5: tuple[str, ...] = ("", "", "", "")) -> tuple[DataFile, ...]:
    """Return the files of a set of this layout, with the checksums of the unpacked files where known."""
    pairs = zip(SIZES.items(), md5, strict=True)
    return tuple(DataFile(f"{folder}/raw/{name}", size, digest) for (name, size), digest in pairs)


def read_idx(data_dir: Path, torchvision_class: str, class_names: tuple[str, ...]) -> GreySource:
    """Return the training and test images found under ``data_dir/CLASS/raw``.

    Args:
        data_dir: the data folder.
        torchvision_class: name of the class, which is the name of the folder too.
        class_names: in index order.

    Raises:
        UserError: when the files cannot be read.
    """
    train_NHW, train_y_N = _read_part(data_dir, torchvision_class, train=True)
    test_NHW, test_y_N = _read_part(data_dir, torchvision_class, train=False)
    return GreySource(train_NHW, train_y_N, test_NHW, test_y_N, class_names)


def _read_part(data_dir: Path, name: str, *, train: bool) -> tuple[np.ndarray, np.ndarray]:
    from torchvision import datasets

    try:
        part = getattr(datasets, name)(str(data_dir), train=train, download=False)
    except (RuntimeError, ValueError, AssertionError, OSError) as error:
        raise UserError(
            "data.dataset", f"readable IDX files in {data_dir / name / 'raw'}", error, "Fetch them again."
        ) from error
    margins = ((0, 0), (PADDING, PADDING), (PADDING, PADDING))
    return np.pad(part.data.numpy(), margins), part.targets.numpy().astype(np.int64)
