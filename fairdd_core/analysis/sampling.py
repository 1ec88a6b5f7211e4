"""How the test of one network can be drawn again, and its predictions dealt to the groups at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

CHUNK_BYTES = 64 * 2**20


class Sample(Protocol):
    """The predictions of one network for the test images.

    Attributes:
        counts_GCC: counts (group, true class, predicted class).
    """

    @property
    def counts_GCC(self) -> np.ndarray: ...  # noqa: D102 - see the class

    def resampled(self, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield the counts of ``resamples`` tests with other images, in chunks (B', G, C, C)."""

    def dealt(self, deals: int, rng: np.random.Generator) -> np.ndarray:
        """Return counts (B, G, C, C) with the predictions dealt to the groups at random."""


@dataclass(frozen=True)
class Cells:
    """A test in which every image is shown in one group, known by its counts.

    Attributes:
        counts_GCC: counts (group, true class, predicted class).
        independent: False when every picture is shown in every group but its predictions are unknown: cells
            count as independent then, which widens intervals, and nothing can be dealt.
    """

    counts_GCC: np.ndarray
    independent: bool = True

    def resampled(self, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield counts of tests whose images are drawn within every cell, in chunks (B', G, C, C)."""
        n_GC = self.counts_GCC.sum(axis=-1)
        share_GCC = smoothed(self.counts_GCC)
        for size in _chunks(resamples, 8 * self.counts_GCC.size):
            yield rng.multinomial(n_GC, share_GCC, size=(size, *n_GC.shape))

    def dealt(self, deals: int, rng: np.random.Generator) -> np.ndarray:
        """Return counts (B, G, C, C) with the predictions of each true class dealt to the groups."""
        groups, _, classes = self.counts_GCC.shape
        left_BCC = np.repeat(self.counts_GCC.sum(axis=0)[None], deals, axis=0)
        result_BGCC = np.zeros((deals, *self.counts_GCC.shape), np.int64)
        for g in range(groups):
            wanted_BC = np.repeat(self.counts_GCC[g].sum(axis=-1)[None], deals, axis=0)
            pool_BC = left_BCC.sum(axis=-1)
            for p in range(classes):
                good_BC = left_BCC[:, :, p]
                pool_BC = pool_BC - good_BC
                drawn_BC = rng.hypergeometric(good_BC, pool_BC, wanted_BC)
                result_BGCC[:, g, :, p] = drawn_BC
                wanted_BC = wanted_BC - drawn_BC
            left_BCC = left_BCC - result_BGCC[:, g]
        return result_BGCC


@dataclass(frozen=True)
class Pictures:
    """A test that shows every picture in every group, so that its images come in sets of G.

    Attributes:
        predicted_PG: predicted class of every picture in every group.
        y_P: its true class.
        classes: C.
    """

    predicted_PG: np.ndarray
    y_P: np.ndarray
    classes: int

    @property
    def counts_GCC(self) -> np.ndarray:
        """Counts (group, true class, predicted class)."""
        return self._count(self.predicted_PG, self.y_P)

    def resampled(self, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield counts of tests whose pictures are drawn within every class, in chunks (B', G, C, C).

        Smoothed as cells are, by one pseudo-picture per class with a uniformly drawn prediction in every
        group. Where no picture at all is answered differently in two groups, neither is that one.
        """
        groups, classes = self.predicted_PG.shape[1], self.classes
        alike = bool((self.predicted_PG == self.predicted_PG[:, :1]).all())
        by_class = [
            np.eye(classes, dtype=np.float32)[self.predicted_PG[self.y_P == c]] for c in range(classes)
        ]
        largest = max(groups * classes**2, *map(len, by_class))
        for size in _chunks(resamples, 8 * largest):
            counts_BGCC = np.zeros((size, groups, classes, classes), np.int64)
            for c, hot_PGC in enumerate(by_class):
                images = len(hot_PGC)
                drawn_BP = rng.multinomial(images, np.full(images + 1, 1 / (images + 1)), size=size)
                real_BX = drawn_BP[:, :-1].astype(np.float32) @ hot_PGC.reshape(images, groups * classes)
                pseudo_BG = np.repeat(drawn_BP[:, -1:], 1 if alike else groups, axis=1)
                pseudo_BGC = rng.multinomial(pseudo_BG, np.full(classes, 1 / classes))
                counts_BGCC[:, :, c] = real_BX.reshape(size, groups, classes) + pseudo_BGC
            yield counts_BGCC

    def dealt(self, deals: int, rng: np.random.Generator) -> np.ndarray:
        """Return counts (B, G, C, C) with the predictions of each picture dealt to its groups."""
        mixed_P = (self.predicted_PG != self.predicted_PG[:, :1]).any(axis=1)
        fixed_GCC = self._count(self.predicted_PG[~mixed_P], self.y_P[~mixed_P])
        mixed_PG, y_P = self.predicted_PG[mixed_P], self.y_P[mixed_P]
        draws = [self._count(rng.permuted(mixed_PG, axis=1), y_P) for _ in range(deals)]
        return np.asarray(np.stack(draws) + fixed_GCC)

    def _count(self, predicted_PG: np.ndarray, y_P: np.ndarray) -> np.ndarray:
        groups, classes = predicted_PG.shape[1], self.classes
        cell_PG = (np.arange(groups) * classes + y_P[:, None]) * classes + predicted_PG
        return np.bincount(cell_PG.ravel(), minlength=groups * classes**2).reshape(groups, classes, classes)


def is_crossed(y_N: np.ndarray, a_N: np.ndarray, groups: int) -> bool:
    """Return whether the test images are pictures shown in every group, one after another.

    That is how loaders arrange a crossed test: picture 0 in group 0, 1, …, then picture 1.

    Args:
        y_N: class of every test image.
        a_N: its group.
        groups: G.
    """
    if groups < 2 or not len(y_N) or len(y_N) % groups:
        return False
    y_PG, a_PG = y_N.reshape(-1, groups), a_N.reshape(-1, groups)
    return bool((a_PG == np.arange(groups)).all() and (y_PG == y_PG[:, :1]).all())


def crossed_samples(counts_KGCC: np.ndarray, predicted_KN: np.ndarray, y_N: np.ndarray) -> list[Pictures]:
    """Return the crossed test of every network.

    Args:
        counts_KGCC: counts (network, group, true class, predicted class).
        predicted_KN: predicted class of every image of a crossed test (see ``is_crossed``).
        y_N: its true class.

    Raises:
        ValueError: when the predictions do not give the counts.
    """
    _, groups, classes, _ = counts_KGCC.shape
    y_P = np.asarray(y_N, np.int64)[::groups]
    if predicted_KN.shape != (len(counts_KGCC), groups * len(y_P)):
        raise ValueError("another number of predictions than of test images")
    pictures = [Pictures(row_N.reshape(-1, groups).astype(np.int64), y_P, classes) for row_N in predicted_KN]
    if not np.array_equal([sample.counts_GCC for sample in pictures], counts_KGCC):
        raise ValueError("the predictions do not give the counts")
    return pictures


def smoothed(counts_GCC: np.ndarray) -> np.ndarray:
    """Return shares over predicted classes with a pseudo-image per cell, so that no cell is free of noise."""
    share_GCC: np.ndarray = counts_GCC + 1 / counts_GCC.shape[-1]
    share_GCC /= share_GCC.sum(axis=-1, keepdims=True)
    return share_GCC


def _chunks(resamples: int, draw_bytes: int) -> Iterator[int]:
    """Yield sizes that add up to the resamples and stay small in memory."""
    chunk = max(1, CHUNK_BYTES // draw_bytes)
    yield from (min(chunk, resamples - start) for start in range(0, resamples, chunk))
