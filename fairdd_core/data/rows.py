"""Some rows of a large array of images, read and tinted on access."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fairdd_core.data.bias.separation import apply_table


@dataclass(frozen=True)
class ImageRows:
    """A selection of memory-mapped images, used like an array in ``GroupedDataset``.

    Indexing by rows (a number, a slice or an index array, with further indices after it) returns a plain
    array of the chosen images only.

    Attributes:
        x_NCHW: uint8 images, usually memory-mapped.
        rows_N: int64, the selected rows in order.
        table_GCL: uint8 (G, 3, 256), the new level for each level of each channel in each group; None to
            leave the images unchanged.
        a_N: int64, the group of each selected row; needed with a table.
    """

    x_NCHW: np.ndarray = field(repr=False)
    rows_N: np.ndarray = field(repr=False)
    table_GCL: np.ndarray | None = field(default=None, repr=False)
    a_N: np.ndarray | None = field(default=None, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, 3, H, W)."""
        return (len(self.rows_N), *self.x_NCHW.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        """uint8."""
        return self.x_NCHW.dtype

    @property
    def ndim(self) -> int:
        """4."""
        return self.x_NCHW.ndim

    def __len__(self) -> int:
        return len(self.rows_N)

    def __getitem__(self, key: Any) -> np.ndarray:
        first, *rest = key if isinstance(key, tuple) else (key,)
        single = isinstance(first, int | np.integer)
        chosen = np.atleast_1d(np.arange(len(self))[first])
        images = self._read(chosen)
        return images[(0 if single else slice(None), *rest)]

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("the images are not in memory, so a copy cannot be avoided")
        images = self._read(np.arange(len(self)))
        return images if dtype is None else images.astype(dtype)

    def _read(self, chosen_M: np.ndarray) -> np.ndarray:
        rows_M = self.rows_N[chosen_M]
        order = np.argsort(rows_M, kind="stable")  # in file order, which is faster to read
        images = np.empty((len(rows_M), *self.x_NCHW.shape[1:]), self.dtype)
        images[order] = self.x_NCHW[rows_M[order]]
        if self.table_GCL is not None and self.a_N is not None:
            apply_table(images, self.a_N[chosen_M], self.table_GCL)
        return images
