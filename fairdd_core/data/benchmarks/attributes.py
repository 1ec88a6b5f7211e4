"""Faces that are annotated with attributes: any of them is the label, any others make the groups."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.annotated import AnnotatedSet
from fairdd_core.data.bias.crossing import cross
from fairdd_core.data.bias.separation import TINT
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.grouped import Split
from fairdd_core.data.image_store import ImageStore, Progress, never_build
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream

TRAIN, TEST, NEITHER = 0, 1, 2
SIDE = 64
SKEW = "Skew leaves images out of the training set until the largest group of each class has that share."
_ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class AnnotatedImages:
    """Images with all their attributes.

    Attributes:
        store: the resized images.
        values: attribute -> int64 (N,), indices into the card's names; -1 where there is no value.
        part_N: int64 (N,): ``TRAIN``, ``TEST`` or ``NEITHER``; None where the archive has no parts.
    """

    store: ImageStore
    values: Mapping[str, np.ndarray]
    part_N: np.ndarray | None = None


Reader = Callable[[Path, Progress | None], AnnotatedImages]
TestRule = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From the (class, group) cell (N,) and the part (N,) of usable images to bool (N,): the test images."""


def balanced_holdout(most: int, one_of: int = 3) -> TestRule:
    """Return a rule that tests equally many images of every cell and trains on the rest.

    Args:
        most: images per cell.
        one_of: at most one in so many images of the smallest cell is tested.
    """
    return lambda cell_N, part_N: _equally_many(cell_N, np.ones(len(cell_N), bool), most, one_of)


def balanced_part(most: int) -> TestRule:
    """Return a rule that tests equally many images, at most ``most``, of every cell of the test part."""
    return lambda cell_N, part_N: _equally_many(cell_N, part_N == TEST, most, 1)


def whole_part(cell_N: np.ndarray, part_N: np.ndarray) -> np.ndarray:
    """Test the whole test part of the archive."""
    return np.asarray(part_N == TEST)


def _equally_many(cell_N: np.ndarray, allowed_N: np.ndarray, most: int, one_of: int) -> np.ndarray:
    cells, sizes = np.unique(cell_N[allowed_N], return_counts=True)
    each = min(most, max(1, int(sizes.min(initial=most * one_of)) // one_of))
    # One fixed draw, whatever the run's seed: runs with different seeds share one test set.
    order_N = numpy_stream(0, "test-of-found-groups").permutation(len(cell_N))
    tested_N = np.zeros(len(cell_N), bool)
    for cell in cells:
        tested_N[order_N[(cell_N == cell)[order_N] & allowed_N[order_N]][:each]] = True
    return tested_N


def annotated_card(
    read: Reader, test_rule: TestRule, *, label: str, attributes: Mapping[str, tuple[str, ...]], **fields: Any
) -> DatasetCard:
    """Return the card of a set of faces.

    Args:
        read: reads images and attributes from the data folder.
        test_rule: decides which images are tested.
        label: the attribute that is usually predicted.
        attributes: attribute -> names of its values.
        fields: the other fields of the card.
    """

    def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
        images = read(data_dir, None)
        chosen, groups = card.chosen(spec)
        wanted = [images.values[name] for name in (chosen, *groups)]
        readable_N = images.store.samples["error"].to_numpy() == ""
        rows_N = np.flatnonzero(np.all([column >= 0 for column in wanted], axis=0) & readable_N)
        if not len(rows_N):
            raise UserError("data.dataset", f"images with {chosen} and {', '.join(groups)}", "none")
        y_N, *columns = (column[rows_N] for column in wanted)
        a_N, group_names = columns[0], attributes[groups[0]]
        if len(columns) > 1:
            a_N, group_names = cross(columns, [attributes[name] for name in groups])
        part_N = np.zeros(len(rows_N), np.int64) if images.part_N is None else images.part_N[rows_N]
        tested_N = test_rule(y_N * len(group_names) + a_N, part_N)
        names, content = (attributes[chosen], group_names), images.store.content
        usable = AnnotatedSet(images.store.x_NCHW, rows_N, y_N, a_N, *names, content=content)
        return usable.split(~tested_N & (part_N == TRAIN), tested_N, spec, seed)

    card = DatasetCard(
        load=load,
        prepare=read,
        content=lambda data_dir: read(data_dir, never_build).store.content,
        label=label,
        attributes=attributes,
        class_names=attributes[label],
        side=SIDE,
        separation=TINT,
        synthetic_groups=False,
        **fields,
    )
    return card


def image_names(folder: Path) -> Iterator[str]:
    """Yield the images under a folder, relative to it, in an order that does not depend on the disk."""
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_dir(follow_symlinks=False):
            yield from (f"{entry.name}/{name}" for name in image_names(Path(entry.path)))
        elif entry.name.lower().endswith(_ENDINGS):
            yield entry.name
