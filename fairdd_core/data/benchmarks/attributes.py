"""Data sets whose groups come with the images: attributes, skew by leaving out, a tint as separation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.bias.crossing import cross
from fairdd_core.data.bias.separation import tint_table
from fairdd_core.data.bias.subsampling import subsample
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.image_store import ImageStore, Progress
from fairdd_core.data.rows import ImageRows
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream

TRAIN, TEST, NEITHER = 0, 1, 2


@dataclass(frozen=True)
class AnnotatedImages:
    """Images with everything they are annotated with.

    Attributes:
        store: the resized images.
        values: attribute -> int64 (N,), indices into the card's names; -1 where there is none of them.
        part_N: int64 (N,): ``TRAIN``, ``TEST`` or ``NEITHER``; None where the archive knows no parts.
    """

    store: ImageStore
    values: Mapping[str, np.ndarray]
    part_N: np.ndarray | None = None


Reader = Callable[[Path, Progress | None], AnnotatedImages]
TestRule = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From the (class, group) cell (N,) and the part (N,) of each usable image to bool (N,): is it tested?"""


def balanced_holdout(most: int, one_of: int = 3) -> TestRule:
    """Return a rule that tests equally many images of every cell and trains on the rest.

    Args:
        most: images per cell.
        one_of: so many images of the smallest cell, one may be tested.
    """

    def rule(cell_N: np.ndarray, part_N: np.ndarray) -> np.ndarray:
        return _equally_many(cell_N, np.ones(len(cell_N), bool), most, one_of)

    return rule


def balanced_part(most: int) -> TestRule:
    """Return a rule that tests equally many images of every cell of the archive's test part.

    Args:
        most: images per cell.
    """

    def rule(cell_N: np.ndarray, part_N: np.ndarray) -> np.ndarray:
        return _equally_many(cell_N, part_N == TEST, most, 1)

    return rule


def whole_part(cell_N: np.ndarray, part_N: np.ndarray) -> np.ndarray:
    """Test all of the archive's test part, as shipped."""
    return part_N == TEST


def _equally_many(cell_N: np.ndarray, allowed_N: np.ndarray, most: int, one_of: int) -> np.ndarray:
    cells, sizes = np.unique(cell_N[allowed_N], return_counts=True)
    each = min(most, max(1, int(sizes.min(initial=most * one_of)) // one_of))
    # One fixed draw, whatever the run's seed: runs with different seeds share one test set.
    order_N = numpy_stream(0, "test-of-found-groups").permutation(len(cell_N))
    tested_N = np.zeros(len(cell_N), bool)
    for cell in cells:
        tested_N[order_N[(cell_N == cell)[order_N] & allowed_N[order_N]][:each]] = True
    return tested_N


def annotated_loader(
    card: Callable[[], DatasetCard], read: Reader, test_rule: TestRule
) -> Callable[[DataSpec, int, Path], Split]:
    """Return a loader of images whose groups are found.

    Args:
        card: returns the data set's card.
        read: reads images and attributes from the data folder.
        test_rule: which images are tested.
    """

    def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
        images = read(data_dir, None)
        label, groups = card().chosen(spec)
        names = card().attributes
        wanted = [images.values[name] for name in (label, *groups)]
        usable_N = np.all([column >= 0 for column in wanted], axis=0) & (images.store.index["error"] == "")
        rows_N = np.flatnonzero(usable_N)
        if not len(rows_N):
            raise UserError("data.dataset", f"images with {label} and {', '.join(groups)}", "none")
        y_N, *columns = (column[rows_N] for column in wanted)
        a_N, group_names = columns[0], names[groups[0]]
        if len(columns) > 1:
            a_N, group_names = cross(columns, [names[name] for name in groups])
        part_N = np.zeros(len(rows_N), np.int64) if images.part_N is None else images.part_N[rows_N]
        tested_N = test_rule(y_N * len(group_names) + a_N, part_N)
        cut = Cut(images.store.x_NCHW, rows_N, y_N, a_N, names[label], group_names)
        return cut.split(~tested_N & (part_N == TRAIN), tested_N, spec, seed)

    return load


@dataclass(frozen=True)
class Cut:
    """The usable images of a data set, with one label and one group each.

    Attributes:
        x_NCHW: all images.
        rows_N: those that are usable; ``y_N`` and ``a_N`` belong to them.
        y_N, a_N: int64 class and group indices.
        class_names, group_names: in index order.
    """

    x_NCHW: np.ndarray
    rows_N: np.ndarray
    y_N: np.ndarray
    a_N: np.ndarray
    class_names: tuple[str, ...]
    group_names: tuple[str, ...]

    def split(self, train_N: np.ndarray, test_N: np.ndarray, spec: DataSpec, seed: int) -> Split:
        """Return training and test set with the skew and the separation of ``spec``.

        Args:
            train_N: bool, which images may be trained on.
            test_N: bool, which are tested.
            spec: how biased.
            seed: of the run.

        Raises:
            UserError: no images to train on or to test, or a skew that cannot be reached.
        """
        for name, part_N in (("train on", train_N), ("test", test_N)):
            if not part_N.any():
                raise UserError("data.dataset", f"images to {name}", f"none among {len(self.rows_N)}")
        chosen = kept = np.flatnonzero(train_N)
        if spec.skew is not None:
            rng = numpy_stream(seed, "data", "train")
            y_N, a_N = self.y_N[chosen], self.a_N[chosen]
            kept = chosen[subsample(y_N, a_N, len(self.group_names), spec.skew, self.class_names, rng)]
        table_GCL = tint_table(len(self.group_names), spec.separation)
        train = self._dataset(kept, table_GCL)
        dropped_CG = self._counts(chosen) - self._counts(kept)
        return Split(train, self._dataset(np.flatnonzero(test_N), table_GCL), dropped_CG)

    def _dataset(self, chosen: np.ndarray, table_GCL: np.ndarray | None) -> GroupedDataset:
        rows = ImageRows(self.x_NCHW, self.rows_N[chosen], table_GCL, self.a_N[chosen])
        return GroupedDataset(
            x_NCHW=cast(np.ndarray, rows),  # it has all that is asked of images: shape, length and rows
            y_N=self.y_N[chosen],
            a_N=self.a_N[chosen],
            class_names=self.class_names,
            group_names=self.group_names,
        )

    def _counts(self, chosen: np.ndarray) -> np.ndarray:
        shape = (len(self.class_names), len(self.group_names))
        cell_N = self.y_N[chosen] * shape[1] + self.a_N[chosen]
        return np.bincount(cell_N, minlength=shape[0] * shape[1]).reshape(shape)
