"""Turning any set of grey, centred shapes into a coloured, skewed one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.bias.separation import PALETTE, Place, colorize, pick_palette, separated
from fairdd_core.data.bias.skew import assign_groups
from fairdd_core.data.card import DataFile, DatasetCard
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.rng import numpy_stream


@dataclass(frozen=True)
class Shapes:
    """What is known about a set of grey shapes before it is coloured.

    Attributes:
        title, source, licence, ethics, size: as on the card.
        what: what the images show, to begin a sentence with.
        thing: what an image shows, e.g. ``digit``.
        side: height and width after padding.
        class_names: in index order.
        read: reads the images from the data folder.
        test_each_once: whether a test image is tested in one colour, as published, or in every colour.
        mirrored, files, fetch, torchvision: as on the card.
    """

    title: str
    source: str
    licence: str
    ethics: str
    size: str
    what: str
    thing: str
    side: int
    class_names: tuple[str, ...]
    read: Callable[[Path], GreySource]
    test_each_once: bool
    mirrored: bool = False
    files: tuple[DataFile, ...] = ()
    fetch: str = ""
    torchvision: str = ""


@dataclass(frozen=True)
class GreySource:
    """Grey training and test images, uint8 (N, H, W), bright on black, with class indices int64 (N,)."""

    train_NHW: np.ndarray
    train_y_N: np.ndarray
    test_NHW: np.ndarray
    test_y_N: np.ndarray
    class_names: tuple[str, ...]


def test_in_every_colour(
    y_N: np.ndarray, groups: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pair every test image with every group, so that groups differ in nothing but colour."""
    return np.repeat(np.arange(len(y_N)), groups), np.tile(np.arange(groups), len(y_N))


def test_in_one_colour(
    y_N: np.ndarray, groups: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give every test image one group, equally many of each in every class (the published protocol)."""
    return np.arange(len(y_N)), assign_groups(y_N, groups, 1 / groups, rng)


TestRule = Callable[[np.ndarray, int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def coloured_loader(
    read: Callable[[Path], GreySource], place: Place, test_rule: TestRule
) -> Callable[[DataSpec, int, Path], Split]:
    """Return a loader that colours what ``read`` finds.

    Args:
        read: reads the grey images from the data folder.
        place: what is coloured.
        test_rule: which image is tested in which group.
    """

    def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
        source, skew = read(data_dir), 1 / spec.groups if spec.skew is None else spec.skew
        palette = pick_palette(spec.groups)
        colors_GC = separated(np.array([rgb for _, rgb in palette], float), spec.separation)
        a_N = assign_groups(source.train_y_N, spec.groups, skew, numpy_stream(seed, "data", "train"))
        index_N, b_N = test_rule(source.test_y_N, spec.groups, numpy_stream(seed, "data", "test"))

        def grouped(grey_NHW: np.ndarray, y_N: np.ndarray, groups_N: np.ndarray) -> GroupedDataset:
            return GroupedDataset(
                x_NCHW=colorize(grey_NHW, colors_GC, groups_N, place),
                y_N=y_N,
                a_N=groups_N,
                class_names=source.class_names,
                group_names=tuple(name for name, _ in palette),
                group_colors=tuple(rgb for _, rgb in palette),
            )

        train = grouped(source.train_NHW, source.train_y_N, a_N)
        return Split(train, grouped(source.test_NHW[index_N], source.test_y_N[index_N], b_N))

    return load


def coloured_card(shapes: Shapes, place: Place) -> DatasetCard:
    """Return the card of shapes that are coloured, or stand before a coloured ground."""
    inked = place == "foreground"
    one = f"Each test {shapes.thing} has one colour, and every colour is equally frequent in every class."
    every = f"Each test {shapes.thing} is shown in every colour, so all cells are equally large."
    return DatasetCard(
        title=f"{shapes.title} ({shapes.thing if inked else 'background'} coloured)",
        summary=f"{shapes.what} {'drawn in' if inked else 'in black on'} one colour per group; most of each "
        "class has the same colour, so colour gives the class away.",
        source=shapes.source,
        licence=shapes.licence,
        ethics=shapes.ethics,
        size=shapes.size,
        test_set=one if shapes.test_each_once else every,
        separation="0: all groups have the same mean colour. 1: the ten published colours.",
        side=shapes.side,
        class_names=shapes.class_names,
        load=coloured_loader(
            shapes.read, place, test_in_one_colour if shapes.test_each_once else test_in_every_colour
        ),
        max_groups=len(PALETTE),
        mirrored=shapes.mirrored,
        files=shapes.files,
        fetch=shapes.fetch,
        torchvision=shapes.torchvision,
    )
