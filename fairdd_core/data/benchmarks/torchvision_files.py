"""Files of data sets that torchvision reads and downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from fairdd_core.data.card import DataFile
from fairdd_core.errors import UserError
from fairdd_core.files import file_digest

PADDING = 2
"""From the 28×28 of the IDX files to the 32×32 of the published runs."""
IDX_SIDE = 28 + 2 * PADDING
_IDX_SIZES = {
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
"""The four files and their bytes when unpacked, the same for every data set of this layout."""


@dataclass(frozen=True)
class TrainTest:
    """Training and test images, uint8, with class indices int64 (N,).

    Grey images are (N, H, W), bright on black; colour images (N, 3, H, W).
    """

    train_x: np.ndarray
    train_y_N: np.ndarray
    test_x: np.ndarray
    test_y_N: np.ndarray

    def digest(self) -> str:
        """Return the SHA-256 of images and classes."""
        digest = hashlib.sha256()
        for array in (self.train_x, self.train_y_N, self.test_x, self.test_y_N):
            digest.update(f"{array.shape}\n".encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def read_torchvision(name: str, data_dir: Path, folder: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return images, as torchvision lays them out, and classes int64 (N,) of training and test part.

    Args:
        name: class in ``torchvision.datasets``.
        data_dir: the data folder.
        folder: where the class reads in it.

    Raises:
        UserError: when a file cannot be read or is not the published one.
    """
    from torchvision import datasets

    parts = []
    for train in (True, False):
        try:
            part = getattr(datasets, name)(str(data_dir), train=train, download=False)
        except (RuntimeError, OSError, KeyError, ValueError, AssertionError) as error:
            expected = f"the published files in {data_dir / folder}"
            hint = "Delete that folder and fetch it again."
            raise UserError("data.dataset", expected, error, hint) from error
        parts.append((np.asarray(part.data), np.asarray(part.targets, np.int64)))
    return parts


def idx_files(folder: str, md5: tuple[str, ...] = ("", "", "", "")) -> tuple[DataFile, ...]:
    """Return the four IDX files of a data set, with the checksums of the unpacked files where known."""
    pairs = zip(_IDX_SIZES.items(), md5, strict=True)
    return tuple(DataFile(f"{folder}/raw/{name}", size, digest) for (name, size), digest in pairs)


def idx_content(data_dir: Path, name: str) -> str:
    """Return the digest of the four files that ``read_idx`` reads.

    Raises:
        OSError: when one cannot be read.
    """
    return digest_of([data_dir / file.path for file in idx_files(name)])


def digest_of(files: Iterable[Path]) -> str:
    """Return one digest of the content of several files, in their order.

    Raises:
        OSError: when one cannot be read.
    """
    return hashlib.sha256("\n".join(map(file_digest, files)).encode()).hexdigest()


@lru_cache(maxsize=2)
def read_idx(data_dir: Path, name: str) -> TrainTest:
    """Return the grey images under ``data_dir/name/raw``, padded to 32×32.

    Raises:
        UserError: when the files cannot be read.
    """
    (train, y_N), (test, z_N) = read_torchvision(name, data_dir, f"{name}/raw")
    margins = ((0, 0), (PADDING, PADDING), (PADDING, PADDING))
    return TrainTest(np.pad(train, margins), y_N, np.pad(test, margins), z_N)
