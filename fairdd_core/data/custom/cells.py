"""Classes, groups and the division into training and test, and what to say about cells of few images."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from fairdd_core.data.bias.crossing import cross
from fairdd_core.data.custom.options import MAX_CLASSES, MAX_GROUPS, TRUSTED_TEST, TRUSTED_TRAIN, Options
from fairdd_core.data.custom.problems import Problems, counted
from fairdd_core.data.custom.samples import SPLITS
from fairdd_core.rng import numpy_stream


@dataclass(frozen=True)
class Cells:
    """Where every image of a set belongs.

    Attributes:
        y_N, a_N: class and group indices, int64.
        test_N: whether an image is for the test.
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
    """Sort names without repetition: by value where all are numbers, else as words."""
    distinct = set(names)
    numbers = {name: _number(name) for name in distinct}
    if all(math.isfinite(number) for number in numbers.values()):
        return tuple(sorted(distinct, key=lambda name: (numbers[name], name)))
    return tuple(sorted(distinct, key=lambda name: (name.casefold(), name)))


def _number(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return math.nan


def indices(names: Iterable[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the index of each name in the sorted names, int64 (N,), and these."""
    column = list(names)
    known = ordered(column)
    place = {name: i for i, name in enumerate(known)}
    return np.array([place[name] for name in column], np.int64), known


def cells_of(rows: pd.DataFrame, options: Options, problems: Problems) -> Cells | None:
    """Return the cells of a set; None when it has no two classes and two groups, or far too many.

    Args:
        rows: one per image, with ``label``, ``groups`` and ``split``.
        options: for the draw of the test images.
        problems: what is wrong is added here.
    """
    y_N, class_names = indices(rows["label"])
    columns = [indices(column) for column in zip(*rows["groups"], strict=True)] if len(rows) else []
    a_N, group_names = cross(*zip(*columns, strict=True)) if columns else (y_N, ())
    few = "the explorer compares how groups fare across classes"
    for what, names, most in (
        ("class", class_names, MAX_CLASSES),
        ("group", group_names, MAX_GROUPS),
    ):
        if len(names) == 1:
            problems.add("classes", f"All images have one {what}, {names[0]!r}; {few}.")
        elif len(names) > most:
            text = f"There are {len(names):,} {what}{'es' if what == 'class' else 's'}; {most} are allowed."
            problems.add("classes", f"{text} Is this the right column?")
        elif not names and not problems.fatal:
            problems.add("classes", "No image is left that could be used.")
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
    _judge(cells, problems)
    return cells


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


def _judge(cells: Cells, problems: Problems) -> None:
    """Say which cells are empty or too small, and refuse a class that cannot be learnt or tested."""
    train_CG, test_CG = cells.counts_CG(test=False), cells.counts_CG(test=True)
    for part, counts_CG, trusted in (("training", train_CG, TRUSTED_TRAIN), ("test", test_CG, TRUSTED_TEST)):
        for c, name in enumerate(cells.class_names):
            if counts_CG[c].sum() == 0:
                problems.add("classes", f"Class {name!r} has no {part} images.")
                continue
            for g, group in enumerate(cells.group_names):
                n = int(counts_CG[c, g])
                where = f"class {name!r}, group {group!r}"
                if n == 0:
                    problems.add("empty-cell", f"No {part} image of {where}{_empty(part)}.")
                elif n < trusted:
                    problems.add(
                        "small-cell", f"Only {counted(n, f'{part} image')} of {where}{_few(n, part)}."
                    )


def _empty(part: str) -> str:
    return (
        ": its rate is undefined, and gaps leave it out" if part == "test" else ": nothing to learn it from"
    )


def _few(n: int, part: str) -> str:
    if part == "training":
        return ": its mean says more about these images than about the group"
    # The widest 95 % interval of a share, that of one half.
    return f": a rate near 50 % is known to within ±{min(50, round(98 / math.sqrt(n)))} points"
