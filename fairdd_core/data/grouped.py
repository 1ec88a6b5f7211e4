"""Images with a class and a group each: the form of every data set in this library."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from fairdd_core.errors import UserError

RGB = tuple[int, int, int]
COUNTED_TOGETHER = 4096
MAX_COUNTED = 65_536
"""Most images that a normalisation is computed from."""


@dataclass(frozen=True)
class Normalisation:
    """Per-channel mean and standard deviation of a training set, in [0, 1] units."""

    mean_C: tuple[float, ...]
    std_C: tuple[float, ...]

    def apply(self, x_NCHW: np.ndarray) -> np.ndarray:
        """Return ``(x / 255 − mean) / std`` as float32 for uint8 images (N, C, H, W)."""
        return self.from_levels(x_NCHW.astype(np.float32) / 255.0)

    def invert(self, x_NCHW: np.ndarray) -> np.ndarray:
        """Return the uint8 images (N, C, H, W) nearest to normalised float ones, clipped to [0, 255]."""
        levels = np.nan_to_num(self.to_levels(x_NCHW) * 255.0)  # images of a diverged run are shown too
        return np.asarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))

    def from_levels(self, levels_NCHW: np.ndarray) -> np.ndarray:
        """Return images in units of [0, 1] normalised, as float32."""
        mean, std = self._shaped()
        return np.asarray(((levels_NCHW - mean) / std).astype(np.float32))

    def to_levels(self, x_NCHW: np.ndarray) -> np.ndarray:
        """Return normalised images in units of [0, 1], beyond which their pixels may lie."""
        mean, std = self._shaped()
        return np.asarray(x_NCHW * std + mean)

    def metadata(self) -> dict[str, str]:
        """Return it as the metadata of a file of normalised images state it."""
        return {"mean": json.dumps(self.mean_C), "std": json.dumps(self.std_C)}

    def _shaped(self) -> tuple[np.ndarray, np.ndarray]:
        return tuple(np.asarray(v, np.float32)[None, :, None, None] for v in (self.mean_C, self.std_C))  # type: ignore[return-value]


@dataclass(frozen=True)
class GroupedDataset:
    """Labelled images with a protected group each.

    Attributes:
        x_NCHW: uint8 RGB images; an array, or an ``ImageRows``, which reads them on access.
        y_N: int64 class indices.
        a_N: int64 group indices.
        class_names, group_names: names for people, in index order.
        group_colors: RGB colour of each group for plots; empty when groups have no colour.
        known_N: bool, whether the group of an image is known to methods; None when all are. Methods must not
            read ``a_N`` where it is False: use ``column_N``.
        fixed_normalisation: replaces the channel statistics; None for those of the images.
    """

    x_NCHW: np.ndarray = field(repr=False)
    y_N: np.ndarray = field(repr=False)
    a_N: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]
    group_names: tuple[str, ...]
    group_colors: tuple[RGB, ...] = ()
    known_N: np.ndarray | None = field(default=None, repr=False)
    fixed_normalisation: Normalisation | None = None

    def __post_init__(self) -> None:
        x, y, a = self.x_NCHW, self.y_N, self.a_N
        if x.dtype != np.uint8 or x.ndim != 4 or x.shape[1] != 3:
            raise UserError("dataset.x_NCHW", "uint8 images of shape (N, 3, H, W)", f"{x.dtype} {x.shape}")
        if not len(x) == len(y) == len(a):
            raise UserError("dataset", "as many labels and groups as images", (len(x), len(y), len(a)))
        if len(y) == 0:
            raise UserError("dataset", "at least one image", "none")
        for name, index, names in (("y_N", y, self.class_names), ("a_N", a, self.group_names)):
            if index.min() < 0 or index.max() >= len(names):
                raise UserError(f"dataset.{name}", f"indices below {len(names)}", (index.min(), index.max()))
        if self.known_N is not None and (self.known_N.dtype != bool or self.known_N.shape != y.shape):
            raise UserError("dataset.known_N", f"bool of shape {y.shape}", self.known_N.shape)

    def __len__(self) -> int:
        return len(self.y_N)

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.class_names)

    @property
    def num_groups(self) -> int:
        """G."""
        return len(self.group_names)

    @property
    def has_unknown(self) -> bool:
        """Whether some image's group is unknown."""
        return self.known_N is not None and not self.known_N.all()

    @property
    def columns(self) -> int:
        """G, or G + 1 when some groups are unknown: the images of unknown group are the last column."""
        return self.num_groups + self.has_unknown

    @property
    def column_N(self) -> np.ndarray:
        """Group of every image, or G where it is unknown; int64 (N,)."""
        return self.a_N if self.known_N is None else np.where(self.known_N, self.a_N, self.num_groups)

    def counts_CG(self, unknown: bool = False) -> np.ndarray:
        """Return the number of images of known group in every (class, group) cell, int64 (C, G).

        Args:
            unknown: add the column of images of unknown group, if there are any: (C, ``columns``).
        """
        size = (self.num_classes, self.num_groups + 1)
        cell_N = self.y_N * size[1] + self.column_N
        counts = np.bincount(cell_N, minlength=size[0] * size[1]).reshape(size)
        return counts[:, : self.columns if unknown else self.num_groups]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the images and the labels, without groups: all that training on them depends on."""
        digest = hashlib.sha256(f"{self.x_NCHW.shape} {self.num_classes}\n".encode())
        digest.update(self.y_N.astype("<i8").tobytes())
        for start in range(0, len(self), COUNTED_TOGETHER):
            digest.update(np.ascontiguousarray(self.x_NCHW[start : start + COUNTED_TOGETHER]).tobytes())
        return digest.hexdigest()

    def _levels(self) -> np.ndarray:
        """Return how often each channel has each of the 256 levels, int64 (3, 256).

        Counts in blocks, because counting makes a copy eight times as large, and at most ``MAX_COUNTED``
        images, spread evenly over the set.
        """
        counts = np.zeros((self.x_NCHW.shape[1], 256), np.int64)
        step = -(-len(self) // MAX_COUNTED)
        for start in range(0, len(self), COUNTED_TOGETHER * step):
            block = self.x_NCHW[start : start + COUNTED_TOGETHER * step : step]
            for channel in range(len(counts)):
                counts[channel] += np.bincount(block[:, channel].ravel(), minlength=256)
        return counts

    @cached_property
    def normalisation(self) -> Normalisation:
        """Channel statistics of these images, unless others are fixed."""
        if self.fixed_normalisation is not None:
            return self.fixed_normalisation
        # From the counts of the 256 levels: exact, and without a float copy of the images.
        levels = np.arange(256) / 255.0
        mean, std = [], []
        for counts in self._levels():
            share = counts / counts.sum()
            mu = float(share @ levels)
            mean.append(mu)
            std.append(max(float(np.sqrt(share @ (levels - mu) ** 2)), 1e-3))
        return Normalisation(tuple(mean), tuple(std))


@dataclass(frozen=True)
class Split:
    """A biased training set and a test set.

    Attributes:
        train, test: the two parts.
        dropped_CG: images of every (class, group) cell that were left out of the training set to reach the
            skew, int64 (C, G); None for synthetic groups, where none are.
        test_pictures: number of pictures that could be tested, of which ``test`` may have a draw, and each in
            several groups; None for annotated groups.
        content: digest of the data set that both are from, as it is on the disk; empty while it is unknown.
    """

    train: GroupedDataset
    test: GroupedDataset
    dropped_CG: np.ndarray | None = None
    test_pictures: int | None = None
    content: str = ""
