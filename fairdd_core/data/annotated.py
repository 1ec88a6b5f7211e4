"""Images that are annotated with a class and a group each: skew by subsampling, separation by a tint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.bias.separation import tint_table
from fairdd_core.data.bias.subsampling import subsample
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.rows import ImageRows
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream


@dataclass(frozen=True)
class AnnotatedSet:
    """The usable images of a data set, with one class and one group each.

    Attributes:
        x_NCHW: uint8, all images.
        rows_N: the rows of those that are usable; the other arrays belong to these.
        y_N, a_N: int64 class and group indices.
        class_names, group_names: in index order.
        content: digest of the data set (see ``image_store.ImageStore``).
    """

    x_NCHW: np.ndarray
    rows_N: np.ndarray
    y_N: np.ndarray
    a_N: np.ndarray
    class_names: tuple[str, ...]
    group_names: tuple[str, ...]
    content: str = ""

    def split(self, train_N: np.ndarray, test_N: np.ndarray, spec: DataSpec, seed: int) -> Split:
        """Return training and test set with the skew and the separation of ``spec``.

        Args:
            train_N: bool (N,), the images that may be trained on.
            test_N: bool (N,), the test images.
            spec: the bias.
            seed: of the run.

        Raises:
            UserError: when a part is empty, or the skew cannot be reached.
        """
        for name, part_N in (("train on", train_N), ("test", test_N)):
            if not part_N.any():
                raise UserError("data.dataset", f"images to {name}", f"none among {len(self.rows_N)}")
        allowed = kept = np.flatnonzero(train_N)
        if spec.skew is not None:
            rng = numpy_stream(seed, "data", "train")
            y_N, a_N = self.y_N[allowed], self.a_N[allowed]
            kept = allowed[subsample(y_N, a_N, len(self.group_names), spec.skew, self.class_names, rng)]
        table_GCL = tint_table(len(self.group_names), spec.separation)
        train = self._dataset(kept, table_GCL)
        dropped_CG = self._dataset(allowed, None).counts_CG() - train.counts_CG()
        test = self._dataset(np.flatnonzero(test_N), table_GCL)
        return Split(train, test, dropped_CG, content=self.content)

    def _dataset(self, chosen: np.ndarray, table_GCL: np.ndarray | None) -> GroupedDataset:
        rows = ImageRows(self.x_NCHW, self.rows_N[chosen], table_GCL, self.a_N[chosen])
        return GroupedDataset(
            x_NCHW=cast(np.ndarray, rows),  # supports what is asked of images: shape, length and indexing
            y_N=self.y_N[chosen],
            a_N=self.a_N[chosen],
            class_names=self.class_names,
            group_names=self.group_names,
        )
