"""Classes, groups, and the division into training and test images; warnings about cells of few images."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from fairdd_core.data.bias.crossing import cross
from fairdd_core.data.custom.names import SPLITS, listed, natural_key
from fairdd_core.data.custom.options import MAX_CLASSES, MAX_GROUPS, TRUSTED_TEST, TRUSTED_TRAIN, Options
from fairdd_core.data.custom.problems import Problems
from fairdd_core.rng import numpy_stream
from fairdd_core.units import counted


@dataclass(frozen=True)
class Cells:
    """Class, group and part of every image of a set.

    Attributes:
        y_N, a_N: class and group indices, int64.
        test_N: bool, the test images.
        class_names, group_names: in index order.
    """

    y_N: np.ndarray = field(repr=False)
    a_N: np.ndarray = field(repr=False)
    test_N: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]
    group_names: tuple[str, ...]

    def counts_CG(self, *, test: bool) -> np.ndarray:
        """Return the images of every (class, group) cell, int64 (C, G)."""
        counts = np.zeros((len(self.class_names), len(self.group_names)), np.int64)
        chosen = self.test_N == test
        np.add.at(counts, (self.y_N[chosen], self.a_N[chosen]), 1)
        return counts


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Sort names without repetition: by value where all are numbers, else as words with g2 before g10."""
    distinct = set(names)
    try:
        numbers = {name: float(name) for name in distinct}
    except ValueError:
        numbers = {}
    if numbers and all(map(math.isfinite, numbers.values())):
        return tuple(sorted(distinct, key=lambda name: (numbers[name], name)))
    return tuple(sorted(distinct, key=natural_key))


def indices(names: Iterable[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the index of each name in the sorted names, int64 (N,), and these."""
    column = list(names)
    known = ordered(column)
    place = {name: i for i, name in enumerate(known)}
    return np.array([place[name] for name in column], np.int64), known


def cells_of(rows: pd.DataFrame, options: Options, problems: Problems) -> Cells | None:
    """Return the cells of a set; None unless it has at least two classes and groups and not too many.

    Args:
        rows: one per image, with ``label``, ``groups`` and ``split``.
        options: for the draw of the test images.
        problems: whatever is wrong is added here.
    """
    y_N, class_names = indices(rows["label"])
    columns = [indices(column) for column in zip(*rows["groups"], strict=True)] if len(rows) else []
    a_N, group_names = cross(*zip(*columns, strict=True)) if columns else (y_N, ())
    few = "two are needed to compare groups across classes"
    for what, names, most in (
        ("class", class_names, MAX_CLASSES),
        ("group", group_names, MAX_GROUPS),
    ):
        if len(names) == 1:
            problems.add("classes", f"All images have one {what}, {names[0]!r}; {few}.")
        elif len(names) > most:
            text = f"There are {len(names):,} {what}{'es' if what == 'class' else 's'}; {most} are allowed."
            problems.add("classes", f"{text} Is this the right column?")
        elif not names and (not problems.fatal or problems.only_of_images):
            problems.add("classes", "No image is left that could be used.")
    for column in (rows["label"], *zip(*rows["groups"], strict=True)):
        _note_spellings(column, problems)
    if len(set(group_names)) < len(group_names):
        problems.add("classes", "Two combinations of groups would have the same name; rename one of them.")
    if not (1 < len(class_names) <= MAX_CLASSES and 1 < len(group_names) <= MAX_GROUPS):
        return None
    split = rows["split"].to_numpy(str)
    if (split == "").all():
        test_N = drawn_test(y_N * len(group_names) + a_N, options.test_share, options.seed)
    else:
        test_N = split == SPLITS[1]
    cells = Cells(y_N, a_N, test_N, class_names, group_names)
    _check_sizes(cells, problems)
    return cells


def _note_spellings(column: Iterable[str], problems: Problems) -> None:
    """Note names that differ in capitals only, and numbers that are written in several ways."""
    alike = defaultdict[tuple[str, object], set[str]](set)
    for name in set(column):
        alike["differ in capitals only", name.casefold()].add(name)
        try:
            alike["are one number", float(name)].add(name)
        except ValueError:
            continue
    for (why, _), names in sorted(alike.items(), key=lambda item: min(item[1])):
        if len(names) > 1:
            known = listed(ordered(names), 6)
            text = f"{known} {why}; each is a class or group of its own."
            problems.add("spelling", text)


def drawn_test(cell_N: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Draw the test images: the rounded share of every cell, but never all and, of two or more, never none.

    A cell's draw does not depend on the other cells.

    Args:
        cell_N: int (N,), the cell of each image.
        share: of every cell.
        seed: of the draw.

    Returns:
        bool (N,).
    """
    test_N = np.zeros(len(cell_N), bool)
    for cell in np.unique(cell_N):
        members = np.flatnonzero(cell_N == cell)
        n = len(members)
        if n > 1:
            wanted = min(max(round(share * n), 1), n - 1)
            stream = numpy_stream(seed, "own", "split", int(cell))
            test_N[stream.permutation(members)[:wanted]] = True
    return test_N


def _check_sizes(cells: Cells, problems: Problems) -> None:
    """Report cells that are empty or small, and classes without training or test images."""
    train_CG, test_CG = cells.counts_CG(test=False), cells.counts_CG(test=True)
    for part, counts_CG, trusted in (("training", train_CG, TRUSTED_TRAIN), ("test", test_CG, TRUSTED_TEST)):
        for c, name in enumerate(cells.class_names):
            if counts_CG[c].sum() == 0:
                problems.add("classes", f"Class {name!r} has no {part} images.")
                continue
            for g, group in enumerate(cells.group_names):
                n = int(counts_CG[c, g])
                where = f"of class {name!r}, group {group!r}"
                if n == 0:
                    problems.add("empty-cell", f"No {part} image {where}{_consequence(part, n)}.")
                elif n < trusted:
                    text = f"Only {counted(n, f'{part} image')} {where}{_consequence(part, n)}."
                    problems.add("small-cell", text)


def _consequence(part: str, n: int) -> str:
    if part == "training":
        return (
            ": its mean describes these images rather than the group" if n else ": nothing to learn it from"
        )
    if n == 0:
        return ": its rate is undefined, and gaps leave it out"
    # The widest 95 % interval of a share, that of one half.
    return f": a rate near 50 % is known to within ±{min(50, round(98 / math.sqrt(n)))} points"
