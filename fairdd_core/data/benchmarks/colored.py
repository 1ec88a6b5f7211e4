"""Grey, centred shapes whose group is a colour, on the shape or behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.benchmarks.torchvision_files import TrainTest
from fairdd_core.data.bias.separation import PALETTE, Place, colorize, pick_palette, separated
from fairdd_core.data.bias.skew import assign_groups
from fairdd_core.data.card import DatasetCard, Loader
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.rng import numpy_stream

Reader = Callable[[Path], TrainTest]


def colored_cards(
    name: str, read: Reader, *, title: str, what: str, thing: str, test_each_once: bool, **fields: Any
) -> dict[str, DatasetCard]:
    """Return two cards by their key: the shapes coloured (``NAME-fg``), and their background (``NAME-bg``).

    Args:
        name: begins the keys.
        read: reads the grey images from the data folder.
        title: of the shapes.
        what: what the images show, to begin a sentence with.
        thing: what one image shows, e.g. ``digit``.
        test_each_once: whether a test image is tested in one colour, as published, or in every colour.
        fields: the other fields of the cards.
    """
    one = f"Each test {thing} has one colour, and every colour is equally frequent in every class."
    every = f"Each test {thing} is shown in every colour, so all cells are equally large."

    def card(place: Place) -> DatasetCard:
        inked = place == "foreground"
        return DatasetCard(
            title=f"{title} ({thing if inked else 'background'} coloured)",
            summary=f"{what} {'drawn in' if inked else 'in black on'} one colour per group; most of each "
            "class has the same colour, so colour predicts the class.",
            test_set=one if test_each_once else every,
            crossed_test=not test_each_once,
            separation="0: all groups have the same mean colour. 1: the ten published colours.",
            load=_loader(read, place, fields["class_names"], test_each_once),
            max_groups=len(PALETTE),
            **fields,
        )

    return {f"{name}-fg": card("foreground"), f"{name}-bg": card("background")}


def _loader(read: Reader, place: Place, class_names: tuple[str, ...], test_each_once: bool) -> Loader:
    def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
        grey, skew, groups = read(data_dir), spec.skew or 1 / spec.groups, spec.groups
        palette = pick_palette(groups)
        colors_GC = separated(np.array([rgb for _, rgb in palette], float), spec.separation)
        a_N = assign_groups(grey.train_y_N, groups, skew, numpy_stream(seed, "data", "train"))
        if test_each_once:  # the published protocol
            index_N = np.arange(len(grey.test_y_N))
            b_N = assign_groups(grey.test_y_N, groups, 1 / groups, numpy_stream(seed, "data", "test"))
        else:  # groups differ in nothing but colour
            index_N = np.repeat(np.arange(len(grey.test_y_N)), groups)
            b_N = np.tile(np.arange(groups), len(grey.test_y_N))

        def grouped(grey_NHW: np.ndarray, y_N: np.ndarray, groups_N: np.ndarray) -> GroupedDataset:
            return GroupedDataset(
                x_NCHW=colorize(grey_NHW, colors_GC, groups_N, place),
                y_N=y_N,
                a_N=groups_N,
                class_names=class_names,
                group_names=tuple(name for name, _ in palette),
                group_colors=tuple(rgb for _, rgb in palette),
            )

        train = grouped(grey.train_x, grey.train_y_N, a_N)
        return Split(train, grouped(grey.test_x[index_N], grey.test_y_N[index_N], b_N))

    return load
