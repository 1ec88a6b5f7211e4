"""Two networks that classify the same test images, so that both can be tested on the same other images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fairdd_core.analysis.sampling import CHUNK_BYTES, is_crossed

Draws = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Pair:
    """The predictions of two networks for the same test images.

    Attributes:
        one_N, other_N: predicted class of each image.
        y_N: its true class.
        a_N: its group.
        groups, classes: G and C.
    """

    one_N: np.ndarray
    other_N: np.ndarray
    y_N: np.ndarray
    a_N: np.ndarray
    groups: int
    classes: int

    def resampled(self, resamples: int, rng: np.random.Generator) -> Iterator[Draws]:
        """Yield the counts of both networks for other test images, in chunks of twice (B', G, C, C).

        Images are drawn within every cell; where every picture is shown in every group, pictures within every
        class. An image that both networks classify correctly stays so, which is what makes differences
        precise. As in ``sampling``, a pseudo-image per stratum is classified at random by either network, so
        that few images never make a difference certain.

        Args:
            resamples: B.
            rng: source of the draws.
        """
        strata = list(self._strata())
        largest = max(len(rows_PS) for *_, rows_PS in strata)
        size = 8 * max(2 * self.groups * self.classes**2, largest)
        chunk = max(1, CHUNK_BYTES // size)
        for start in range(0, resamples, chunk):
            yield self._drawn(strata, min(chunk, resamples - start), rng)

    def _strata(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield class, groups (S,) and rows (P, S) of sets of images that are drawn together."""
        crossed = is_crossed(self.y_N, self.a_N, self.groups)
        for c in range(self.classes):
            if crossed:
                yield c, np.arange(self.groups), np.flatnonzero(self.y_N == c).reshape(-1, self.groups)
                continue
            for g in range(self.groups):
                yield c, np.array([g]), np.flatnonzero((self.y_N == c) & (self.a_N == g))[:, None]

    def _drawn(
        self, strata: list[tuple[int, np.ndarray, np.ndarray]], size: int, rng: np.random.Generator
    ) -> Draws:
        classes = self.classes
        drawn = np.zeros((2, size, self.groups, classes, classes), np.int64)
        for c, groups_S, rows_PS in strata:
            images = len(rows_PS)
            if not images:
                continue
            weights_BP = rng.multinomial(images, np.full(images + 1, 1 / (images + 1)), size=size)
            real_BP, pseudo_B1 = weights_BP[:, :-1].astype(np.float32), weights_BP[:, -1:]
            for side, predicted_N in enumerate((self.one_N, self.other_N)):
                predicted_PS = predicted_N[rows_PS]
                hot_PX = np.eye(classes, dtype=np.float32)[predicted_PS].reshape(images, -1)
                # Where no picture is classified differently in two groups, neither is the pseudo-image.
                alike = bool((predicted_PS == predicted_PS[:, :1]).all())
                pseudo_BS = np.repeat(pseudo_B1, 1 if alike else len(groups_S), axis=1)
                pseudo_BSC = rng.multinomial(pseudo_BS, np.full(classes, 1 / classes))
                real_BSC = (real_BP @ hot_PX).reshape(size, -1, classes).astype(np.int64)
                drawn[side][:, groups_S, c] = real_BSC + pseudo_BSC
        return drawn[0], drawn[1]
